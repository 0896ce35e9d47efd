"""Figures to hover over: the same numbers as in the still picture, a fallback, and names that cannot break out."""

import base64
import io
import json
import re

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest
from PIL import Image

from study import Record, preset
from study.designs import design
from study.figures import figures, points, show
from study.figures.frames import record_id
from study.figures.statistics import Mean, mean_interval
from study.run.job import run_job


@pytest.fixture
def equilibria():
    generator = np.random.default_rng(0)
    rows = [
        {
            "game": f"g{k}", "method": method, "solved": method != "delu" or k != 0,
            "signals": 2 + 2 * (k % 3), "states": 2 + 2 * (k % 2), "actions": 2,
            "utilities": generator.normal(size=2), "welfare": generator.normal(),
            "record": f"{method}-{k}", "start": np.zeros(2), "revelation": np.ones(2) if k % 2 else None,
        }
        for k in range(12)
        for method in ("relu", "delu", "dnl")
    ]  # fmt: skip
    return pd.DataFrame(rows)


def test_the_grid_holds_means_over_commonly_solved_games(equilibria):
    grid = figures.figure_5(equilibria, "label")
    curve = next(c for c in grid.lines[0].panels[0] if c.name == "dnl")
    part = equilibria[(equilibria["method"] == "dnl") & (equilibria["game"] != "g0")]
    for level, mean in zip(curve.levels, curve.means):
        assert mean == mean_interval(part.loc[part["signals"] == level, "welfare"])
    assert "DeLU 11 of 12" in grid.note
    assert "shown: 11 games" in grid.note


@pytest.mark.parametrize("kind", ["utility", "welfare", "improvement"])
def test_hovering_and_still_show_the_same_numbers(equilibria, kind):
    make = {
        "utility": lambda: figures.figure_2(equilibria, 2, "x"),
        "welfare": lambda: figures.figure_5(equilibria, "x"),
        "improvement": lambda: figures.figure_3(equilibria, 2, "x"),
    }[kind]
    grid = make()
    still, moving = figures.still(grid), figures.interactive(grid)
    drawn = [
        line.get_ydata()
        for axis in still.axes
        for line in axis.lines
        if line.get_linestyle() != "None" and len(line.get_ydata())
    ]
    assert len(drawn) == len(moving.data)
    for mine, trace in zip(drawn, moving.data):
        assert np.allclose(mine, trace.y, equal_nan=True)
    plt.close(still)


def test_a_point_names_the_records_that_its_mean_is_over(equilibria):
    moving = figures.interactive(figures.figure_5(equilibria, "x"))
    seen = 0
    for trace in (trace for trace in moving.data if trace.yaxis in ("y", "y2", "y3")):
        method = {"ReLU": "relu", "DeLU": "delu", "DNL": "dnl"}[trace.name]
        own = equilibria[(equilibria["method"] == method) & (equilibria["game"] != "g0")]
        own = own.set_index("record")["welfare"]
        for mean, (_, _, games, records) in zip(trace.y, trace.customdata):
            assert own[list(records)].mean() == pytest.approx(mean)
            assert len(set(records)) == games
            seen += games
    assert seen == 3 * 3 * 11, "every game once per method and size"


def test_the_second_line_is_what_dnl_is_ahead_game_by_game(equilibria):
    grid = figures.figure_5(equilibria, "label")
    (curve,) = [c for c in grid.lines[1].panels[0] if c.name == "relu"]
    wide = equilibria[equilibria["game"] != "g0"].pivot(
        index="game", columns="method", values=["welfare", "signals"]
    )
    for level, mean in zip(curve.levels, curve.means):
        part = wide[wide["signals", "dnl"] == level]["welfare"]
        assert mean.mean == pytest.approx((part["dnl"] - part["relu"]).mean())
    assert {c.name for c in grid.lines[1].panels[0]} == {"relu", "delu"}


def test_a_record_becomes_a_file_that_names_its_game():
    (job, *_) = design.jobs(preset("smoke"), "synthetic")
    record = run_job(job)
    name, content = points.record_file(record)
    found = json.loads(content)
    assert name == f"{record_id(record)}.json"
    assert found["config"] == record.config
    assert found["arrays"]["full_revelation"] == list(record.arrays["full_revelation"].shape)


def test_no_two_records_share_a_file():
    quick = preset("quick")
    jobs = {job.key: job for name in design.EXPERIMENTS for job in design.jobs(quick, name)}
    files = {record_id(Record(key, job.config, "done")) for key, job in jobs.items()}
    assert len(files) == len(jobs)


def test_an_interval_over_few_games_does_not_set_the_axis():
    behind = (("a",), ("b",), ("c",))
    means = (Mean(0, 1, 5), Mean(2, 50, 4), Mean(1, np.nan, 1))
    drawn = figures.Curve("relu", (2, 4, 6), means, records=behind)
    dashed = figures.Curve("relu", (2, 4, 6), (Mean(3, 9, 9),) * 3, True, behind)
    line = figures.Line("welfare", ((drawn, dashed),) * 3)
    grid, (low, high) = figures.Grid((line,), ""), line.span()
    assert (low, high) == pytest.approx((-1.2, 3.2)), "from -1 to 3, and 5% on both sides"
    still = figures.still(grid)
    assert still.axes[0].get_ylim() == pytest.approx((low, high))
    assert figures.interactive(grid).layout.yaxis.range == pytest.approx((low, high))
    plt.close(still)


def test_held_out_curves_are_dashed_without_bars_and_named_once():
    means = (Mean(0, 1, 5), Mean(2, 1, 4))
    solid, dashed = (figures.Curve("dnl", (2, 4), means, off, (("a",),) * 2) for off in (0, 1))
    grid = figures.Grid((figures.Line("error", ((solid, dashed),) * 3),), "")
    still = figures.still(grid)
    for axis in still.axes[:3]:
        assert [line.get_linestyle() for line in axis.lines if len(line.get_xdata()) == 2][:1] == [
            "-"
        ]
        assert len(axis.containers) == 1, "error bars of the solid curve alone"
    (legend,) = [*still.legends, *(a.get_legend() for a in still.axes if a.get_legend())]
    assert [text.get_text() for text in legend.get_texts()] == ["DNL"]
    assert [line.get_linestyle() for line in legend.get_lines()] == ["-"]
    traces = figures.interactive(grid).data
    assert [trace.error_y.array is not None for trace in traces] == [True, False] * 3
    assert [trace.line.dash for trace in traces] == ["solid", "dash"] * 3
    assert [bool(trace.showlegend) for trace in traces] == [True] + [False] * 5
    plt.close(still)


def test_a_figure_without_games_has_an_axis_of_its_own():
    assert figures.Line("welfare", ((),)).span() is None


def interactive(**options):
    still, axis = plt.subplots()
    axis.plot([1, 2])
    words = {"description": "two points", "caption": "One of 2 is higher."} | options
    return show.Interactive(go.Figure(go.Scatter(y=[1, 2])), still, **words)


def test_the_bundle_has_a_picture_a_figure_and_words():
    bundle = interactive(description="two points")._repr_mimebundle_()
    assert bundle["text/plain"] == "two points"
    with Image.open(io.BytesIO(base64.b64decode(bundle["image/png"]))) as picture:
        assert picture.width > 100
    assert json.dumps(bundle[show.PLOTLY_JSON])
    html = bundle["text/html"]
    assert html.startswith(show.MARK)
    assert 'alt="two points"' in html
    assert "<script src=" not in html


def test_what_is_not_a_number_becomes_null():
    still, _ = plt.subplots()
    gap = go.Figure(go.Scatter(y=[1.0, np.nan], error_y={"array": np.array([np.nan, 1.0])}))
    bundle = show.Interactive(gap, still, "a gap", "1 is missing.")._repr_mimebundle_()
    assert json.loads(json.dumps(bundle[show.PLOTLY_JSON], allow_nan=False))


def test_webgl_is_asked_for_only_where_it_is_needed():
    assert "(true ||" in interactive(description="flat")._repr_mimebundle_()["text/html"]
    still, _ = plt.subplots()
    solid = show.Interactive(
        go.Figure(go.Surface(z=[[1, 2], [3, 4]])), still, "solid", "It is 1 solid."
    )
    assert "(false ||" in solid._repr_mimebundle_()["text/html"]


def test_words_cannot_break_out_of_the_page():
    words = '"><script>alert(1)</script>'
    html = interactive(description=words, caption=words)._repr_mimebundle_()["text/html"]
    html += show.Captioned("", words).html
    html += show.table(pd.DataFrame({words: [words]}), words).html
    assert "<script>alert" not in html


def test_a_picture_has_a_caption_words_and_another_shape_for_phones():
    figure, axes = plt.subplots(1, 3, sharey=True, layout="constrained")
    axes[0].set_ylabel("height")
    html = show.picture(figure, "Of 3 panels *one* is first.", "three panels").html
    assert html.endswith("<figcaption>Of 3 panels <em>one</em> is first.</figcaption></figure>")
    assert 'alt="three panels"' in html
    narrow, wide = (
        Image.open(io.BytesIO(base64.b64decode(text)))
        for text in re.findall(r"base64,([^\"]+)", html)
    )
    assert wide.width > wide.height
    assert narrow.width < 500 < narrow.height
    assert [axis.get_ylabel() for axis in axes] == ["height"] * 3
    assert not plt.fignum_exists(figure.number)


def test_a_picture_that_cannot_be_taken_apart_is_scrolled():
    figure, axes = plt.subplots(1, 2)
    figure.colorbar(axes[0].imshow([[1, 2]]), ax=axes)
    html = show.picture(figure, "2 maps.", "maps").html
    assert "wide-picture" in html
    assert "<source" not in html


def test_a_table_is_captioned_and_its_numbers_aligned():
    frame = pd.DataFrame(
        {"name": ["a", "b"], "mean": [Mean(0.5, 0.12, 9), Mean(0, 0, 9)], "count": [1, 20000]}
    )
    html = show.table(frame, "Of 2 rows the first has 0.5 < 1.").html
    assert html.startswith("<figure><figcaption>Of 2 rows the first has 0.5 &lt; 1.</figcaption>")
    cells = re.findall(r"<td[^>]*>([^<]*)</td>", html)
    plain = [cell.replace("\u00a0", " ") for cell in cells]
    assert plain == ["a", "0.50 ± 0.12", "1", "b", "0 ± 0\u2007\u2007\u2007", "20,000"]
    right = html[: html.index("</style>")]
    assert re.findall(r"col(\d)", right) == ["1", "2"]


def test_the_numbers_can_be_taken_along():
    data = pd.DataFrame({"game": ["a,b"], "record": ["0123"]})
    html = interactive(description="x", data=data, name="figure-2")._repr_mimebundle_()["text/html"]
    link = re.search(r'download="figure-2\.csv" href="data:text/csv;base64,([^"]+)"', html)
    again = pd.read_csv(io.BytesIO(base64.b64decode(link[1])), dtype=str)
    assert again.to_dict("list") == data.to_dict("list")
