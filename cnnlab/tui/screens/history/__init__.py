"""The history: a table of all runs, to sort, filter, mark and change."""
