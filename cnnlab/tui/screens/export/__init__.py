"""Runs as files: which format, where to, and with what in them."""
