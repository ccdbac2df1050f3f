"""Sessions of browsers: begun with a token, ended by logging out."""
