"""Records of runs in files of other programs and other machines, written and read."""
