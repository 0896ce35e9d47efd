"""A figure for a phone: its panels one below the other."""

from matplotlib.figure import Figure
from matplotlib.gridspec import GridSpec

WIDTH = 4.2
"""Inches; the letters of a picture that wide are as large on a phone as the text around it."""
MOST = 9
"""Panels that are stacked at most: more would be a long way to scroll."""


def stack_panels(figure: Figure) -> bool:
    """Put the panels one below the other, in place; False, and nothing done, if they are many or in no grid.

    A panel keeps its height. Labels that a row or a column of panels shares are given to each.
    """
    panels = figure.axes
    places = [place for axis in panels if (place := axis.get_subplotspec())]
    grids = {place.get_gridspec() for place in places}
    if not 0 < len(panels) <= MOST or len(places) < len(panels) or len(grids) != 1:
        return False
    rows = places[0].get_gridspec().nrows
    left = {p.rowspan.start: a.get_ylabel() for a, p in zip(panels, places) if a.get_ylabel()}
    below = {p.colspan.start: a.get_xlabel() for a, p in zip(panels, places) if a.get_xlabel()}
    height = max(figure.get_figheight() / rows, 2.6)
    figure.set_size_inches(WIDTH, len(panels) * height)
    grid = GridSpec(len(panels), 1, figure)
    for number, (axis, place) in enumerate(zip(panels, places)):
        axis.set_subplotspec(grid[number])
        axis.set_ylabel(axis.get_ylabel() or left.get(place.rowspan.start, ""))
        axis.set_xlabel(axis.get_xlabel() or below.get(place.colspan.start, ""))
        axis.tick_params(labelleft=True, labelbottom=True)
    for legend in figure.legends:
        legend.set_ncols(1)
    return True
