"""Processes of our own side: the service under measurement, and what loads it."""
