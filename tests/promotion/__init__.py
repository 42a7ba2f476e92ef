"""Promotions: gates, releases that are kept, and the whole story over accounts."""
