"""The launch form: a config under edit, what its run would take, and the ways to train it."""
