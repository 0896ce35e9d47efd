"""The paper's statements as code, a file each.

``jumps`` (Proposition 1), ``public_persuasion`` (Theorem 3), ``full_revelation`` (Theorem 4), ``win_lose``
(Theorem 5); the best-response program (Proposition 2) is :mod:`persuasion.regret`.
"""
