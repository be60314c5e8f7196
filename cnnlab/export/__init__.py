"""Tables, plots and files out of the history."""
