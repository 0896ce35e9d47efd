"""Two lawyers and a judge: the story of the book's first pages, with a verdict in between."""

from persuasion.model.game import Game


def two_lawyers(signals: int = 3) -> Game:
    """A prosecutor and a defence attorney investigate before a judge who may acquit, fine or imprison.

    States: innocent, negligent, guilty. The judge gains 1 by the fitting verdict, and loses more the further
    the verdict is from it. The prosecutor counts a fine as 0.6 of a prison sentence; the defence wants the
    opposite, but values a fine instead of prison more than an acquittal instead of a fine. So they do not play
    a game of constant sum, and both can lose from an investigation. Our example, not the paper's.

    Parameters
    ----------
    signals : signals of each lawyer; from 3 on full revelation is an equilibrium (Theorem 4)
    """
    judge = [[1.0, 0.2, -1.5], [-0.5, 1.0, 0.1], [-1.0, 0.3, 1.0]]
    prosecutor = [[0.0, 0.6, 1.0]] * 3
    defence = [[1.0, 0.7, 0.0]] * 3
    names = {
        "states": ["innocent", "negligent", "guilty"],
        "actions": ["acquittal", "fine", "prison"],
        "senders": ["prosecutor", "defence"],
    }
    prior = [0.5, 0.3, 0.2]
    return Game(prior, judge, [prosecutor, defence], signals, "two lawyers and a judge", names)
