"""Constructions of proofs: the paper's (Theorems 3 to 5), and our own on verification and on many senders."""
