"""Stress: faults, hostile input, extreme numbers, planted errors; ``make stress`` runs all of it at full size.

The tests run the same functions at a small size; what it found is ``measured.json``, which the book shows.
"""
