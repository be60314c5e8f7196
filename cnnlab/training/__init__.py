"""The engine: one run from its config to its ending, told as typed events."""
