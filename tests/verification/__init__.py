"""Verification: the checks that say whether a release does what it must."""
