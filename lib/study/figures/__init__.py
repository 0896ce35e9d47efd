"""Records and figures: what the book shows."""
