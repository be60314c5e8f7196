"""Data sets: which are here, what is in them, and how augmentation changes them."""
