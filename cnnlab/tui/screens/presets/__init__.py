"""The screen of presets: all that can be trained, in words, published against measured."""
