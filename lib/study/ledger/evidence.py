"""The tables that the claims about experiments are measured on, from the records of a preset."""

import functools
from functools import cached_property
from pathlib import Path

import pandas as pd

from study.designs.settings import Preset
from study.figures import frames
from study.figures.baselines import selections_frame
from study.figures.certificates import certificates_frame
from study.figures.starts import best_starts
from study.run.produce import produce


class Evidence:
    """Tables from the records of a preset, each made when it is first asked for, missing records computed.

    At the headline's tolerance, of games that all networks were tried on.
    """

    def __init__(self, preset: Preset, store: str | Path | None, workers: int | None) -> None:
        self._preset = preset
        self._records = functools.cache(lambda name: produce(preset, name, store, workers))

    def at(self, senders: int, search: int = 0) -> pd.DataFrame:
        """Selections of the synthetic benchmark with so many senders, of one of the two searches."""
        frame = self.selections
        return frame[(frame["senders"] == senders) & (frame["radius"] == self.radii[search])]

    def beside_best_starts(self, senders: int) -> pd.DataFrame:
        """The same of the first search, with what the best of the random starts is worth."""
        frame = self.at(senders)
        return frame.assign(best_start=frame["game"].map(self.best_starts))

    @cached_property
    def radii(self) -> tuple[float, ...]:
        """Of the two searches."""
        return tuple(search.radius for search in self._preset.searches)

    @cached_property
    def didactic(self) -> pd.DataFrame:
        """Errors of the one run behind Figure 1."""
        return frames.didactic_errors(self._records("didactic"))

    @cached_property
    def didactic_seeds(self) -> pd.DataFrame:
        """Those of shorter runs."""
        return frames.didactic_seed_errors(self._records("didactic-seeds"))

    @cached_property
    def errors(self) -> pd.DataFrame:
        """Of the networks on the paper's synthetic games."""
        return self._complete(frames.errors_frame(self._records("synthetic")), "synthetic")

    @cached_property
    def selections(self) -> pd.DataFrame:
        """The profiles selected there."""
        return self._selections("synthetic")

    @cached_property
    def best_starts(self) -> pd.Series:
        """Utilities at the best of the random starts of the synthetic games."""
        return best_starts(self._records("synthetic"))

    @cached_property
    def scenarios(self) -> pd.DataFrame:
        """Those of Table 1, with the constants that could have produced it."""
        return self._selections("table-1")

    @cached_property
    def first_scenarios(self) -> pd.DataFrame:
        """Those with the constants that were chosen first."""
        return self._selections("scenarios")

    @cached_property
    def certificates(self) -> pd.DataFrame:
        """Of the paper's synthetic games, without degenerate ones."""
        frame = self._certificates("figure-certificates", self.selections)
        return frame[frame["logit_scale"] == self._preset.synthetic.logit_scale]

    @cached_property
    def scenario_certificates(self) -> pd.DataFrame:
        """Of Table 1, likewise."""
        return self._certificates("table-1-certificates", self.scenarios)

    @cached_property
    def searches(self) -> pd.DataFrame:
        """The selections of the networks and of searches without them, on both benchmarks."""
        names = ("synthetic", "second", "baselines")
        records = [record for name in names for record in self._records(name)]
        return selections_frame(records, self._preset)

    def _selections(self, experiment: str) -> pd.DataFrame:
        frame = frames.equilibria_frame(self._records(experiment))
        return self._complete(frame[frame["tolerance"] == self._preset.headline], experiment)

    def _certificates(self, experiment: str, selections: pd.DataFrame) -> pd.DataFrame:
        """Of the headline's profiles, without degenerate games.

        In these random policies all have the same utilities, and small deviations with them.
        """
        frame = certificates_frame(self._records(experiment), self._preset)
        degenerate = selections.loc[selections["degenerate"], "game"]
        kept = frame[frame["headline"] & ~frame["game"].isin(degenerate)]
        return self._complete(kept, experiment).assign(headline=self._preset.headline)

    def _complete(self, frame: pd.DataFrame, experiment: str) -> pd.DataFrame:
        """The games on which all networks were tried: a run cut short has others, too."""
        return frames.with_all_methods(frame, self._records(experiment), self._preset.methods)


def gather(preset: Preset, store: str | Path | None = None, workers: int | None = None) -> Evidence:
    """The evidence of a preset; computes missing records first."""
    return Evidence(preset, store, workers)
