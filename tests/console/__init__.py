"""The console and the progress that it shows."""
