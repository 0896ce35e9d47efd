"""Records: where they come from, the working store, and the committed results."""
