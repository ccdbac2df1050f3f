"""Benchmarks: how fast the service is beside the usual stacks, in pairs on the same machine."""
