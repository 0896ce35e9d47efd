"""Running: many jobs on many processes, notebooks, the book."""
