"""The live screen: one run as it trains, and the keys that change its course."""
