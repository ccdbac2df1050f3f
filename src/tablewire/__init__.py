"""Tablewire: a wire service for restaurant tables."""
