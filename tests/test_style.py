"""Colours of the figures: they stand out in both themes, and colour-blind readers tell the methods apart."""

import itertools

import numpy as np
import pytest

from study.figures.style import LOOKS, NAMES

WHITE, DARK_PAGE = np.array([255.0] * 3), np.array([0x12] * 3, float)
# the CSS filter invert(1) hue-rotate(180deg) of _static/book.css (Filter Effects Module, section 8)
TURN = np.array([[-0.574, 1.43, 0.144], [0.426, 0.43, 0.144], [0.426, 1.43, -0.856]])
# Machado, Oliveira and Fernandes 2009, severity 1
SIGHT = {
    "normal": np.eye(3),
    "protan": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deutan": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]],
}  # fmt: skip
XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])


def rgb(colour):
    return np.array([int(colour[k : k + 2], 16) for k in (1, 3, 5)], float)


def turned(colour):
    return np.clip(TURN @ (255 - colour), 0, 255)


def linear(colour):
    share = colour / 255
    return np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)


def contrast(first, second):
    low, high = sorted(linear(colour) @ XYZ[1] for colour in (first, second))
    return (high + 0.05) / (low + 0.05)


def lab(light):
    x, y, z = np.cbrt(np.clip(XYZ @ light / [0.9505, 1, 1.089], 1e-6, None))
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize("name", LOOKS)
def test_a_colour_stands_out_on_white_and_turned_round_on_dark(name):
    colour = rgb(LOOKS[name]["color"])
    assert contrast(colour, WHITE) >= 3  # WCAG 2.1 for graphics
    assert contrast(turned(colour), DARK_PAGE) >= 3


@pytest.mark.parametrize("sight", SIGHT)
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_methods_differ_to_every_eye(sight, theme):
    seen = {}
    for name, look in LOOKS.items():
        colour = rgb(look["color"]) if theme == "light" else turned(rgb(look["color"]))
        seen[name] = lab(np.clip(np.array(SIGHT[sight]) @ linear(colour), 0, 1))
    for (a, first), (b, second) in itertools.combinations(seen.items(), 2):
        assert np.linalg.norm(first - second) > 12, f"{a} and {b} look alike"
    networks = itertools.combinations(("relu", "delu", "dnl"), 2)
    assert min(np.linalg.norm(seen[a] - seen[b]) for a, b in networks) > 25


def test_every_method_has_a_colour_and_a_marker_of_its_own():
    assert set(LOOKS) == set(NAMES)
    for cue in ("color", "marker"):
        assert len({look[cue] for look in LOOKS.values()}) == len(LOOKS)
