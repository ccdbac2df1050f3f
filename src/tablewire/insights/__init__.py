"""Floor 1: figures from what happened, pure, with no I/O and no clock of their own."""
