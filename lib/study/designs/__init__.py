"""Designs: the presets, and the jobs of every experiment."""
