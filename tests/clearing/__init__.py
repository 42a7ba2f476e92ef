"""Clearing away what nothing needs any more: what is chosen, what is refused, and what is left to go back to."""
