"""Architectures: one module a family, chosen and described in `cnnlab.config.models`."""
