"""The ledger's rule on made-up measurements, and its parts on made-up records."""

import collections
import dataclasses
import itertools
import re
from collections import defaultdict

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats

import study
from persuasion.games.seeded import build_game, starts_of
from persuasion.model.exact import RationalGame, exact_utilities, rationals
from persuasion.model.game import Game
from persuasion.model.policies import optimal_action_by_state
from persuasion.model.simulate import sender_utilities
from persuasion.regret.certify import certify
from persuasion.theorems import jumps
from persuasion.theorems.full_revelation import full_revelation, signals_needed
from persuasion.theorems.garbling import garbling
from persuasion.theorems.gray_codes import check_revelation, reflected_code
from study import ledger, preset
from study.figures import starts
from study.figures.dominance import dominance_table
from study.figures.frames import game_id, paired
from study.figures.statistics import holm
from study.ledger import (
    Count,
    Effect,
    Verdict,
    approximation,
    certified,
    own,
    payoffs,
    theory,
    verdict,
)
from study.ledger.effects import LARGE, states, stronger_rival

FOR, AGAINST, OPEN = Effect("a", 1.0, 0.5, 9), Effect("b", -1.0, 0.5, 9), Effect("c", 0.1, 0.5, 9)
SAME = Effect("f", 0.001, 0.005, 9, margin=0.01)
NONE, SINGLE = Effect("d", np.nan, np.nan, 0), Effect("e", 1.0, np.nan, 1)


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ([], Verdict.MISSING),
        ([NONE], Verdict.MISSING),
        ([FOR], Verdict.HOLDS),
        ([FOR, NONE], Verdict.HOLDS),
        ([FOR, OPEN], Verdict.PARTLY),
        ([FOR, AGAINST], Verdict.PARTLY),
        ([AGAINST, OPEN], Verdict.FAILS),
        ([AGAINST], Verdict.FAILS),
        ([OPEN], Verdict.OPEN),
        ([SINGLE], Verdict.OPEN),
        ([Count("x", 3, 3), FOR], Verdict.HOLDS),
        ([Count("x", 2, 3)], Verdict.PARTLY),
        ([Count("x", 0, 3)], Verdict.FAILS),
        ([Count("x", 0, 0)], Verdict.MISSING),
        ([Count("x", 9, 10, needed=0.9)], Verdict.HOLDS),
        ([SAME, SAME], Verdict.EQUAL),
        ([SAME, FOR], Verdict.PARTLY),
        ([SAME, AGAINST], Verdict.FAILS),
        ([SAME, OPEN], Verdict.OPEN),
    ],
)
def test_the_rule_whatever_the_order(parts, expected):
    for order in itertools.permutations(parts):
        assert verdict(order) is expected


def test_a_large_margin_has_to_be_large():
    large = Effect("a", LARGE, 0.01, 9)
    assert verdict([large], large=True) is Verdict.HOLDS
    assert verdict([large._replace(mean=0.99 * LARGE)], large=True) is Verdict.PARTLY
    assert verdict([OPEN], large=True) is Verdict.OPEN


def test_no_difference_at_the_edges_of_the_margin():
    margin = 1 / 64  # sums of these are exact
    inside = Effect("a", margin / 2, margin / 2, 9, margin)
    assert [inside.equal, inside._replace(mean=-margin / 2).equal] == [True, True]
    assert not inside._replace(mean=margin * 33 / 64).equal
    assert not inside._replace(half_width=np.nan).equal
    # a difference that is significant and does not matter is no difference
    assert states([inside._replace(half_width=margin / 8)]) == ["equal"]


@pytest.mark.parametrize(
    ("mean", "half", "size", "shown"),
    [
        (0.0025, 0.0012, 9, "+0.25 ± 0.12%"), (-0.25, 2.34, 9, "−25 ± 234%"),
        (0.006, 0.00333, 9, "+0.60 ± 0.33%"), (-2.2e-5, 0.0011, 9, "+0.00 ± 0.11%"),
        (-1e-8, 2e-8, 9, "(−1.0 ± 2.0)·10⁻⁶%"), (1e-8, 2e-8, 9, "+(1.0 ± 2.0)·10⁻⁶%"),
        (0.0, 0.0, 9, "+0 ± 0%"), (-0.25, np.nan, 1, "−25% (n=1)"), (np.nan, np.nan, 0, "–"),
    ],
)  # fmt: skip
def test_shares_are_shown_as_percentages_with_the_digits_that_the_interval_leaves(
    mean, half, size, shown
):
    assert Effect("a", mean, half, size, percent=True).value == shown


def test_holm_by_hand():
    # sorted 0.005, 0.01, 0.03, 0.04: times 4, 3, 2, 1, and never below the one before
    np.testing.assert_allclose(holm([0.01, 0.04, 0.03, 0.005]), [0.03, 0.06, 0.06, 0.02])
    np.testing.assert_allclose(holm([0.6, 0.7]), [1, 1])
    assert holm([]).tolist() == []


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8), st.randoms())
def test_holm_does_not_depend_on_the_order_and_lies_between_none_and_bonferroni(values, random):
    order = list(range(len(values)))
    random.shuffle(order)
    adjusted = holm(values)
    np.testing.assert_array_equal(holm([values[k] for k in order]), adjusted[order])
    assert (adjusted >= values).all()
    assert (adjusted <= np.minimum(1, len(values) * np.array(values))).all()


def test_one_good_part_among_many_is_chance():
    lucky = Effect.of("lucky", [0.1, 0.5, 0.3, 0.2])
    assert lucky.p == pytest.approx(stats.ttest_1samp([0.1, 0.5, 0.3, 0.2], 0).pvalue)
    assert states([lucky]) == ["for"]
    assert set(states([lucky] + [OPEN] * 39)) == {"open"}


@given(
    st.lists(st.floats(-1, 1), min_size=3, max_size=9),
    st.sampled_from([2.0**-20, 0.5, 8.0, 2.0**30]),
    st.integers(0, 4),
)
@settings(max_examples=15, deadline=None)
def test_units_of_utility_do_not_matter(gaps, unit, shift):
    """Utilities in other units, and from another zero point, that powers of two keep exact."""
    assume(not gaps or np.ptp(gaps) > 1e-3)
    plain = selections(np.round(np.array(gaps) * 1024) / 1024)
    other = plain.assign(
        **{
            name: plain[name] * unit + shift * unit for name in ("utilities", "start", "revelation")
        },
        utility_range=plain["utility_range"] * unit,
    )
    other["welfare"] = other["utilities"].map(np.sum)
    found = [
        [part for measure in (
            payoffs.utilities, payoffs.from_starts, payoffs.over_revelation,
        ) for part in measure(gathered(selections=f, radii=(0.005, 0.01)))]
        for f in (plain, other)
    ]  # fmt: skip
    assert states(found[0]) == states(found[1])
    np.testing.assert_allclose([p.mean for p in found[0]], [p.mean for p in found[1]], atol=1e-9)


@given(st.lists(st.floats(-1e3, 1e3), min_size=2, max_size=30))
def test_the_state_is_that_of_the_interval(values):
    effect = Effect.of("x", values)
    low, high = effect.mean - effect.half_width, effect.mean + effect.half_width
    assume(min(abs(low), abs(high)) > 1e-9 * np.abs(values).max())
    expected = "for" if low > 0 else "against" if high < 0 else "open"
    assert states([effect]) == [expected]
    (mirrored,) = states([Effect.of("x", [-v for v in values])])
    assert mirrored == {"for": "against", "against": "for", "open": "open"}[expected]


def selections(gaps, senders=2, radius=0.005):
    """DNL ahead of the others by a gap per game, for every sender; starts and revelation at 0."""
    rows = []
    for game, gap in enumerate(gaps):
        for method in ("relu", "delu", "dnl"):
            value = np.full(senders, gap if method == "dnl" else 0.0)
            rows.append(
                {
                    "game": f"g{game}", "senders": senders, "method": method, "radius": radius,
                    "solved": True, "degenerate": False, "utilities": value, "welfare": value.sum(), "family": "s",
                    "start": np.zeros(senders), "revelation": np.zeros(senders), "utility_range": 4.0,
                }
            )  # fmt: skip
    return pd.DataFrame(rows)


def errors(factor, slope=0.0, games=30):
    """Errors that grow by ``slope`` per state; DNL's are smaller by a factor."""
    generator = np.random.default_rng(0)
    rows = []
    for game in range(games):
        sizes = dict(zip(("signals", "states", "actions"), generator.choice([2, 4, 6], 3).tolist()))
        base = np.exp(slope * sizes["states"] + 0.1 * generator.normal())
        for method in ("relu", "delu", "dnl"):
            error = base * (factor if method == "dnl" else 1 + 0.01 * generator.random())
            rows.append(
                {
                    "game": f"g{game}", "senders": 2, "degenerate": False, "method": method, **sizes,
                    "training": 3 * error, "held_out": 3 * error, "utility_range": 4.0,
                    "training_relative": error, "held_out_relative": error,
                }
            )  # fmt: skip
    return pd.DataFrame(rows)


def searches(ahead, games=20):
    """Welfare of DNL and of two searches without networks, which it is ahead of by a share of the range."""
    generator = np.random.default_rng(2)
    rows = [
        {
            "game": f"{scale}-{game}", "logit_scale": scale, "senders": 2, "method": method, "solved": True,
            "welfare": 5 * (ahead * (method == "dnl") + 0.01 * generator.normal()), "utility_range": 5.0,
        }
        for scale in (1.0, 10.0)
        for game in range(games)
        for method in ("dnl", "relu", "random-search", "smoothed")
    ]  # fmt: skip
    return pd.DataFrame(rows)


def gathered(evidence=None, **tables):
    """Evidence with these tables, the others from another one."""
    changed = ledger.gather(preset("smoke"))
    vars(changed).update(vars(evidence) if evidence else {}, **tables)
    return changed


@pytest.fixture
def evidence():
    generator = np.random.default_rng(1)
    ahead = 1 + 0.1 * generator.normal(size=20)
    frame = pd.concat(
        selections(ahead, senders, radius) for senders in (2, 4) for radius in (0.005, 0.01)
    )
    didactic = pd.DataFrame(
        {
            "network": ["ReLU", "DeLU", "DNL"] * 2,
            "sender": [1, 1, 1, 2, 2, 2],
            "held-out / variance": [0.3, 0.2, 0.1, 0.3, 0.2, 0.1],
        }
    )
    seeds = pd.concat(
        didactic.assign(
            **{"held-out / variance": didactic["held-out / variance"] * (1 + 0.01 * k)}, seed=k
        )
        for k in range(5)
    )
    seeds["held-out / variance"] *= np.exp(0.01 * generator.normal(size=len(seeds)))
    certificates = pd.DataFrame(
        {
            "method": ["relu", "delu", "dnl", "dnl"],
            "radius": 0.005,
            "regret_least": [0.0, 0.1, 0.0, 0.0],
            "regret_most": [0.0, 0.1, 4e-3, 0.1],
            "utility_range": 5.0,
            "headline": 1e-3,
        }
    )
    return gathered(
        didactic=didactic,
        didactic_seeds=seeds,
        errors=errors(0.5, slope=0.2),
        selections=frame,
        best_starts=pd.Series({f"g{game}": np.full(2, 0.25) for game in range(20)}),
        scenarios=frame[frame["senders"] == 2],
        first_scenarios=frame[frame["senders"] == 2],
        certificates=certificates,
        scenario_certificates=certificates.assign(family=["a", "a", "b", "b"]),
        searches=searches(0.1),
        radii=(0.005, 0.01),
    )


@pytest.mark.parametrize(
    "parts",
    [
        approximation.figure_1, approximation.accuracy, approximation.accuracy_held_out,
        approximation.accuracy_everywhere, payoffs.utilities, payoffs.from_starts,
        payoffs.over_revelation, payoffs.welfare, payoffs.welfare_gained,
        payoffs.larger_radius, payoffs.over_searches,
    ],
)  # fmt: skip
def test_planted_advantages_are_found(evidence, parts):
    assert verdict(parts(evidence)) is Verdict.HOLDS


@pytest.mark.parametrize(
    "parts",
    [payoffs.utilities, payoffs.from_starts, payoffs.welfare, payoffs.welfare_gained],
)
def test_planted_disadvantages_are_found(evidence, parts):
    worse = evidence.selections.assign(
        utilities=[-u for u in evidence.selections["utilities"]],
        welfare=-evidence.selections["welfare"],
    )
    assert verdict(parts(gathered(evidence, selections=worse))) is Verdict.FAILS


@pytest.mark.parametrize(
    ("parts", "sums"),
    [
        (payoffs.utilities, payoffs.together),
        (payoffs.from_starts, payoffs.together_from_starts),
        (payoffs.over_revelation, payoffs.together_over_revelation),
    ],
)
def test_a_claim_about_both_senders_needs_both(evidence, parts, sums):
    """Sender 1 takes more than all from sender 2: the sum says nothing of that."""
    ours = evidence.selections["method"] == "dnl"
    moved = [
        u + 10 * own * (-1.0) ** np.arange(len(u))
        for u, own in zip(evidence.selections["utilities"], ours)
    ]
    one_sided = gathered(evidence, selections=evidence.selections.assign(utilities=moved))
    two = [part for part in parts(one_sided) if part.name.startswith("sender")]
    assert states(two) == ["for", "against"]
    assert verdict(parts(one_sided)) is Verdict.PARTLY
    assert verdict(sums(one_sided)[:1]) is Verdict.HOLDS


def test_what_selecting_does_alone_is_no_merit_of_the_search(evidence):
    """The best of the starts is as good as the best of the ends: no step of a search did anything."""
    ours = evidence.at(2)
    ours = ours[ours["method"] == "dnl"].set_index("game")["utilities"]
    still = gathered(evidence, best_starts=ours)
    assert verdict(payoffs.from_starts(still)) is Verdict.HOLDS
    assert verdict(payoffs.from_best_start(still)) is Verdict.EQUAL
    assert verdict(payoffs.from_best_start(evidence)) is Verdict.HOLDS
    two, four = payoffs.together_from_best_start(evidence)
    assert two.mean == pytest.approx(np.mean([u.sum() - 0.5 for u in ours]) / 4)
    assert [two.size, four.size] == [20, 20]


def test_the_best_start_is_the_one_of_highest_welfare():
    records = study.produce(preset("paper"), "synthetic", study.default_results())
    few = [r for r in records if r.config["kind"] == "reference"][:12]
    found = starts.best_starts([*few, *(r for r in records if r.config["kind"] == "solve")][:20])
    assert set(found.index) == {game_id(record) for record in few}
    for record in few:
        game = build_game(record.config["game"])
        every = starts_of(game, record.config["game"], record.config["starts"])
        utilities = [exact_utilities(RationalGame.of(game), start)[:] for start in every[:20]]
        assert found[game_id(record)].sum() >= max(map(sum, utilities)) - 1e-9
        mean = sender_utilities(game, every).mean(0)
        np.testing.assert_allclose(mean, record.facts.start_utilities, atol=1e-9)
        best = max(every, key=lambda start: sender_utilities(game, start).sum())
        np.testing.assert_allclose(found[game_id(record)], sender_utilities(game, best), atol=1e-9)


def test_a_search_without_a_network_that_is_ahead_is_counted_against_dnl(evidence):
    parts = payoffs.over_searches(gathered(evidence, searches=searches(-0.1)))
    assert states(parts) == ["against"] * 2
    assert {part.name.split(" − ")[0] for part in payoffs.over_each_search(evidence)} == {
        "logit scale 1, 2 senders, DNL", "logit scale 10, 2 senders, DNL",
    }  # fmt: skip
    assert all(abs(part.mean + 0.1) < 0.02 for part in parts), "relative to the utility range"
    assert verdict(parts) is Verdict.FAILS
    mixed = searches(0.1).assign(logit_scale=1.0, solved=lambda f: f["game"].str.startswith("10"))
    found = payoffs.over_each_search(gathered(evidence, searches=mixed))
    assert [part.size for part in found] == [20, 20], "the games that both solved"


@pytest.mark.parametrize(
    ("near", "far", "expected"),
    [  # means of differences, their half-widths: DNL beats both only if it beats each
        ((0.02, 0.005), (0.03, 0.08), Verdict.OPEN),
        ((0.001, 0.002), (0.2, 0.02), Verdict.EQUAL),
        ((0.005, 0.002), (0.03, 0.025), Verdict.EQUAL),
        ((0.02, 0.005), (0.03, 0.008), Verdict.HOLDS),
        ((-0.03, 0.08), (-0.02, 0.005), Verdict.FAILS),
        ((-0.001, 0.002), (0.001, 0.002), Verdict.EQUAL),
    ],
)
def test_who_beats_both_rivals_beats_each(near, far, expected):
    """Twenty differences with such a mean and interval, in either order of the rivals; each rival alone besides."""
    shape = np.resize([-1.0, 1.0], 20)
    shape /= Effect.share("", shape).half_width
    parts = [
        Effect.share(name, mean + half * shape) for name, (mean, half) in zip("ab", (near, far))
    ]
    for order in (parts, parts[::-1]):
        assert verdict(stronger_rival(order)) is expected
    alone = [verdict([part]) for part in parts]
    assert (expected is Verdict.HOLDS) == (alone == [Verdict.HOLDS] * 2)


def test_the_doubt_is_the_one_sided_p_value():
    for values in ([0.1, 0.5, 0.3, 0.2], [-0.1, -0.5, 0.3, -0.2], [0.3, -0.2, 0.1]):
        expected = stats.ttest_1samp(values, 0, alternative="greater").pvalue
        assert Effect.of("a", values).doubt == pytest.approx(expected)
    assert [Effect.of("a", v).doubt for v in ([0.0, 0.0], [2.0], [1.0, 1.0], [-1.0, -1.0])] == [
        0.5, 0.5, 0.0, 1.0,
    ]  # fmt: skip


def test_less_accurate_everywhere_does_not_hold(evidence):
    worse = gathered(evidence, errors=errors(2.0))
    assert verdict(approximation.accuracy(worse)) is Verdict.FAILS
    assert verdict(approximation.accuracy_everywhere(worse)) is Verdict.FAILS


def test_levels_say_how_many_games_they_rest_on(evidence):
    own = evidence.errors.query("method == 'dnl'")
    sizes = [own[size].value_counts() for size in ("signals", "states", "actions")]
    fewest, most = (end(counts) for end, counts in ((min, map(min, sizes)), (max, map(max, sizes))))
    for part in approximation.accuracy_everywhere(evidence):
        assert f"({fewest} to {most} games)" in part.name
    names = [part.name for part in approximation.accuracy_by_level(evidence)]
    assert f"4 states ({sizes[1][4]} games), DeLU" in names
    single = gathered(evidence, errors=errors(0.5, games=1))
    assert "(1 game)" in approximation.accuracy_everywhere(single)[0].name


def test_what_is_against_a_claim_stands_beside_holds_partly(evidence):
    parts = [FOR, AGAINST, OPEN]
    for measured, counts in ((parts, "1 for, 1 against, 1 open"), ([FOR], "")):
        claim = ledger.Claim("here", "mixed", "page", "a test", lambda _, found=measured: found)
        word = "holds partly" if counts else "holds"
        row = ledger.ledger_markdown(ledger.ledger_table([claim], evidence)).splitlines()[-1]
        assert row.endswith(f"| **{word}**{'<br>' * bool(counts)}{counts} |")


def test_a_planted_slope_is_measured(evidence):
    rise = {e.name: e for e in approximation.trends_relative(evidence)}["DNL, rise per state"]
    assert abs(rise.mean - 0.2) < rise.half_width
    falling = gathered(evidence, errors=errors(0.5, slope=-0.2))
    found = approximation.mean_trends_relative(falling)
    assert (
        dict(zip([e.name for e in found], states(found)))["all networks, rise per state"]
        == "against"
    )


def test_the_papers_slopes_are_of_errors_as_shares_of_the_range(evidence):
    """More signals: smaller errors, but larger ones relative to a variance that shrinks faster."""
    table = evidence.errors
    table = table.assign(
        training=(0.1 * (12.0 - table["signals"]) * table["utility_range"]) ** 2,
        training_relative=np.exp(0.3 * table["signals"]),
        degenerate=table["game"].isin(["g0", "g1"]),
    )
    changed = gathered(evidence, errors=table)
    paper, relative = (
        slopes(changed)[0]
        for slopes in (approximation.mean_trends, approximation.mean_trends_relative)
    )
    assert paper.name == relative.name == "all networks, fall per signal"
    assert (round(paper.mean, 9), paper.size) == (0.1, 30)
    assert (round(relative.mean, 9), relative.size) == (-0.3, 28)
    assert [states([part]) for part in (paper, relative)] == [["for"], ["against"]]
    flat = gathered(evidence, errors=table.assign(training=2.0 + 1e-4 * table["signals"]))
    assert verdict(approximation.trends(flat)) is Verdict.EQUAL


def test_figure_1_is_decided_over_seeds_against_the_stronger_rival(evidence):
    parts = approximation.figure_1(evidence)
    # DeLU's errors are twice DNL's, ReLU's thrice
    assert [part.name for part in parts] == [
        f"sender {sender}, log error DeLU / DNL" for sender in (1, 2)
    ]
    for part in parts:
        assert part.mean == pytest.approx(np.log(2), abs=0.05)
        assert part.size == 5
    beside = [str(part) for part in approximation.figure_1_beside(evidence)]
    assert len(beside) == 6
    assert beside[-1] == "the run in the figure: senders on which DNL beats DeLU: 2 of 2"
    seeds = evidence.didactic_seeds
    close = seeds.assign(**{"held-out / variance": 0.2 + 0.1 * (seeds["seed"] % 2)})
    assert (
        verdict(approximation.figure_1(gathered(evidence, didactic_seeds=close)))
        is not Verdict.HOLDS
    )


def test_certificates_are_counted_only_where_they_decide(evidence):
    parts = certified.really_local(evidence)
    assert [part.name.split(", ") for part in parts] == [
        [name, "radius 0.005"] for name in ("ReLU", "DeLU", "DNL")
    ]
    assert [(part.true, part.size) for part in parts] == [(1, 1), (0, 1), (1, 1)]
    assert verdict(parts) is Verdict.PARTLY
    # the other search's radius is an event of its own
    further = certified.really_local_further(evidence)
    assert [part.size for part in further[:3]] == [0, 0, 0]
    assert [str(part) for part in further[3:]] == [
        "decided, radius 0.005: 3 of 4", "decided, radius 0.01: 0 of 0",
    ]  # fmt: skip


def test_networks_are_compared_on_the_games_that_all_were_tried_on():
    """A run may be cut short between the networks of a game, as the committed one was at first."""
    paper, results = preset("paper"), study.default_results()
    evidence = ledger.gather(paper, results)
    for table, experiment in (
        ("selections", "synthetic"), ("errors", "synthetic"), ("certificates", "figure-certificates"),
        ("scenario_certificates", "table-1-certificates"),
    ):  # fmt: skip
        tried = defaultdict(set)
        for record in study.produce(paper, experiment, results):
            tried[game_id(record)].add(record.config.get("method"))
        complete = {game for game, methods in tried.items() if methods >= {"relu", "delu", "dnl"}}
        assert set(getattr(evidence, table)["game"]) <= complete, table


def test_certificates_of_scenarios_are_counted_by_scenario(evidence):
    parts = certified.scenarios_really_local(evidence)
    # of b's two profiles one is open
    assert [(p.name, p.true, p.size) for p in parts] == [("a", 1, 2), ("b", 1, 1)]


def test_scenarios_are_compared_step_by_step_and_with_the_stronger_rival(evidence):
    frame = evidence.scenarios.assign(family="ride-hailing")
    lead = frame["method"].map({"relu": 0.0, "delu": 0.2, "dnl": 0.0}).to_numpy()
    frame["welfare"] += lead
    (part,) = payoffs.scenario_rivals(gathered(evidence, scenarios=frame))
    assert part.name == "ride-hailing, DNL − DeLU"
    assert part.mean == pytest.approx(
        (frame[frame["method"] == "dnl"]["welfare"].mean() - 0.2) / 4, rel=0.05
    )
    assert [p.name for p in payoffs.scenario_order(gathered(evidence, scenarios=frame))] == [
        "ride-hailing, DNL − DeLU", "ride-hailing, DeLU − ReLU",
    ]  # fmt: skip
    # the same of the constants that were chosen first, from a frame of their own
    first = gathered(evidence, first_scenarios=frame)
    assert payoffs.first_rivals(first) == [part]
    assert payoffs.scenario_rivals(first) != [part]


def test_dominance_counts_games_and_wants_nearly_all_of_them(evidence):
    """Utilities of two senders over a range of 4, planted against DNL's (2, 2)."""
    planted = {
        "relu": [(1, 1), (1, 2), (2, 2 + 1e-12), (3, 1), (3, 3), (1.99, 2)],
        "delu": [(0, 0)] * 6,
        "dnl": [(2, 2)] * 6,
    }
    rows = [
        {
            "game": f"g{game}", "method": method, "senders": 2, "radius": 0.005, "solved": True,
            "utilities": np.array(utilities, float), "utility_range": 4.0,
            "revelation": np.array([1.0, 3.0]) if game else None,
        }
        for method, own in planted.items()
        for game, utilities in enumerate(own)
    ]  # fmt: skip
    frame = pd.DataFrame(rows)
    counts = {p.name: (p.true, p.size) for p in payoffs.dominance(gathered(selections=frame))}
    assert counts == {
        "dominates ReLU": (3, 5), "dominates DeLU": (6, 6), "dominates full revelation": (0, 5),
    }  # fmt: skip
    table = dominance_table(frame).set_index("against")
    assert table.loc["ReLU"].to_list() == [6, 5, 3, 1, 1]
    # in the last game the difference is too small to matter
    (_, near), *_ = (
        (p.true, p.size) for p in payoffs.dominance_that_matters(gathered(selections=frame))
    )
    assert near == 4
    assert verdict(payoffs.dominance(gathered(selections=frame))) is Verdict.PARTLY
    # units and zero points of the senders, in one scale, do not matter; nor does leaving a game unsolved by a rival
    moved = frame.assign(
        utilities=[7 * u + 1 for u in frame["utilities"]],
        revelation=[None if r is None else 7 * r + 1 for r in frame["revelation"]],
        utility_range=28.0,
    )
    pd.testing.assert_frame_equal(dominance_table(moved), dominance_table(frame))
    lost = frame.assign(solved=~((frame["method"] == "relu") & (frame["game"] == "g0")))
    assert dominance_table(lost).set_index("against")["games"].to_list() == [5, 6, 5]
    assert dominance_table(frame[:0])["games"].to_list() == [0, 0, 0]


@pytest.mark.parametrize("column", ["welfare", "utilities"])
def test_pairs_are_of_games_that_have_both(evidence, column):
    frame = evidence.at(2)
    lost = (frame["method"] == "relu") & (frame["game"] == "g0")
    frame = frame[~lost]
    assert "g0" not in paired(frame, column, "dnl", "relu").index
    assert len(paired(frame, column, "dnl", "delu")) == 20
    assert all(not np.any(gap) for gap in paired(frame, column, "dnl", "dnl"))
    assert paired(frame, column, "dnl", "random-search").empty


def test_unsolved_games_are_left_out_of_pairs(evidence):
    frame = evidence.selections.copy()
    lost = (frame["method"] == "relu") & frame["game"].isin(["g0", "g1"])
    frame.loc[lost, "solved"] = False
    sizes = {e.name: e.size for e in payoffs.welfare_by_rival(gathered(evidence, selections=frame))}
    assert (sizes["DNL − ReLU"], sizes["DNL − DeLU"]) == (18, 20)


@pytest.mark.parametrize("claim", ledger.THEORY, ids=lambda claim: claim.where)
def test_theory_is_checked_and_would_fail(claim, monkeypatch):
    shortened = {"SEGMENTS": 9, "REDUCTIONS": 3, "REVELATIONS": 3, "POOLED": 3, "WIN_LOSE": 15}
    for name, some in shortened.items():
        monkeypatch.setattr(theory, name, getattr(theory, name)[:some])
    monkeypatch.setattr(theory, "AGREEMENTS", 4)
    assert verdict(claim.parts(None)) is Verdict.HOLDS
    if claim.where in ("Proposition 2", "Theorem 3"):
        real = theory.best_response

        def wrong(game, policies, sender, **options):
            found = real(game, policies, sender, **options)
            return dataclasses.replace(found, upper_bound=found.upper_bound + 1)

        monkeypatch.setattr(theory, "best_response", wrong)
        assert verdict(claim.parts(None)) is Verdict.FAILS


def test_own_statements_stand_apart_and_would_fail(monkeypatch):
    assert set(ledger.own_table()["verdict"]) == {ledger.STANDING}
    assert not {claim.says for claim in ledger.OWN} & {claim.says for claim in ledger.THEORY}
    monkeypatch.setattr(own, "improving_column", lambda *_, **__: None)
    monkeypatch.setattr(own, "count_sums", lambda *_: -1)
    monkeypatch.setattr(own, "pure_gains", lambda payoffs, _: np.full(len(payoffs), -1.0))
    monkeypatch.setattr(own, "sender_value", lambda *_: -1)
    monkeypatch.setattr(own, "SAME_UTILITY", -1.0)
    assert [str(verdict(claim.parts(None))) for claim in ledger.OWN] == [
        "holds partly", "holds partly", "does not hold", "does not hold", "does not hold", "does not hold",
    ]  # fmt: skip


def test_the_ledger_of_a_preset(tmp_path):
    small = {"scenarios": ["ride-hailing"], "training.samples": 64, "training.held_out": 32}
    small |= {"second.levels": [2], "instances": 1, "searches.1.starts": 2}
    smoke = preset("smoke", {**small, "certificates.polish_rounds": 1})
    evidence = ledger.gather(smoke, tmp_path / "store.sqlite", workers=1)
    table = ledger.ledger_table(ledger.EMPIRICAL, evidence)
    assert len(table) == len(ledger.EMPIRICAL)
    assert set(table["verdict"]) <= {str(v) for v in Verdict}
    lost = table[table["claim"] == "the values of Table 1"].iloc[0]
    assert lost["verdict"] == "not decidable from the text"
    assert "0.498" in lost["paper"]


def test_the_brief_has_a_line_per_claim_and_a_verdict_that_leads_to_its_row():
    table = pd.DataFrame(
        {
            "claim": ["a < b", "c", "d"],
            "where": ["Figure 1", "Figure 2", "Figure 3"],
            "verdict": ["holds", "does not hold", "holds"],
            "anchor": ["claim-a", "claim-c", "claim-d"],
        }
    )
    lines = ledger.ledger_brief(table).splitlines()[2:]
    assert [line.split(" | ")[0] for line in lines] == ["| a &lt; b", "| d", "| c"]
    assert lines[2].endswith(
        '| Figure\N{NO-BREAK SPACE}2 | <a class="verdict fails" href="ledger.html#claim-c">does not hold</a> |'
    )


def test_a_section_opens_with_claim_finding_and_a_link_to_its_row(evidence):
    text = ledger.opening(evidence, "Figure 2").replace("\N{NO-BREAK SPACE}", " ")
    found = payoffs.utilities(evidence)[0]
    (claim,) = (c for c in ledger.EMPIRICAL if c.where.endswith("Figure 2"))
    assert f"*What we find*: {found}" in text
    assert f'<a href="../ledger.html#{claim.anchor}">holds</a>' in text
    row = ledger.ledger_markdown(ledger.ledger_table([claim], evidence))
    assert f'<span id="{claim.anchor}"></span>' in row
    with pytest.raises(ValueError, match="no claim at or beginning with 'Figure 9'"):
        ledger.opening(evidence, "Figure 9")


def test_a_finding_of_many_parts_is_a_list_that_says_what_each_says_of_the_claim(evidence):
    claims = [c for c in ledger.EMPIRICAL if c.where.endswith("Figure 4")]
    rows = ledger.ledger_table(claims, evidence).to_dict("records")
    opening = ledger.opening(evidence, "Figure 4")
    texts = re.split(r"\*(?:The paper's claim|Beside the paper)\*: ", opening)[1:]
    words = {"for": "for", "against": "against", "equal": "no difference", "open": "open"}
    several = 0
    for row, text in zip(rows, texts, strict=True):
        items = [line for line in text.splitlines() if line.startswith("- ")]
        parts = zip(row["ours"], row["states"], strict=True)
        listed = [f"- {part} → {words[state]}" for part, state in parts if len(row["ours"]) > 2]
        assert [item.replace("\N{NO-BREAK SPACE}", " ") for item in items] == listed
        several += bool(listed)
    assert several


def test_every_claim_has_a_place_of_its_own_in_the_ledger():
    anchors = [claim.anchor for claim in (*ledger.THEORY, *ledger.EMPIRICAL)]
    assert len(set(anchors)) == len(anchors)


def test_plain_words_follow_the_records(evidence):
    table = pd.DataFrame(
        {
            "where": ["Theorem 4", "Proposition 1", "beside Theorem 3"],
            "verdict": ["holds", "does not hold", "holds"],
            "instances": [30, 12, 7],
        }
    )
    text = ledger.in_plain_words(table, evidence)
    assert text.splitlines()[0].endswith(
        "Of the paper's 2 statements that are checked here, 1 hold on every instance tried, 42 in all."
    )
    assert "are worth more than those found" in text
    assert "confirms 2 of 3 profiles" in text
    even = evidence.selections.assign(welfare=1.0)
    assert "are worth as much as those" in ledger.in_plain_words(
        table, gathered(evidence, selections=even)
    )


def test_theorem_4_is_checked_at_the_sizes_that_the_ledger_names(monkeypatch):
    seen = []
    monkeypatch.setattr(theory, "check_revelation", seen.append)
    theory.revelation(None)
    optimal = [len(set(optimal_action_by_state(game))) for game in seen]
    sizes = [(s.states, s.senders, s.signals) for s in (game.shape for game in seen)]
    actions = [game.shape.actions for game in seen]
    count = len(theory.REVELATIONS)
    assert sizes[:count] == theory.REVELATIONS
    assert optimal[:count] == actions[:count] == [states for states, *_ in theory.REVELATIONS]
    pooled = list(zip(sizes, actions, optimal))[count:]
    assert [(states, a, words, *rest) for (states, *rest), a, words in pooled] == theory.POOLED
    assert [signals_needed(words, n) for words, (_, n, _) in zip(optimal, sizes)] == [
        signals for *_, signals in sizes
    ]


def test_theorem_4_is_refuted_with_the_reflected_gray_code(monkeypatch):
    """It has words at distance 1 where there are three signals or more."""
    survived = collections.Counter()

    def check(game):
        check_revelation(game, reflected_code)
        survived[game.signals] += 1

    monkeypatch.setattr(theory, "check_revelation", check)
    assert verdict(theory.revelation(None)[:1]) is Verdict.PARTLY
    tried = collections.Counter(signals for *_, signals in theory.REVELATIONS + theory.POOLED)
    assert survived[2] == tried[2]
    assert all(survived[signals] <= tried[signals] / 2 for signals in (3, 4))


def test_the_other_equilibrium_of_theorem_4_is_none_if_a_sender_garbles_less(monkeypatch):
    game, policies, prices = garbling()
    revealed = full_revelation(
        Game(*(t.astype(float) for t in (game.prior, game.receiver, game.senders)), 4)
    )
    for signals in (3, 4):
        free = Game(*(t.astype(float) for t in (game.prior, game.receiver, game.senders)), signals)
        wide = np.pad(policies.astype(float), ((0, 0), (0, 0), (0, signals - 3)))
        assert certify(free, wide, 1.0).holds(1e-7)
    np.testing.assert_allclose(sender_utilities(free, revealed), theory.REVEALED.astype(float))
    assert theory._not_the_only_one()
    less = policies.copy()
    less[0, 1] = rationals(["3/10", 0, "7/10"])
    monkeypatch.setattr(theory, "garbling", lambda: (game, less, prices))
    assert not theory._not_the_only_one()


def test_proposition_1_is_refuted_where_a_piece_has_another_slope(monkeypatch):
    real = jumps._piece

    def steeper(*arguments):
        piece = real(*arguments)
        return dataclasses.replace(piece, slope=piece.slope + 1)

    monkeypatch.setattr(theory, "SEGMENTS", theory.SEGMENTS[:9])
    monkeypatch.setattr(jumps, "_piece", steeper)
    assert verdict(theory.discontinuity(None)[:1]) is Verdict.FAILS


def test_proposition_2_is_refuted_without_obedience(monkeypatch):
    monkeypatch.setattr(theory, "AGREEMENTS", 4)
    monkeypatch.setattr("persuasion.regret.anywhere.bilinear.add_obedience", lambda *_: None)
    assert verdict(theory.bilinear(None)) is not Verdict.HOLDS
