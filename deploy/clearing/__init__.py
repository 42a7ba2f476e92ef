"""Clearing away what was published and is needed no more: gather what is so, choose, and remove what can be proven unused."""
