"""How discovery is doing, over HTTP."""
