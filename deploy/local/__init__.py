"""The local AWS: MiniStack in its own process and environment, started, found, reset and stopped; nothing else knows of it."""
