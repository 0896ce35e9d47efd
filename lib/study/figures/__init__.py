"""Figures and tables: from records to what the book shows."""
