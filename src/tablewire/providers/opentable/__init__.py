"""OpenTable: its calls, their shapes, and what they mean."""
