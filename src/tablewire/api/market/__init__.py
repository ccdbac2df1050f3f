"""Markets and buckets over HTTP."""
