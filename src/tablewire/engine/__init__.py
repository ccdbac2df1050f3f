"""Floor 3: what runs by itself."""
