"""Rehearsals: stories of what can go wrong, each played for real on a stage of its own, to see whether the product keeps its word."""
