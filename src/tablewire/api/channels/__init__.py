"""Channels over HTTP."""
