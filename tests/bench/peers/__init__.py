"""The usual stacks, as small honest applications to compare with."""
