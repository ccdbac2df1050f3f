"""Deterministic simulation: the whole service in one process on virtual time, with all that can go wrong drawn from one seed."""
