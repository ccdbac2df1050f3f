"""All that a user has made, as one file, over HTTP."""
