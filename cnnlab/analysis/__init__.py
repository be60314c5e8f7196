"""What curves and results say."""
