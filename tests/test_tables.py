"""The tables beside the figures, on frames small enough to count by hand."""

import numpy as np
import pandas as pd
import pytest

from study import preset
from study.figures import baselines, certificates, checks, tables
from study.figures.statistics import mean_interval

METHODS = ("relu", "delu", "dnl")


def selections(unsolved=()):
    """Two games, three networks; DNL's senders get 1 and 2 more than the starts, the others nothing."""
    rows = [
        {
            "game": game, "method": method, "radius": 0.005, "senders": 2,
            "solved": (game, method) not in unsolved, "degenerate": game == "b",
            "utilities": np.array([1.0, 2.0]) * (method == "dnl"), "welfare": 3.0 * (method == "dnl"),
            "start": np.zeros(2), "revelation": None if game == "b" else np.array([2.0, 0.0]),
            "utility_range": 10.0,
        }
        for game in ("a", "b")
        for method in METHODS
    ]  # fmt: skip
    return pd.DataFrame(rows)


def certified(bounds):
    """A certificate ``(lower, upper)`` per game and method."""
    rows = [
        {
            "game": game, "method": method, "radius": 0.005, "headline": True,
            "local_lower": low, "local_upper": high, "global_lower": np.nan,
            "regret_least": 10 * low, "regret_most": 10 * high,
        }
        for (game, method), (low, high) in bounds.items()
    ]  # fmt: skip
    return pd.DataFrame(rows)


def test_improvements_by_hand():
    table = tables.improvement_table(selections())
    assert list(table["games"]) == [2, 2, 1, 1], (
        "full revelation is an equilibrium in one game only"
    )
    assert list(table["DNL higher"]) == [2, 2, 0, 1]
    assert list(table["DNL lower"]) == [0, 0, 1, 0]
    assert table["utility difference"][0] == str(mean_interval([1.0, 1.0]))


def test_errors_are_compared_by_their_ratio():
    errors = pd.DataFrame(
        [
            {
                "game": game, "method": method, "degenerate": game == "c",
                "training_relative": {"relu": 4.0, "delu": 0.5, "dnl": 1.0}[method] * scale,
                "held_out_relative": 1.0,
            }
            for game, scale in (("a", 1.0), ("b", 10.0), ("c", 1.0))
            for method in METHODS
        ]
    )  # fmt: skip
    table = tables.paired_errors(errors)
    assert list(table["ratio"][:2]) == ["0.250 [0.250, 0.250]", "2.000 [2.000, 2.000]"]
    assert list(table["games"]) == [2] * 4, "without the degenerate game"
    assert list(table["DNL lower"]) == [2, 0, 0, 0]
    assert list(table["equal"]) == [0, 0, 2, 2]


def test_sets_of_games_stand_below_each_other():
    frame = selections()
    table = tables.by_set({"all": frame, "few": frame[~frame["degenerate"]]}, tables.paired_table)
    assert list(table["set of games"]) == ["all", "all", "few", "few"]
    assert list(table["games"]) == [2, 2, 1, 1]


def test_a_table_to_be_read_is_narrower_and_keeps_every_number():
    table = tables.improvement_table(selections())
    shown = tables.narrow(table)
    assert list(shown.columns)[-1] == "DNL higher · equal · DNL lower"
    assert list(shown.iloc[:, -1]) == ["2 · 0 · 0", "2 · 0 · 0", "0 · 0 · 1", "1 · 0 · 0"]
    assert len(shown.columns) == len(table.columns) - 2
    exact = checks.exact_table(selections(), certified({("a", "dnl"): (0.0, 1.0)}), 1e-3)
    shown = tables.narrow(exact).set_index("network")
    assert shown.loc["DNL", "examined of accepted"] == "1 of 2"
    assert shown.loc["DNL", "holds · refuted · open"] == "0 · 0 · 1"
    plain = exact[["network", "regret, at least"]]
    assert tables.narrow(plain).equals(plain)


def test_the_message_of_a_comparison_has_the_tables_numbers():
    text = tables.paired_sentence(selections(unsolved={("a", "delu")}))
    assert text == (
        "On average over games the welfare of DNL's profiles minus that of ReLU's is 3 ± 0 (higher in 2, "
        "equal in 0, lower in 0 games), and minus that of DeLU's is 3.0 (n=1) (higher in 1, equal in 0, "
        "lower in 0 games)."
    )


def test_captions_have_the_tables_numbers():
    frame = selections(unsolved={("a", "delu")})
    paired = tables.by_set({"all": frame, "one": frame[~frame["degenerate"]]}, tables.paired_table)
    assert tables.signs_message(paired) == (
        "Game by game DNL's welfare is higher in 3, equal in 0 and lower in 0 comparisons (all), "
        "in 1, 0 and 0 (one)."
    )
    assert tables.highest_welfare(frame.assign(family="toy")) == (
        "Over the instances that every network solved, welfare is highest with DNL in toy (3.0 (n=1))."
    )
    exact = checks.exact_table(frame, certified({("a", "dnl"): (0.0, 1.0)}), 1e-3)
    assert tables.exact_message(exact) == (
        "Of 1 profiles with a certificate 0 are local equilibria up to the check's tolerance, 0 are refuted, "
        "and 1 are open."
    )


def test_without_games_a_caption_says_so():
    none = selections()[:0]
    assert "0 games" in tables.signs_message(tables.by_set({"all": none}, tables.improvement_table))
    assert "0 instances" in tables.highest_welfare(none.assign(family="toy"))


def test_certificates_beside_a_figure_by_hand():
    bounds = {
        ("a", "relu"): (0.0, 1e-4), ("b", "relu"): (2e-3, 3e-3),
        ("a", "dnl"): (0.0, 1.0), ("b", "dnl"): (0.0, 0.0), ("a", "delu"): (1.0, 1.0),
    }  # fmt: skip
    frame = selections(unsolved={("b", "dnl"), ("a", "delu")})
    table = checks.exact_table(frame, certified(bounds), 1e-3).set_index("network")
    columns = ["accepted", "examined", "holds", "refuted", "open"]
    assert list(table.loc["ReLU", columns]) == [2, 2, 1, 1, 0]
    assert list(table.loc["DeLU", columns]) == [1, 0, 0, 0, 0], "what was not accepted is not shown"
    assert list(table.loc["DNL", columns]) == [1, 1, 0, 0, 1]
    assert "global regret, at least" not in table


def test_what_sampling_overlooked_by_hand():
    frame = selections().assign(
        family="x", signals=2, states=3, gain=[0.5, 0.5, 0.5, 1e-6, 0.5, 0.5], utility_range=10.0
    )
    bounds = {("a", "relu"): (0.2, 0.3), ("b", "relu"): (0.2, 0.2), ("b", "dnl"): (0.05, 0.05)}
    found = checks.overlooked(frame, certified(bounds)).set_index(["game", "method"])
    assert list(found.index) == [("a", "relu"), ("b", "dnl")], (
        "a sampled gain of 1e-7 of the utility range says nothing"
    )
    assert found["ratio"].tolist() == pytest.approx([4.0, 1.0])
    assert set(found["entries"]) == {6}


def test_shares_within_the_piece_by_hand():
    frame = pd.DataFrame(
        {
            "entries": [16] * 5,
            "ratio": [1.0, 2.0, 6.0, 8.0, 18.0],
            "lower": [1.0, 1.0, 1.0, 2.0, 1.0],
            "within": [1.0, 2.0, 0.5, 0.2, 0.01],
        }
    )
    table = checks.reach_table(frame).set_index("ratio / square root")
    assert table["profiles"].to_dict() == {"up to a half": 1, "1 to 2": 2, "more than 2": 1}, (
        "a certificate below what the piece holds is left out"
    )
    assert table["median share"].tolist() == pytest.approx([1.0, 0.3, 0.01])
    assert table["largest share"].tolist() == pytest.approx([1.0, 0.5, 0.01])
    assert checks.reach_table(frame[:0]).empty


def test_a_profile_certified_twice_is_an_error():
    double = pd.concat([certified({("a", "dnl"): (0.0, 0.0)})] * 2)
    with pytest.raises(pd.errors.MergeError):
        checks.exact_table(selections(), double, 1e-3)


def test_nothing_accepted_leaves_a_table_without_certificates():
    nothing = certificates.certificates_frame([], preset("smoke"))
    table = checks.exact_table(selections(), nothing, 1e-3)
    assert set(table["examined"]) == {0}
    empty = checks.exact_table(selections()[:0], nothing, 1e-3, by=["senders"])
    assert (len(empty), list(empty.columns[:3])) == (0, ["senders", "network", "accepted"])


def test_without_polishing_the_tables_of_it_are_empty():
    """The setting ``certificates.polish_rounds=0`` leaves no profile to tell of."""
    nothing = certificates.certificates_frame([], preset("smoke"))
    found = (
        checks.polish_table(nothing),
        baselines.polished_table(nothing),
        checks.global_table(nothing, 1e-3),
    )
    for table in found:
        assert table.empty
        assert {"method", "profiles"} <= set(table)
