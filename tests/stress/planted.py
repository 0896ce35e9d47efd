"""Planted faults: one line of a copy of the library is broken, and a test has to notice.

``make test`` runs all of these tests, so a fault that one of them notices makes it fail.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Fault:
    """What is broken: in a file, a piece of text that occurs once; and the tests that must fail."""

    what: str
    file: str
    right: str
    wrong: str
    tests: str


FAULTS = (
    Fault("simulator: ties go to the last action", "simulate.py",
        "for action in range(mask.shape[1]):", "for action in reversed(range(mask.shape[1])):", "test_simulate.py::test_utilities_and_actions_agree_with_brute_force"),
    Fault("simulator: the receiver minimises", "simulate.py",
        "optimal = values >= (values.amax(1) - self.slack * mass).unsqueeze(1)",
        "optimal = values <= (values.amin(1) + self.slack * mass).unsqueeze(1)", "test_simulate.py::test_utilities_and_actions_agree_with_brute_force"),
    Fault("simulator: the prior is forgotten", "simulate.py",
        "lambda rows: _product(batch[rows, :cut]) * prior,",
        "lambda rows: _product(batch[rows, :cut]) * (prior * 0 + 1),", "test_simulate.py::test_utilities_and_actions_agree_with_brute_force"),
    Fault("tie rules: welfare counts one sender", "ties.py",
        "return game.senders.sum(0)", "return game.senders[0]", "test_simulate.py::test_welfare_weighs_all_senders"),
    Fault("posteriors: unlikely joint signals first", "posteriors.py",
        "np.argsort(-probability", "np.argsort(probability", "test_posteriors.py::test_beliefs_probabilities_and_actions_agree_with_loops"),
    Fault("projection onto the simplex: threshold too low", "policies.py",
        "thresholds = (ordered.cumsum(-1) - 1) / counts", "thresholds = (ordered.cumsum(-1) - 0.9) / counts",
        "test_policies.py::test_simplex_projection_meets_its_optimality_conditions"),
    Fault("Theorem 4: no check digit", "policies.py",
        "-digits.sum(1, keepdims=True) % signals", "digits[:, :1] % signals", "test_policies.py::test_parity_code_words_differ_in_two_places"),
    Fault("Theorem 4: one signal too few accepted", "policies.py",
        "while signals ** (senders - 1) < actions:", "while signals**senders < actions:", "test_policies.py::test_signals_needed_is_theorem_4"),
    Fault("Gray code: blocks are not reflected", "constructions/gray_code.py",
        "blocks = [code[::-1] if digit % 2 else code", "blocks = [code if digit % 2 else code",
        "test_constructions_gray_code.py::test_gray_codes"),
    Fault("Gray code: neighbours are accepted as words", "constructions/gray_code.py",
        "chosen = code[::signals]", "chosen = code", "test_constructions_gray_code.py::test_minimum_distances"),
    Fault("Theorem 3: penalty below its least value", "constructions/public_persuasion.py",
        "return lure * (1 - mass) / ((lure - 1) * mass)", "return lure * (1 - mass) / ((lure + 1) * mass)",
        "test_constructions_public_persuasion.py::test_conditions_of_the_reduction"),
    Fault("Theorem 3: the lure pays in decoy states", "constructions/public_persuasion.py",
        "table[states:, -1] = -lure * (1 - mass) / mass", "table[states:, -1] = lure * (1 - mass) / mass",
        "test_constructions_public_persuasion.py::test_lift_and_extract"),
    Fault("Theorem 5: the players' matrices are exchanged", "constructions/win_lose.py",
        "return game.senders[0, 0][actions], game.senders[1, 0][actions]",
        "return game.senders[1, 0][actions], game.senders[0, 0][actions]", "test_constructions_win_lose.py::test_round_trip"),
    Fault("best response, MILP: a policy may sum to less than 1", "best_response/milp.py",
        "return cp.sum(v.x, axis=0) == 1", "return cp.sum(v.x, axis=0) <= 1", "test_best_response.py::test_methods_agree_with_brute_force_on_a_table_of_games[milp]"),
    Fault("best response, MILP: any action is taken for optimal", "best_response/milp.py",
        "return v.z <= v.y @ sp.kron(sp.eye(columns * actions), np.ones((1, states)))",
        "return v.z <= 1 + 0 * (v.y @ sp.kron(sp.eye(columns * actions), np.ones((1, states))))",
        "test_best_response.py::test_methods_agree_with_brute_force_on_a_table_of_games[milp]"),
    Fault("best response, column generation: stops at once", "best_response/column_generation.py",
        "while self.improve() and", "while False and", "test_best_response.py::test_methods_agree_with_brute_force_on_a_table_of_games[column-generation]"),
    Fault("best response, enumeration: weak and strict exchanged", "best_response/enumerate.py",
        "yield Cone(rows[~strict], rows[strict], problem.gains[column, action])",
        "yield Cone(rows[strict], rows[~strict], problem.gains[column, action])", "test_best_response.py::test_methods_agree_with_brute_force_on_a_table_of_games[enumerate]"),
    Fault("certificate: a box twice as wide", "certify/box.py",
        "np.maximum(centre - radius, 0.0), np.minimum(centre + radius, 1.0)",
        "np.maximum(centre - 2 * radius, 0.0), np.minimum(centre + 2 * radius, 1.0)", "test_certify.py::test_agrees_with_enumeration_of_action_maps"),
    Fault("certificate: half the bound", "certify/local.py",
        "return conclude(problem, outcome.found, outcome.bound, status, SOLVER, start)",
        "return conclude(problem, outcome.found, value + (outcome.bound - value) / 2, status, SOLVER, start)",
        "test_certify.py::test_denied_ties_that_exclude_each_other_are_called_unresolved"),
    Fault("certificate: proved where it is open", "certify/record.py",
        "return False if lower > tolerance else None", "return False if lower > tolerance else True",
        "test_certify.py::test_verdicts"),
    Fault("dynamics: every end is an equilibrium", "equilibria/dynamics.py",
        "if regret[1] <= tolerance:", "if regret[1] <= np.inf:", "test_equilibria.py::test_rivals_with_a_margin_undercut_each_other_down_to_full_revelation"),
    Fault("extra-gradient: no look-ahead", "learn/extragradient.py",
        "if look_ahead:", "if not look_ahead:", "test_learn.py::test_extragradient_converges_where_gradient_ascent_spirals_out"),
    Fault("sampled check: deviations half as large", "learn/sampled_check.py",
        "generator.uniform(-radius, radius,", "generator.uniform(-radius / 2, radius / 2,",
        "test_sampled_check.py::test_deviations_do_not_depend_on_how_the_rows_are_centred_and_fill_the_box"),
    Fault("baseline: temperature falls the wrong way", "baselines/smoothed.py",
        "np.geomspace(hottest, coldest, stages)", "np.geomspace(coldest, hottest, stages)", "test_baselines.py::test_smoothed_stages_share_all_steps"),
)  # fmt: skip


def noticed_by(fault: Fault, folder: Path) -> str | None:
    """The first of the fault's tests that fails on a copy of the library with the fault in it; None if none does.

    Raises ``ValueError`` if the text to break is not there exactly once, or if the tests did not run on the copy.
    """
    copy = folder / "lib"
    shutil.copytree(ROOT / "lib", copy, ignore=shutil.ignore_patterns("__pycache__"))
    path = copy / "persuasion" / fault.file
    source = path.read_text(encoding="utf-8")
    if source.count(fault.right) != 1:
        raise ValueError(f"{fault.what}: {fault.right!r} must occur once in {fault.file}")
    path.write_text(source.replace(fault.right, fault.wrong), encoding="utf-8")
    run = _run(
        ["-m", "pytest", "-q", "-x", "-rf", "-p", "no:cacheprovider", *fault.tests.split()], copy
    )
    if run.returncode == 0:
        return None
    failed = re.search(r"^FAILED (\S+)", run.stdout, re.MULTILINE)
    if run.returncode != 1 or failed is None:
        raise ValueError(
            f"{fault.what}: the tests did not run: {run.stdout[-500:]}{run.stderr[-500:]}"
        )
    if str(copy) not in _run(["-c", "import persuasion; print(persuasion.__file__)"], copy).stdout:
        raise ValueError("the tests did not use the copy")
    return failed[1]


def _run(arguments: list[str], library: Path) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT / "tests",
        env={**os.environ, "PYTHONPATH": str(library)},
        capture_output=True,
        text=True,
        timeout=900,
    )
