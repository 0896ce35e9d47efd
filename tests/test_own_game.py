"""Solving a game of one's own: against other solvers, through the command line, with bad input."""

import json
import sys
import time
from pathlib import Path

import jsonschema
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from persuasion import (
    Game,
    Training,
    best_response,
    certify,
    full_revelation,
    no_revelation,
    sampled_gain,
    sender_utilities,
)
from persuasion.__main__ import main
from persuasion.equilibria.nash import Equilibrium
from persuasion.equilibria.nash import landmarks as nash_landmarks
from persuasion.games.examples import EXAMPLES, example
from persuasion.model.policies import optimal_action_by_state, uniform_policies
from persuasion.model.ties import TieRule
from persuasion.own_game import (
    METHODS,
    Request,
    check_size,
    named_profile,
    profile_from,
    profile_to_dict,
    report_page,
    solve,
)
from persuasion.own_game.command import SCHEMAS, schema_text
from persuasion.own_game.solution import Revelation
from persuasion.theorems.full_revelation import signals_needed
from problems import brute_force_utilities, games, prosecutor

ROOT = Path(__file__).parents[1]
FAST = {"starts": 12, "steps": 10, "candidates": 1, "time_limit": 5.0, "search_limit": 1.0}
ARGUMENTS = ["--starts", "12", "--steps", "10", "--candidates", "1", "--time-limit", "5"]
ARGUMENTS += ["--search-limit", "1", "--quiet"]


def schema(name):
    return json.loads(schema_text(name))


@pytest.fixture(scope="module")
def firms():
    return solve(example("bertrand-advertising"), Request(**FAST))


@pytest.fixture
def game_file(tmp_path):
    path = tmp_path / "mine.json"
    example("didactic").to_json(path)
    return path


def solve_locally(game, request, *profile):
    """Without the search for global equilibria, where only the rest is looked at."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("persuasion.equilibria.nash.MOST_STATES", 0)
        return solve(game, request, *profile)


@settings(max_examples=10)
@given(games(max_senders=3, max_size=3, integer=False))
def test_full_revelation_is_an_equilibrium_exactly_where_theorem_4_constructs_it(game):
    actions = len(set(optimal_action_by_state(game)))
    senders = game.shape.senders
    possible = actions == 1 or (senders > 1 and game.signals >= signals_needed(actions, senders))
    # naming the state needs no code
    possible = possible or game.signals >= game.shape.states
    found = solve_locally(game, Request(starts=1, steps=0, candidates=1)).revelation
    assert (found.verdict != "not constructed") == possible
    if possible:
        kept = True
        if senders == 1:  # no theorem: it may gain by hiding
            truth = named_profile(game, "full-revelation")
            most = best_response(game, truth, 0, ties=Request().ties).upper_bound
            told = sender_utilities(game, truth)[0]
            kept = most - told <= Request().tolerance * game.stakes[0]
        assert found.verdict == ("equilibrium" if kept else "no equilibrium")
        informed = float(game.prior @ game.receiver.max(1))
        assert found.examined.receiver_utility == pytest.approx(informed)


@settings(max_examples=10)
@given(games(max_senders=2, max_size=2, integer=False), st.integers(0, 5))
def test_best_responses_to_a_profile_agree_with_enumeration(game, seed):
    profile = uniform_policies(game, seed=seed)
    found = solve_locally(game, Request(starts=1, steps=0, candidates=1), profile).profile
    np.testing.assert_allclose(
        found.utilities, brute_force_utilities(game, profile)[0], atol=1e-9, rtol=1e-9
    )
    for entry in found.certificate.senders:
        reference = best_response(
            game, profile, entry.sender, method="enumerate", ties=Request().ties
        ).upper_bound
        scale = max(np.abs(game.senders[entry.sender]).max(), 1.0)
        assert entry.deviation_utility <= reference + 1e-6 * scale
        assert entry.utility + entry.bound >= reference - 1e-6 * scale


def test_certified_equilibria_withstand_sampling_and_exact_best_responses(firms):
    assert firms.certified
    game = firms.game
    for entry in firms.certified:
        tolerance = firms.request.tolerance * game.utility_range
        assert entry.certificate.regret[1] <= tolerance
        sampled = sampled_gain(game, entry.policies, firms.request.radius, 2_000, seed=99)
        assert sampled.gains.max() <= tolerance + 1e-9
        utilities, _ = brute_force_utilities(game, entry.policies)
        np.testing.assert_allclose(entry.utilities, utilities, atol=1e-9)
        for sender in entry.anywhere.senders:
            reference = best_response(
                game, entry.policies, sender.sender, method="milp", ties="lowest-index"
            )
            assert sender.utility + sender.bound >= reference.value - 1e-6


def test_no_two_certified_equilibria_have_the_same_outcome():
    request = Request(**{**FAST, "starts": 60, "candidates": 3})
    found = solve_locally(example("bertrand-advertising"), request).certified
    assert len(found) == 3
    utilities = np.array([np.append(e.utilities, e.receiver_utility) for e in found])
    assert len(np.unique(utilities.round(6), axis=0)) == 3
    assert (np.diff(utilities[:, :2].sum(1)) <= 1e-12).all(), "best welfare first"


@pytest.mark.parametrize("method", METHODS)
def test_every_method_runs_and_a_seed_repeats_it(method):
    small = Training(samples=256, held_out=0, epochs=1)
    # no search may end because the machine is busy
    limits = {"time_limit": 120.0, "search_limit": 120.0}
    request = Request(methods=(method,), training=small, **{**FAST, **limits})

    def once(way):
        return _without(way(prosecutor(), request).to_dict(), "seconds")

    repeated = method == METHODS[-1]  # one that trains networks, and searches
    way = solve if repeated else solve_locally
    first = once(way)
    assert first["local"][0]["method"] == method
    if repeated:
        assert first == once(way)


def _without(value, name):
    if isinstance(value, dict):
        return {key: _without(item, name) for key, item in value.items() if key != name}
    return [_without(item, name) for item in value] if isinstance(value, list) else value


def test_where_actions_tie_naming_the_state_reveals_all():
    game = Game([0.5, 0.5], [[1, 1], [0, 1]], [[[0, 1], [1, 0]]] * 2, signals=2)
    found = solve_locally(game, Request(**FAST)).revelation
    assert found.verdict == "equilibrium"
    assert "names the state" in found.reason


def test_a_lone_sender_is_told_why_there_is_no_revealing_equilibrium():
    found = solve_locally(prosecutor(), Request(**FAST)).revelation
    assert found.verdict == "no equilibrium"
    assert "gains by hiding" in found.reason
    honest = Game([0.7, 0.3], np.eye(2), [np.eye(2)], signals=2)
    assert solve_locally(honest, Request(**FAST)).revelation.verdict == "equilibrium"
    for game, reason in (
        (Game([0.7, 0.3], [[1, 1], [0, 1]], [np.eye(2)], signals=2), "several optimal actions"),
        (Game([0.7, 0.3], np.eye(2), [np.eye(2)], signals=1), "at least two senders"),
    ):
        found = solve_locally(game, Request(**FAST)).revelation
        assert found.verdict == "not constructed"
        assert reason in found.reason


def test_what_a_run_certifies_counts_as_an_equilibrium_whoever_found_it():
    """The defence may say nothing of use: silence is an equilibrium, which no start of so short a search finds."""
    game = Game([0.55, 0.45], np.eye(2), [[[0, 1], [0, 1]], [[1, 0], [1, 0]]], signals=[1, 2])
    short = Request(starts=1, steps=0, candidates=1, search_limit=1, time_limit=1, seed=1)
    found = solve(game, short)
    assert found.profile.certificate.holds(short.target)
    assert found.certifies
    assert any(np.allclose(e.utilities, found.profile.utilities) for e in found.proven)
    large = solve_locally(game, short)
    assert [entry.start for entry in large.proven] == ["no revelation"]
    for one in (found, large):
        jsonschema.validate(json.loads(one.to_json()), schema("solution"))
        assert len({f.label for f in one.listed}) == len(one.listed)
    outcomes = [entry.outcome for entry in found.found]
    for k, first in enumerate(outcomes):
        assert all(np.abs(first - other).max() > 1e-3 for other in outcomes[:k])


def test_profiles_of_another_game_are_no_equilibria_of_this_one():
    """With one signal there is only silence; with two the lawyers reveal all."""
    game = Game([0.7, 0.3], np.eye(2), [[[0, 1], [0, 1]], [[1, 0], [1, 0]]], signals=1)
    found = solve(game, Request(**FAST))
    # what else was certified depends on the time
    assert found.outcomes.startswith("1 proven; 1 with more signals than the game has")
    (own,) = found.proven
    assert sender_utilities(game, own.policies).tolist() == own.utilities.tolist() == [0, 1]
    assert [listed.kind for listed in found.listed][:2] == [
        "equilibrium", "equilibrium with more signals",
    ]  # fmt: skip
    limited = solve(game, Request(**FAST, limited=True))
    assert limited.outcomes.startswith("1 proven")
    assert len(limited.found) == 1


def test_what_is_far_from_an_equilibrium_is_counted(monkeypatch):
    """At silence each lawyer gains over a tenth of its stake; at full revelation nobody does."""
    game, rule = example("two-lawyers"), TieRule()
    found = [
        Equilibrium.of(game, p, certify(game, p, 1), rule, target=1e-3, start=name)
        for name, p in (("told", full_revelation(game)), ("silent", no_revelation(game)))
    ]
    monkeypatch.setattr("persuasion.equilibria.nash.nash", lambda *_, **__: found)
    both = solve(game, Request(**FAST))
    assert [entry.start for entry in both.found] == ["told"]
    assert both.far == 1
    assert both.outcomes == "1 proven; 1 with a regret above 5%"


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"methods": "dnl"}, "methods must be a list, got 'dnl'"),
        ({"limited": "no"}, "limited must be true or false, got 'no'"),
        ({"ties": "nonsense"}, "nonsense"),
        ({"ties": None}, "ties must be text, such as lowest-index, got None"),
        ({"target": 0}, "target must be a finite positive number"),
    ],
)
def test_settings_that_cannot_be_are_named(settings, message):
    with pytest.raises(ValueError, match=message):
        Request(**settings)


def test_what_is_no_game_or_request_is_named():
    game = example("didactic")
    for arguments in ((game.to_dict(),), (game, {"starts": 5})):
        with pytest.raises(ValueError, match=r"solve takes a Game and a Request, got \w+ and"):
            solve(*arguments)


def test_landmarks_beside_a_report_keep_to_the_time():
    generator = np.random.default_rng(3)
    report = generator.dirichlet(np.ones(6), 24)
    tables = generator.random((24, 5)), generator.random((3, 24, 5))
    game = Game(np.full(24, 1 / 24), *tables, [4, 4, 6], fixed=[None, None, report])
    began = time.process_time()
    marks = nash_landmarks(game, time_limit=0.2)
    assert time.process_time() - began < 15
    assert all(mark.optimal for mark in marks if "revelation" in mark.name)
    assert not all(mark.optimal for mark in marks)


def test_a_million_states_are_refused_at_once_with_their_cost():
    game = Game(np.full(10**6, 1e-6), np.zeros((10**6, 2)), np.zeros((2, 10**6, 2)), signals=100)
    began = time.monotonic()
    with pytest.raises(ValueError, match=r"100\^2 joint signals.*2\.0e\+10 multiplications"):
        solve(game)
    assert time.monotonic() - began < 1
    check_size(prosecutor())


# ---- files


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_example_files_are_what_their_generators_make(name, capsys):
    committed = (ROOT / "examples" / f"{name}.json").read_text(encoding="utf-8")
    assert Game.from_json(committed) == example(name)
    assert main(["example", name]) == 0
    assert capsys.readouterr().out == committed
    jsonschema.validate(json.loads(committed), schema("game"))


@pytest.mark.parametrize("name", SCHEMAS)
def test_the_schemas_are_schemas(name, capsys):
    jsonschema.Draft202012Validator.check_schema(schema(name))
    assert main(["schema", name]) == 0
    assert json.loads(capsys.readouterr().out) == schema(name)


def test_a_solution_is_as_its_schema_says(firms):
    data = json.loads(firms.to_json())
    jsonschema.validate(data, schema("solution"))
    assert Game.from_dict(data["game"]) == firms.game
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**data, "more": 1}, schema("solution"))


@given(games(max_senders=3, max_size=3))
def test_what_the_library_writes_its_schemas_accept(game):
    jsonschema.validate(game.to_dict(), schema("game"))
    profile = profile_to_dict(uniform_policies(game, seed=0))
    jsonschema.validate(profile, schema("profile"))
    assert np.array_equal(profile_from(game, profile), np.array(profile["policies"]))


BROKEN = [
    ({"signals": 0}, "signals"),
    ({"signals": 1.5}, "signals"),
    ({"prior": []}, "prior"),
    ({"prior": [-0.5, 1.5]}, "prior"),
    ({"receiver": [1, 2]}, "receiver"),
    ({"senders": [[1, 2]]}, "senders"),
    ({"unknown": 1}, "unknown"),
    ({"schema": "other"}, "schema"),
]


@pytest.mark.parametrize(("change", "name"), BROKEN)
def test_what_the_schema_refuses_the_library_refuses_by_name(change, name):
    data = {**prosecutor().to_dict(), **change}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(data, schema("game"))
    with pytest.raises(ValueError, match=name):
        Game.from_dict(data)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ([[1, 0]], r"shape \(..., senders=1, states=2, signals=2\), got \(1, 2\)"),
        ([[[1, 0], [0.5, 0.2]]], "state 1.*sums to 0.7"),
        ({"policies": [[[1, 0], [0, 1]]], "more": 1}, "unknown keys: more"),
        ({}, "lacks policies"),
        ({"schema": "x", "policies": []}, "schema is 'x'"),
        ({"schema": "persuasion/solution/6", "found": []}, "this is a solution"),
        ([[["a", 0]]], "rectangular"),
    ],
)
def test_bad_profiles_are_refused_by_name(data, message):
    with pytest.raises(ValueError, match=message):
        profile_from(prosecutor(), data)


def test_a_profile_may_leave_out_the_signals_that_a_sender_lacks():
    tables = [[[0, 1], [0, 1]], [[1, 0], [1, 0]]]
    game = Game([0.7, 0.3], [[1, 0], [0, 1]], tables, [2, 3])
    ragged = [[[1, 0], [0, 1]], [[1, 0, 0], [0, 1, 0]]]
    whole = [[[1, 0, 0], [0, 1, 0]], [[1, 0, 0], [0, 1, 0]]]
    for data in (ragged, whole, {"policies": ragged}):
        jsonschema.validate(data, schema("profile"))
        assert profile_from(game, data).tolist() == whole
    for wrong in ([ragged[0], ragged[0]], [ragged[0], [[1, 0, 0], [0, 1]]], [[[1]] * 2, ragged[1]]):
        with pytest.raises(ValueError, match="rows differ in length"):
            profile_from(game, wrong)


# ---- the command


def test_the_command_writes_a_report_and_says_what_it_found(game_file, capsys):
    example("bertrand-advertising").to_json(game_file)
    assert main(["solve", str(game_file), *ARGUMENTS]) == 0
    folder = game_file.with_name("mine-solution")
    data = json.loads((folder / "solution.json").read_text())
    jsonschema.validate(data, schema("solution"))
    output = capsys.readouterr()
    assert "full revelation: not constructed (revealing 3 optimal actions" in output.out
    assert "local equilibrium 1 (exact-gradient): senders" in output.out
    assert str(folder / "report.html") in output.out
    assert not output.err


def test_progress_goes_to_the_error_stream(game_file, capsys):
    main(["solve", str(game_file), *ARGUMENTS[:-1]])
    assert "best responses to no revelation" in capsys.readouterr().err


def test_the_exit_code_tells_when_nothing_is_certified(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("persuasion.equilibria.nash.MOST_STATES", 2)
    path = tmp_path / "lawyers.json"
    example("two-lawyers").to_json(path)
    # so few starts end at informative profiles only, and at each of them one of the lawyers gains
    arguments = ["solve", str(path), *ARGUMENTS]
    assert main(arguments) == 0, "full revelation is certified"
    refuse = Revelation("not constructed", "not asked", None)
    module = sys.modules["persuasion.own_game.solve"]
    monkeypatch.setattr(module, "_revelation", lambda *_: refuse)
    assert main([*arguments, "--time-limit", "0.5"]) == 1
    data = json.loads((tmp_path / "lawyers-solution" / "solution.json").read_text())
    assert [entry["status"] for entry in data["local"]] == ["not reached: budget"]
    output = capsys.readouterr().out
    assert "full revelation: equilibrium" in output
    assert "not searched: more than 2 states" in output


def test_global_equilibria_come_first_with_what_to_compare_them_with(firms):
    """None beyond collusion, no sender alone below its best response with the game's signals."""
    assert firms.proven
    marks = {mark.name: mark for mark in firms.landmarks}
    assert set(marks) == {
        "no revelation", "full revelation", "firm 0 alone", "firm 1 alone", "collusion",
    }  # fmt: skip
    stakes = firms.game.stakes
    most = (marks["collusion"].utilities / stakes).sum()
    for entry in firms.proven:
        assert entry.certificate.radius == 1
        assert entry.relative_regret[1] <= entry.target
        assert (entry.utilities / stakes).sum() <= most + 1e-9
    for sender in range(2):
        alone = best_response(firms.game, no_revelation(firms.game), sender).value
        assert marks[f"firm {sender} alone"].utilities[sender] >= alone - 1e-7
    page = report_page(firms)
    assert page.index("Profiles found") < page.index("What the searches found")


def test_a_profile_from_a_file_is_examined(game_file, tmp_path, capsys):
    path = tmp_path / "profile.json"
    example("two-lawyers").to_json(game_file)
    policies = named_profile(example("two-lawyers"), "full-revelation")
    path.write_text(json.dumps(profile_to_dict(policies)))
    limits = ["--time-limit", "0.5", "--search-limit", "0.1"]
    main(["solve", str(game_file), "--profile", str(path), *ARGUMENTS, *limits])
    assert "profile.json: prosecutor has 0.38 and gains 0 " in capsys.readouterr().out


@pytest.mark.parametrize(
    ("text", "arguments", "message"),
    [
        ("{", [], "not valid JSON"),
        ('{"prior": [1]}', [], "lacks receiver, senders, signals"),
        ("[]", [], "JSON object"),
        (None, ["--radius", "0"], "radius must be a finite positive number"),
        (None, ["--starts", "0"], "starts must be a whole number"),
        (None, ["--ties", "coin"], "unknown tie rule"),
        (None, ["--ties", "sender-9"], "favours sender 9"),
        (None, ["--profile", "nowhere.json"], "nowhere.json: no such file"),
        (None, ["--method", "dnl", "--method", "dnl"], "methods must differ"),
    ],
)
def test_bad_input_ends_with_code_2_and_its_reason(game_file, text, arguments, message, capsys):
    if text is not None:
        game_file.write_text(text)
    assert main(["solve", str(game_file), *ARGUMENTS, *arguments]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert "Traceback" not in error


def test_files_that_cannot_be_read_or_written_are_named(tmp_path, game_file, capsys):
    assert main(["solve", str(tmp_path / "none.json")]) == 2
    assert "none.json: cannot be read (No such file" in capsys.readouterr().err
    assert main(["solve", str(game_file), "--out", str(game_file), *ARGUMENTS]) == 2
    assert "cannot be made" in capsys.readouterr().err
    assert main(["example", "chess"]) == 2
    assert "there are two-lawyers" in capsys.readouterr().err


def test_the_report_escapes_what_users_write(tmp_path):
    evil = "<script>alert('x')</script>"
    game = Game([0.5, 0.5], [[1, 0], [0, 1]], [[[0, 1], [0, 1]]] * 2, 2, name=evil)
    solution = solve(game, Request(**FAST), named_profile(game, "random"), "<img src=x>")
    page = report_page(solution)
    assert "<script" not in page
    assert "<img" not in page
    assert "&lt;script&gt;" in page


def test_the_report_has_every_section_and_number(firms):
    page = report_page(firms)
    for heading in ("Full revelation", "Best responses", "Local equilibria", "How this was made"):
        assert f"<h2>{heading}" in page
    assert f"{firms.certified[0].utilities[0]:.5g}" in page
    assert "http://" not in page
    assert "https://" not in page
