"""The ways back: recover, cancel, rollback, and following what somebody else began."""
