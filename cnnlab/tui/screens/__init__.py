"""One folder a screen, with its widgets and its style sheet beside it."""
