"""Notify requests over HTTP."""
