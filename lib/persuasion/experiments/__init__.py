"""Experiments: presets, jobs, the result store, and produce-or-load."""

from persuasion.experiments.config import PRESETS, Preset, preset
from persuasion.experiments.design import EXPERIMENTS
from persuasion.experiments.produce import JobsFailed, default_store, produce
from persuasion.experiments.store import Record, Store, StoreError

__all__ = [
    "EXPERIMENTS",
    "PRESETS",
    "JobsFailed",
    "Preset",
    "Record",
    "Store",
    "StoreError",
    "default_store",
    "preset",
    "produce",
]
