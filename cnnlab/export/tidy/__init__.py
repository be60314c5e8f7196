"""The rows of the history as tables, one kind of observation each."""
