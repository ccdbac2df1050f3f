"""Alert events over HTTP."""
