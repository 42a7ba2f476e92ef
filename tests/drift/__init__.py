"""Drift: found by command and by schedule, told once, put back or accepted."""
