"""The record of all runs: one SQLite file that other programs can open too."""
