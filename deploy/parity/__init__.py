"""Parity: the same infrastructure in every environment, apart from what a field of the environment file explains."""
