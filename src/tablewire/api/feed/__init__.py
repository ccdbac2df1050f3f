"""The feed and the live stream over HTTP."""
