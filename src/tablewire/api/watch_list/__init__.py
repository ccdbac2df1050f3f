"""The hourly watch list over HTTP."""
