"""Floor 2: fan-out within the process, of what was committed."""
