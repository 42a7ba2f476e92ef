"""The deployer's rooms, each by itself: with recorded answers where the local AWS has no such behaviour, and in memory where it is quicker."""
