"""Two to eight runs beside each other: curves, figures, configs, classes."""
