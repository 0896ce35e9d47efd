"""The README's picture, Figure 1: ``python -m study.figures.overview quick out.png``."""

import sys
from pathlib import Path

from PIL import Image

from study import preset, produce
from study.figures.surfaces import figure_1

COLOURS = 128


def draw(name: str, path: Path) -> None:
    """Write the figure as a small palette PNG; computes missing records first."""
    figure = figure_1(produce(preset(name), "didactic"))
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=90, facecolor="white")
    with Image.open(path) as picture:
        small = picture.convert("RGB").quantize(COLOURS)
    small.save(path, optimize=True)


if __name__ == "__main__":
    draw(sys.argv[1], Path(sys.argv[2]))
