"""What a finished run is good for: classify images, be evaluated again, be used elsewhere."""
