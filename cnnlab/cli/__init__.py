"""The command line: one module a group of commands, each a thin shell around the rooms below."""
