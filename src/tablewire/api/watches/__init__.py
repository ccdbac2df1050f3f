"""Interval watches over HTTP."""
