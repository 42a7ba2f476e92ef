"""Nouns as words: goldens for samples, rules for everything."""
