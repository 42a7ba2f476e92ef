"""The deployer: its rooms by themselves, and its stories on the local AWS."""
