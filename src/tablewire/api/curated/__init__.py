"""Curated lists over HTTP."""
