"""Fitting the senders' utilities, moving policies along their gradients, checking the end points by sampling."""

from __future__ import annotations

from persuasion.learn.batch import Task, fit_games
from persuasion.learn.extragradient import extragradient, gradient_ascent
from persuasion.learn.fit import DivergenceError, Fit, fit
from persuasion.learn.flops import sample_flops, training_flops
from persuasion.learn.model import UtilityModel
from persuasion.learn.sampled_check import (
    SampledGain,
    Selection,
    sample_deviations,
    sampled_gain,
    samples_per_sender,
    select_local_equilibria,
)
from persuasion.learn.training import Training

__all__ = [
    "DivergenceError",
    "Fit",
    "SampledGain",
    "Selection",
    "Task",
    "Training",
    "UtilityModel",
    "extragradient",
    "fit",
    "fit_games",
    "gradient_ascent",
    "sample_deviations",
    "sample_flops",
    "sampled_gain",
    "samples_per_sender",
    "select_local_equilibria",
    "training_flops",
]
