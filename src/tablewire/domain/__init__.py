"""Floor 0: the rules of discovery, pure, with no I/O and no clock of their own."""
