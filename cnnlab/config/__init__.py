"""What a run is: pydantic models, presets and overrides, validated before anything starts.

Nothing here imports torch: names, help and defaults of everything a config can name are known
at once. What a component builds stands in its `target`, imported when it is used.
"""
