"""Figures of venues over HTTP."""
