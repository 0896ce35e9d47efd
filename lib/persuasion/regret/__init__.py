"""Regret, exactly: what a sender gains by its best deviation, anywhere or nearby.

``best_response`` is the best policy against the others' (Proposition 2), by one of several methods in ``anywhere``;
``certify`` brackets the regret of a whole profile, within a radius too: the lower bound is a deviation that was
found, the upper bound a proof. How ``nearby`` does it: actions that the receiver cannot take anywhere near are
eliminated (``elimination``), joint signals too rare to matter folded (``fold``); the rest become binaries
(``cells``) of a program with the convex hull of every joint signal (``hull``), relaxed first, then branched on.
Deviations come from fixing the receiver's actions, solving, and reading them again (``climb``). ``bracket`` keeps
what is known, ``search`` puts these in order. ``piece`` asks for less: the gain without a change of the receiver's
actions.

>>> from persuasion import Game, certify, no_revelation
>>> game = Game([0.7, 0.3], [[1, 0], [0, 1]], [[[0, 1], [0, 1]]], signals=2, name="prosecutor")
>>> certificate = certify(game, no_revelation(game), radius=1)
>>> certificate.holds(0.1), round(certificate.regret[1], 6)
(False, 0.6)
"""
