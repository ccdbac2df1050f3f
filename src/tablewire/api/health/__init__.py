"""Probes and figures over HTTP."""
