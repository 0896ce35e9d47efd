import subprocess
import sys

import pytest

import persuasion

SOLVERS = ("cvxpy", "scipy", "highspy", "pyscipopt", "dask", "distributed", "matplotlib", "pandas")


@pytest.mark.parametrize("name", persuasion.__all__)
def test_every_exported_name_is_there(name):
    assert callable(getattr(persuasion, name)) or name.isupper()


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="equilibrium"):
        _ = persuasion.equilibrium


@pytest.mark.parametrize("first", ["", "import persuasion.regret.anywhere.milp; "])
def test_best_response_is_the_function_whatever_is_imported_first(first):
    code = f"{first}from persuasion import best_response; assert callable(best_response)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_command_line_answers_in_short_without_torch_and_solvers():
    code = (
        "import sys\n"
        f"sys.modules.update(dict.fromkeys({('torch', *SOLVERS)!r}))\n"
        "from persuasion.__main__ import main\n"
        "assert main(['example', 'didactic']) == main(['schema', 'game']) == main(['example']) == 0\n"
        "main(['--help'])\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL)


def test_the_learning_side_needs_numpy_and_torch_alone():
    code = (
        "import sys\n"
        f"sys.modules.update(dict.fromkeys({SOLVERS!r}))\n"
        "from persuasion import DNL, Training, fit, sender_utilities, synthetic, uniform_policies\n"
        "from study.run.job import run_job\n"
        "game = synthetic(seed=0)\n"
        "network = DNL(game.shape.senders * game.shape.states * game.shape.signals, 2)\n"
        "policies = uniform_policies(game, 64, 0)\n"
        "fit(network, policies.reshape(64, -1), sender_utilities(game, policies), Training(epochs=1))\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
