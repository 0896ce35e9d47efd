"""Experiments: presets, jobs, the result store, and produce-or-load."""

from persuasion.experiments.config import PRESETS, Preset, preset
from persuasion.experiments.design import EXPERIMENTS
from persuasion.experiments.export import committed, export, paper_scale
from persuasion.experiments.produce import (
    JobsFailed,
    build_folder,
    default_results,
    default_store,
    load,
    origin,
    produce,
)
from persuasion.experiments.results import Results, open_records
from persuasion.experiments.store import Record, Store, StoreError

__all__ = [
    "EXPERIMENTS",
    "PRESETS",
    "JobsFailed",
    "Preset",
    "Record",
    "Results",
    "Store",
    "StoreError",
    "build_folder",
    "committed",
    "default_results",
    "default_store",
    "export",
    "load",
    "open_records",
    "origin",
    "paper_scale",
    "preset",
    "produce",
]
