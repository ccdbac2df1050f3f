"""Resy, as it is on the wire."""
