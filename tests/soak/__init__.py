"""A soak: random sequences of everything that people, failures and other tools do to an environment, with what must always hold."""
