"""The page of deviations names every constant of the games that the paper leaves open."""

import inspect
import re
from pathlib import Path

import pytest

from persuasion import games

PAGE = Path(__file__).parents[1] / "book" / "deviations.md"
FAMILIES = {
    "QUALITY": games.quality_advertising,
    "PRODUCT": games.product_advertising,
    "RIDE": games.ride_hailing,
}
MARKED = re.compile(r"^    ([\w, ]+) : ((?:(?!^    \w).)*?\[[CR]\])", re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("short", FAMILIES)
def test_every_open_constant_of_a_scenario_has_a_row(short):
    generator, page = FAMILIES[short], PAGE.read_text()
    marked = [
        name
        for names, _ in MARKED.findall(inspect.getdoc(generator).replace("\n", "\n    "))
        for name in names.split(", ")
    ]
    assert len(marked) > 4
    missing = [name for name in marked if f'f"{{{short}}}({name})"' not in page]
    assert not missing
