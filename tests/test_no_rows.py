"""A selection without rows, as a short or degenerate run leaves, gives empty figures and sentences, no error."""

import matplotlib.pyplot as plt
import pandas as pd
import pytest

from study.figures import baselines, certificate_figures, figures, plays, recipe_figures

WORDS = ("game", "method", "status", "family", "movers")
TRUTHS = ("solved", "headline", "degenerate")


def none(columns):
    """No rows of these columns."""
    return pd.DataFrame(
        {
            name: pd.Series(dtype=object if name in WORDS else bool if name in TRUTHS else float)
            for name in columns.split()
        }
    )


SELECTED = none("logit_scale senders method solved welfare below utility_range game")
RUNS = none("logit_scale game signals states actions margin status rounds seconds upper")
FIGURES = {
    "shortfalls": lambda: baselines.shortfall_curves(SELECTED, ["relu"]),
    "coverage": lambda: figures.coverage_by_tolerance(none("radius method tolerance solved")),
    "endings": lambda: certificate_figures.endings(RUNS),
    "misses": lambda: certificate_figures.misses_by_step(
        none("movers senders signals tolerance samples refuted missed step")
    ),
    "regrets": lambda: certificate_figures.regret_distribution(
        none("headline senders radius method local_upper local_lower"), 1e-3
    ),
    "recipes": lambda: recipe_figures.candidates(none("learning_rate method training held_out")),
    "learning curves": lambda: recipe_figures.learning_curves(
        none("game method samples epochs log_held_out log_training senders signals")
    ),
    "overlooked": lambda: certificate_figures.overlooked_by_size(none("family entries ratio")),
}


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_of_no_rows_is_drawn(name):
    figure = FIGURES[name]()
    figure.canvas.draw()
    assert figure.axes
    plt.close(figure)


@pytest.mark.parametrize(
    "say",
    [
        lambda: plays.endings_message(RUNS),
        lambda: baselines.shortfall_message(SELECTED),
        lambda: baselines.message(SELECTED, ("random-search",)),
    ],
)
def test_a_message_about_no_rows_says_0(say):
    assert " 0 " in f" {say()}"


def test_tables_of_no_rows_are_empty():
    assert plays.endings_table(RUNS).empty
    assert plays.regret_table(RUNS).empty
    assert baselines.comparison_table(SELECTED).empty
