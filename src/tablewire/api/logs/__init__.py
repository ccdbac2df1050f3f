"""Logs of what was done for users, over HTTP."""
