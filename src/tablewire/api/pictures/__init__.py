"""Pictures, over HTTP."""
