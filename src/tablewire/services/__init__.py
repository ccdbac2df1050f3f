"""What a request decides: a file a noun."""
