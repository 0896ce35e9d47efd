"""What each part of the box solver is worth: the profiles of ``benchmarks/ablation.json``, part by part."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

WHOLE, NAIVE = "whole", "naive program"
# intervals no longer than this share of the stake are closed
CLOSED = 1e-6


def parts_table(cases: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """A row for the whole solver, one without each of its parts, and one for a program that knows none of them.

    ``cases`` have ``found``: per variant gain, bound and seconds, or None where the part is not used, so that the
    whole solver is what runs. ``ArithmeticError`` if a variant's bound is below a gain that was found.
    """
    entries = pd.DataFrame([case["found"] for case in cases])
    names = [WHOLE, *(name for name in entries if name not in (WHOLE, NAIVE)), NAIVE]
    ends = {
        name: np.array(entries[name].fillna(entries[WHOLE]).tolist(), dtype=float).T
        for name in names
    }
    most = np.max([gain for gain, *_ in ends.values()], 0)
    for name, (_, bound, _) in ends.items():
        if (bound < most - 2 * CLOSED).any():
            raise ArithmeticError(f"the bound of {name!r} is below a gain that was found")
    return pd.DataFrame(
        {
            "without": "nothing" if name == WHOLE else name,
            "used on": entries[name].notna().sum(),
            **_beside(ends[name], ends[WHOLE]),
        }
        for name in names
    )


def _beside(variant: np.ndarray, whole: np.ndarray) -> dict[str, Any]:
    """A variant beside the whole solver; widths differ if by a tenth or more."""
    (gain, bound, seconds), (usual_gain, usual_bound, usual_seconds) = variant, whole
    width, usual = bound - gain, usual_bound - usual_gain
    apart = np.maximum(CLOSED, 0.1 * usual)
    return {
        "closed": (width <= CLOSED).sum(),
        "wider": (width > usual + apart).sum(),
        "narrower": (width < usual - apart).sum(),
        "smaller gain": (gain < usual_gain - CLOSED).sum(),
        "time": f"{np.exp(np.log(seconds / usual_seconds).mean()):.2f}",
    }


def openings_frame(cases: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Profiles of the game that makes verification hard: the gains without openings and with them, the bound."""
    rows = []
    for case in cases:
        if case["kind"] == "verification":
            gain, bound, _ = case["found"][WHOLE]
            without = (case["found"]["openings"] or case["found"][WHOLE])[0]
            rows.append((case["name"], case["radius"], without, gain, bound))
    return pd.DataFrame(rows, columns=["graph and bound D", "radius", "without", "with", "bound"])
