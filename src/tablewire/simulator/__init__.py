"""A make-believe city behind real wires."""
