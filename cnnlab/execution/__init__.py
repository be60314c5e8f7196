"""How runs are carried out: from a request to a recorded ending."""
