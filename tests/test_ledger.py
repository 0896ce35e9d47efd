"""The ledger's rule on made-up measurements, and its parts on made-up records."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from persuasion.experiments import preset
from persuasion.report import ledger
from persuasion.report.ledger import Count, Effect, Verdict, empirical, own, theory, verdict

FOR, AGAINST, OPEN = Effect("a", 1.0, 0.5, 9), Effect("b", -1.0, 0.5, 9), Effect("c", 0.1, 0.5, 9)
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
    ],
)
def test_the_rule(parts, expected):
    assert verdict(parts) is expected


@given(st.lists(st.floats(-1e3, 1e3), min_size=2, max_size=30))
def test_the_state_is_that_of_the_interval(values):
    effect = Effect.of("x", values)
    low, high = effect.mean - effect.half_width, effect.mean + effect.half_width
    expected = "for" if low > 0 else "against" if high < 0 else "open"
    assert effect.state == expected
    mirrored = Effect.of("x", [-v for v in values]).state
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
                    "solved": True, "utilities": value, "welfare": value.sum(), "family": "s",
                    "start": np.zeros(senders), "revelation": np.zeros(senders),
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
                    "training": 3 * error, "held_out": 3 * error,
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
    certificates = pd.DataFrame(
        {
            "method": ["relu", "delu", "dnl", "dnl"],
            "local_lower": [0.0, 0.1, 0.0, 0.0],
            "local_upper": [0.0, 0.1, 0.0, 0.1],
            "headline": 1e-3,
        }
    )
    return empirical.Evidence(
        didactic,
        errors(0.5, slope=0.2),
        frame,
        frame[frame["senders"] == 2],
        certificates,
        certificates.assign(family=["a", "a", "b", "b"]),
        searches(0.1),
        (0.005, 0.01),
    )


@pytest.mark.parametrize(
    "parts",
    [
        empirical.figure_1, empirical.accuracy, empirical.accuracy_held_out,
        empirical.accuracy_everywhere, empirical.utilities, empirical.from_starts,
        empirical.over_revelation, empirical.welfare, empirical.welfare_gained,
        empirical.larger_radius, empirical.over_searches,
    ],
)  # fmt: skip
def test_planted_advantages_are_found(evidence, parts):
    assert verdict(parts(evidence)) is Verdict.HOLDS


@pytest.mark.parametrize(
    "parts",
    [empirical.utilities, empirical.from_starts, empirical.welfare, empirical.welfare_gained],
)
def test_planted_disadvantages_are_found(evidence, parts):
    worse = evidence.selections.assign(
        utilities=[-u for u in evidence.selections["utilities"]],
        welfare=-evidence.selections["welfare"],
    )
    assert verdict(parts(dataclasses.replace(evidence, selections=worse))) is Verdict.FAILS


def test_a_search_without_a_network_that_is_ahead_is_counted_against_dnl(evidence):
    parts = empirical.over_searches(dataclasses.replace(evidence, searches=searches(-0.1)))
    assert [part.state for part in parts] == ["against"] * 4
    assert parts[0].name == "logit scale 1, 2 senders, DNL − random search"
    assert all(abs(part.mean + 0.1) < 0.02 for part in parts), "relative to the utility range"
    assert verdict(parts) is Verdict.FAILS
    mixed = searches(0.1).assign(logit_scale=1.0, solved=lambda f: f["game"].str.startswith("10"))
    found = empirical.over_searches(dataclasses.replace(evidence, searches=mixed))
    assert [part.size for part in found] == [20, 20], "the games that both solved"


def test_less_accurate_everywhere_does_not_hold(evidence):
    worse = dataclasses.replace(evidence, errors=errors(2.0))
    assert verdict(empirical.accuracy(worse)) is Verdict.FAILS
    assert verdict(empirical.accuracy_everywhere(worse)) is Verdict.FAILS


def test_a_planted_slope_is_measured(evidence):
    states = {e.name: e for e in empirical.trends_relative(evidence)}["DNL, rise per state"]
    assert states.state == "for"
    assert abs(states.mean - 0.2) < states.half_width
    falling = dataclasses.replace(evidence, errors=errors(0.5, slope=-0.2))
    found = {e.name: e.state for e in empirical.trends_relative(falling)}
    assert found["DNL, rise per state"] == "against"


def test_the_papers_slopes_are_of_errors_in_utility_units(evidence):
    """More signals: smaller errors, but larger ones relative to a variance that shrinks faster."""
    table = evidence.errors
    table = table.assign(
        training=10.0 - table["signals"],
        training_relative=np.exp(0.3 * table["signals"]),
        degenerate=table["game"].isin(["g0", "g1"]),
    )
    changed = dataclasses.replace(evidence, errors=table)
    paper, relative = (
        {e.name: e for e in slopes(changed)}["DNL, fall per signal"]
        for slopes in (empirical.trends, empirical.trends_relative)
    )
    assert (paper.state, round(paper.mean, 9), paper.size) == ("for", 1.0, 30)
    assert (relative.state, round(relative.mean, 9), relative.size) == ("against", -0.3, 28)


def test_certificates_are_counted_only_where_they_decide(evidence):
    found = {part.name: (part.true, part.size) for part in empirical.really_local(evidence)}
    assert found == {"ReLU": (1, 1), "DeLU": (0, 1), "DNL": (1, 1)}
    assert verdict(empirical.really_local(evidence)) is Verdict.PARTLY


def test_certificates_of_scenarios_are_counted_by_scenario(evidence):
    parts = empirical.scenarios_really_local(evidence)
    # of b's two profiles one is open
    assert [(p.name, p.true, p.size) for p in parts] == [("a", 1, 2), ("b", 1, 1)]


def test_scenarios_are_compared_in_order(evidence):
    first, second = empirical.scenario_order(evidence)
    assert (first.state, second.state) == ("for", "open")


def test_unsolved_games_are_left_out_of_pairs(evidence):
    frame = evidence.selections.copy()
    lost = (frame["method"] == "relu") & frame["game"].isin(["g0", "g1"])
    frame.loc[lost, "solved"] = False
    sizes = {
        e.name: e.size for e in empirical.welfare(dataclasses.replace(evidence, selections=frame))
    }
    assert sizes == {"DNL − ReLU": 18, "DNL − DeLU": 20}


@pytest.mark.parametrize("claim", ledger.THEORY, ids=lambda claim: claim.where)
def test_theory_is_checked_and_would_fail(claim, monkeypatch):
    assert verdict(claim.parts(None)) is Verdict.HOLDS
    if claim.where in ("Proposition 2", "Theorem 3"):
        real = theory.best_response

        def wrong(game, policies, sender, **options):
            found = real(game, policies, sender, **options)
            off = options.get("method") != "enumerate"
            return dataclasses.replace(found, upper_bound=found.upper_bound + off)

        monkeypatch.setattr(theory, "best_response", wrong)
        assert verdict(claim.parts(None)) is Verdict.FAILS


def test_own_statements_stand_apart_and_would_fail(monkeypatch):
    assert set(ledger.own_table()["verdict"]) == {ledger.STANDING}
    assert not {claim.says for claim in ledger.OWN} & {claim.says for claim in ledger.THEORY}
    monkeypatch.setattr(own, "improving_column", lambda *_, **__: None)
    monkeypatch.setattr(own, "count_sums", lambda *_: -1)
    monkeypatch.setattr(own, "pure_gains", lambda payoffs, _: np.full(len(payoffs), -1.0))
    assert [str(verdict(claim.parts(None))) for claim in ledger.OWN] == [
        "holds partly", "holds partly", "does not hold", "does not hold",
    ]  # fmt: skip


def test_the_ledger_of_a_preset(tmp_path):
    smoke = preset("smoke", {"scenarios": ["ride-hailing"]})
    evidence = ledger.gather(smoke, tmp_path / "store.sqlite", workers=1)
    table = ledger.ledger_table(ledger.EMPIRICAL, evidence)
    assert len(table) == len(ledger.EMPIRICAL)
    assert set(table["verdict"]) <= {str(v) for v in Verdict}
    lost = table[table["claim"] == "the values of Table 1"].iloc[0]
    assert lost["verdict"] == "not decidable from the text"
    assert "0.498" in lost["paper"]


def test_the_brief_names_every_claim_once_under_its_verdict():
    table = pd.DataFrame(
        {
            "claim": ["a < b", "c", "d"],
            "where": ["Figure 1", "Figure 2", "Figure 3"],
            "verdict": ["holds", "does not hold", "holds"],
        }
    )
    text = ledger.ledger_brief(table)
    first, second = text.splitlines()
    assert first == "- **Holds** (2): a &lt; b (Figure 1); d (Figure 3)"
    assert second == "- **Does not hold** (1): c (Figure 2)"
