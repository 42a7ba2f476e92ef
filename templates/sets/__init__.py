"""Templates that StackSets roll out: one module each, a pure function of the tools account's environment, neutral of account and region."""
