"""Charts of figures: what is drawn, and who draws it."""
