"""The links of notifications over HTTP."""
