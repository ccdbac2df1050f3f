"""Floor 4: HTTP; it translates, it never decides."""
