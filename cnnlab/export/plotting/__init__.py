"""Plots for papers and reports, drawn with matplotlib, which only modules of this package know."""

import logging
import os
import sys
from contextlib import suppress

# Its notes, such as that its folder of settings cannot be written, or that it looks for fonts, are
# not for users of a command. Some come while it is imported.
logging.getLogger("matplotlib").setLevel(logging.ERROR)
logging.getLogger("fontTools").setLevel(logging.ERROR)

if "matplotlib" not in sys.modules and "MPLBACKEND" in os.environ:
    # A notebook tells all its processes to draw into it, by means that may not be installed here,
    # and matplotlib cannot be imported then. Nothing here draws on a screen.
    _backend = os.environ.pop("MPLBACKEND")
    import matplotlib

    os.environ["MPLBACKEND"] = _backend
    with suppress(ValueError):
        matplotlib.rcParams["backend"] = _backend
