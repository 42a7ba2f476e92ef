"""Promotion: a release that runs in one environment is carried to the next, once every gate holds; nothing is built again."""
