"""Who asks, as they see and change themselves."""
