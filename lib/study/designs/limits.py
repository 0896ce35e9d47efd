"""What a setting can be: checked for all of them in one place, by the name of the field."""

from dataclasses import fields, is_dataclass
from typing import Any

from persuasion.learn.training import Training
from persuasion.model.checks import positive_number, whole_number

# whole numbers are from 1, others are positive, if they are not among these
FROM_ZERO = {
    "seed", "fresh_seed", "iterations", "seed_epochs", "steps", "values", "global_senders", "polish_rounds",
    "small", "largest", "joint_signals", "tolerances", "headline", "margins", "polish_margin", "logit_scale",
}  # fmt: skip
CHOICES = {
    "projection": ("softmax", "euclidean"),
    "movers": ("one", "turns"),
    "starts": ("full revelation", "alone", "silence", "random"),
}
ONCE = {
    "senders", "levels", "steps", "samples", "movers", "margins", "tolerances", "learning_rates", "methods",
    "scenarios",
}  # fmt: skip
PAIRS = {"curve"}
OPTIONAL = {"overridden"}


def check_settings(settings: Any, path: str = "") -> None:
    """``ValueError`` names the first setting, by its dotted name, that nothing could be computed with."""
    for field in fields(settings):
        _check(getattr(settings, field.name), field.name, path + field.name)


def _check(value: Any, field: str, name: str) -> None:
    if is_dataclass(value) and not isinstance(value, Training):  # which checks itself
        check_settings(value, f"{name}.")
    elif isinstance(value, tuple):
        _check_tuple(value, field, name)
    elif isinstance(value, str) and value not in CHOICES.get(field, (value,)):
        raise ValueError(f"{name} must be one of {', '.join(CHOICES[field])}, got {value!r}")
    elif isinstance(value, int) and not isinstance(value, bool):
        whole_number(name, value, least=0 if field in FROM_ZERO else 1)
    elif isinstance(value, float):
        positive_number(name, value, zero=field in FROM_ZERO)


def _check_tuple(values: tuple[Any, ...], field: str, name: str) -> None:
    if not values and field not in OPTIONAL:
        raise ValueError(f"{name} must be one or more, got none")
    if field in ONCE and len(set(values)) < len(values):
        raise ValueError(f"{name} must be one or more, each once, got {list(values)}")
    for number, value in enumerate(values):
        place = f"{name}.{number}"
        if field in PAIRS and (not isinstance(value, tuple) or len(value) != 2):
            raise ValueError(f"{place} must be two numbers, got {value!r}")
        _check(value, "" if field in PAIRS else field, place)
