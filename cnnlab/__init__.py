"""cnnlab: train image classifiers in the terminal, keep every run, compare honestly."""

__version__ = "0.1.0"
