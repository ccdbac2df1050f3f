"""Removing what is old, over HTTP."""
