"""Fitting the senders' utilities, moving policies along their gradients, checking the end points by sampling."""

from __future__ import annotations

from persuasion.learn.extragradient import extragradient, gradient_ascent
from persuasion.learn.fit import DivergenceError, Fit, fit
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
    "Training",
    "UtilityModel",
    "extragradient",
    "fit",
    "gradient_ascent",
    "sample_deviations",
    "sampled_gain",
    "samples_per_sender",
    "select_local_equilibria",
]
