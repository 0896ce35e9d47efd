"""The paper's statements as code, a file each, and our own on verification.

``jumps`` (Proposition 1), ``public_persuasion`` (Theorem 3), ``full_revelation`` (Theorem 4), ``win_lose``
(Theorem 5); the best-response program (Proposition 2) is :mod:`persuasion.regret`. Ours: ``verification`` (the game
of a graph, Theorem A), ``public_verification`` (Theorem B), ``subset_sums`` (Theorem E), ``normal_form``
(Theorem G), and ``audience``, the general reduction behind ``public_persuasion``.
"""
