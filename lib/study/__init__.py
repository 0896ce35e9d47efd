"""Experiments: presets, jobs, the result store, and produce-or-load."""

from study.designs.design import EXPERIMENTS
from study.designs.presets import PRESETS, preset
from study.designs.settings import Preset
from study.records.places import build_folder, default_results, default_store
from study.records.results import Results, open_records
from study.records.store import Record, Store, StoreError
from study.run.export import committed, export, paper_scale
from study.run.produce import JobsFailed, load, origin, produce

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
