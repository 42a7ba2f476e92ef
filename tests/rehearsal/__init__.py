"""Rehearsals: each story of `deploy/rehearsal` is a test, and so is what the stage is made of."""
