"""The paper's statements as code, a file each, and our own on verification.

``jumps`` (Proposition 1), ``public_persuasion`` (Theorem 3), ``full_revelation`` and ``garbling`` (Theorem 4),
``win_lose`` (Theorem 5); the best-response program (Proposition 2) is :mod:`persuasion.regret`. Ours:
``verification`` (the game of a graph), ``public_verification`` (the same through public persuasion),
``subset_sums`` (many senders count), ``normal_form`` (any game embeds), and ``audience``, the general reduction
behind ``public_persuasion``.
"""
