"""Fitting, models, gradients and extra-gradient, against closed forms and finite differences."""

import contextlib
import dataclasses
import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from threadpoolctl import ThreadpoolController
from torch.utils.flop_counter import FlopCounterMode

from persuasion import Game, project_to_simplex, sender_utilities, uniform_policies
from persuasion.learn import engine
from persuasion.learn.adam import Adam
from persuasion.learn.batch import Task, fit_games
from persuasion.learn.engine import Trainer
from persuasion.learn.extragradient import extragradient, gradient_ascent
from persuasion.learn.fit import DivergenceError, fit, fit_samples
from persuasion.learn.flops import training_flops
from persuasion.learn.model import UtilityModel
from persuasion.learn.of_game import train
from persuasion.learn.processor import denormals_flushed, one_thread
from persuasion.learn.samples import Samples
from persuasion.learn.training import Training
from persuasion.model.seeds import integer_seed, seed_sequence
from persuasion.networks import ARCHITECTURES, build_network, member_seeds
from persuasion.networks.dnl import GENERATED

# only its sizes matter: three senders, two states, two signals
SHAPE = Game([0.5, 0.5], np.eye(2), np.zeros((3, 2, 2)), signals=2)
SMALLEST_NORMAL = torch.finfo(torch.float32).tiny
QUICK = Training(samples=2000, held_out=500, epochs=15, batch_size=128, learning_rate=0.003)


def smooth_data(count, seed=0, inputs=4):
    """Two smooth targets far from zero mean and unit variance."""
    x = np.random.default_rng(seed).uniform(0, 1, (count, inputs))
    return x, np.stack([100 + 10 * np.sin(3 * x[:, 0]) * x[:, 1], x.sum(1) ** 2], 1)


def quick_fit(name="relu", training=QUICK, networks=2, **kwargs):
    x, y = smooth_data(training.samples)
    network = build_network(name, 4, networks, seed=1)
    return fit(network, x, y[:, :networks], training, seed=3, **kwargs)


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_fit_reduces_the_raw_error_of_a_smooth_function(name):
    training = dataclasses.replace(QUICK, schedule="cosine", input_scaling="symmetric")
    held_out = smooth_data(500, seed=1)
    result = quick_fit(name, training, held_out=held_out)
    x, y = smooth_data(training.samples)
    np.testing.assert_allclose(result.target_variance, y.var(0), rtol=1e-5)
    assert (result.training_error < 0.05 * result.target_variance).all()
    assert (result.held_out_error < 0.05 * result.target_variance).all()
    for data, error in (((x, y), result.training_error), (held_out, result.held_out_error)):
        policies = data[0].reshape(-1, 2, 1, 2)
        again = ((result.model.predict(policies) - data[1]) ** 2).mean(0)
        np.testing.assert_allclose(again, error, rtol=1e-3)
    assert result.losses.shape == (15, 2)
    assert (result.losses[-1] < result.losses[0]).all()


def test_same_seed_same_result_and_another_seed_another():
    runs = [quick_fit(), quick_fit()]
    assert np.array_equal(runs[0].losses, runs[1].losses)
    for key, value in runs[0].model.to_arrays().items():
        assert np.array_equal(value, runs[1].model.to_arrays()[key])
    x, y = smooth_data(QUICK.samples)
    other = fit(build_network("relu", 4, 2, seed=1), x, y, QUICK, seed=4)
    assert not np.array_equal(other.losses, runs[0].losses)


@pytest.mark.parametrize("name", ARCHITECTURES)
@pytest.mark.parametrize("scaling", ["probability", "standardise"])
def test_stacked_training_equals_training_one_by_one(name, scaling):
    training = dataclasses.replace(QUICK, epochs=2, precision="float64", input_scaling=scaling)
    x, y = smooth_data(600)
    own = np.stack([x, x[::-1] ** 2])
    stack = build_network(name, 4, 2, seed=[5, 6])
    together = fit(stack, own, y, training, seed=3)
    for member, seed in enumerate([5, 6]):
        alone = build_network(name, 4, 1, seed=[seed])
        single = fit(alone, own[member], y[:, [member]], training, seed=3)
        np.testing.assert_allclose(together.losses[:, [member]], single.losses, rtol=1e-7)
        arrays = together.model.subset([member]).to_arrays()
        for key, value in single.model.to_arrays().items():
            if key != "description":
                np.testing.assert_allclose(arrays[key], value, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("schedule", ["constant", "cosine"])
@pytest.mark.parametrize("name", ARCHITECTURES)
def test_training_equals_a_plain_loop_with_automatic_differentiation(name, schedule):
    training = Training(epochs=3, batch_size=64, precision="float64", schedule=schedule)
    x, y = smooth_data(200)
    x = x - 0.5
    ours, plain = (build_network(name, 4, 2, seed=1).double() for _ in range(2))
    result = fit(ours, x, y, training, seed=3)
    inputs, targets = torch.tensor(x), torch.tensor((y - y.mean(0)) / y.std(0)).T
    adam = torch.optim.Adam(plain.parameters(), lr=0.01, foreach=False)
    shuffle, steps = torch.Generator().manual_seed(3), 3 * math.ceil(200 / 64)
    for epoch in range(3):
        for number, rows in enumerate(torch.randperm(200, generator=shuffle).split(64)):
            if schedule == "cosine":
                share = (4 * epoch + number) / steps
                adam.param_groups[0]["lr"] = 0.005 * (1 + math.cos(math.pi * share))
            adam.zero_grad()
            (plain(inputs[rows]) - targets[:, rows]).square().mean(1).sum().backward()
            adam.step()
    error = (plain(inputs) - targets).square().mean(1).detach().numpy() * y.var(0)
    np.testing.assert_allclose(result.training_error, error, rtol=1e-9)
    for a, b in zip(ours.parameters(), plain.parameters(), strict=True):
        torch.testing.assert_close(a, b.detach(), rtol=1e-8, atol=1e-10)


def a_task(seed, senders=2, states=2, signals=2, networks=None):
    rng = np.random.default_rng(seed)
    prior = rng.dirichlet(np.ones(states))
    utilities = rng.normal(0, 10, (senders + 1, states, 3))
    game = Game(prior, utilities[0], utilities[1:], signals)
    return Task(game, seed, [seed, 1], member_seeds(seed, networks or senders), seed + 100)


def one_by_one(task, method, training):
    """Each network on its own, with data and seeds written out."""
    fits = []
    for member, seed in enumerate(task.networks):
        sets = []
        for count, draw in ((training.samples, task.training), (training.held_out, task.held_out)):
            policies = uniform_policies(task.game, count, np.random.default_rng(draw))
            utilities = sender_utilities(task.game, policies)[:, [member]]
            sets.append((policies.reshape(count, -1), utilities))
        options = training.network_options(method)
        network = build_network(method, task.inputs, 1, [seed], **options)
        fits.append(fit(network, *sets[0], training, sets[1], task.shuffle))
    return fits


# every pair of settings; all together under stress
@pytest.mark.parametrize(
    ("method", "scaling", "together"),
    [
        pytest.param(
            method,
            scaling,
            together,
            marks=[] if (row + column + together) % 2 == 0 else pytest.mark.stress,
        )
        for row, method in enumerate(ARCHITECTURES)
        for column, scaling in enumerate(("probability", "standardise"))
        for together in (False, True)
    ],
)
def test_games_trained_together_equal_networks_trained_one_by_one(method, scaling, together):
    training = Training(
        samples=300,
        held_out=100,
        epochs=3,
        batch_size=64,
        input_scaling=scaling,
        schedule="cosine",
        precision="float64",
    )
    # inputs of length 8; two networks, one for two senders, one for one
    tasks = [a_task(1), a_task(3, networks=1), a_task(4, 1, 4)]
    fits = fit_games(tasks, method, training, together=together)
    for task, fitted in zip(tasks, fits, strict=True):
        policies = uniform_policies(task.game, 50, 9)
        predicted = fitted.model.predict(policies)
        assert not fitted.diverged.any()
        for member, alone in enumerate(one_by_one(task, method, training)):
            for name in ("training_error", "held_out_error", "target_variance"):
                ours, theirs = getattr(fitted, name)[member], getattr(alone, name)[0]
                np.testing.assert_allclose(ours, theirs, rtol=1e-8, atol=1e-12)
            np.testing.assert_allclose(
                fitted.losses[:, member], alone.losses[:, 0], rtol=1e-8, atol=1e-12
            )
            np.testing.assert_allclose(
                predicted[:, member], alone.model.predict(policies)[:, 0], rtol=1e-7, atol=1e-7
            )


def test_bad_batches_are_named():
    task = a_task(1)
    with pytest.raises(ValueError, match="between 1 and 2 seeds"):
        dataclasses.replace(task, networks=[1, 2, 3])
    with pytest.raises(ValueError, match="between 1 and 2 seeds"):
        dataclasses.replace(task, networks=[])
    with pytest.raises(ValueError, match=r"inputs of one length, got \[8, 12\]"):
        fit_games([task, a_task(2, 3)], "relu", QUICK)
    with pytest.raises(ValueError, match="unknown architecture 'mlp'"):
        fit_games([task], "mlp", QUICK)
    with pytest.raises(ValueError, match="inputs of one length"):
        fit_games([], "relu", QUICK)


def test_a_batch_of_games_equals_the_training_of_the_experiments():
    training = Training(samples=200, held_out=50, epochs=2, batch_size=64)
    tasks, expected = [], []
    for index in range(2):
        game, identity = a_task(index).game, {"index": index}
        data = [seed_sequence(purpose, identity) for purpose in ("training", "held-out")]
        seeds = member_seeds(integer_seed("network", identity, "dnl"), 2)
        shuffle = integer_seed("shuffle", identity, "dnl") % 2**62
        tasks.append(Task(game, *data, seeds, shuffle))
        expected.append(train(game, identity, "dnl", training))
    for together in (False, True):
        fits = fit_games(tasks, "dnl", training, together=together)
        for fitted, one in zip(fits, expected, strict=True):
            np.testing.assert_allclose(fitted.losses, one.losses, rtol=1e-4)
            np.testing.assert_allclose(fitted.held_out_error, one.held_out_error, rtol=1e-3)


@pytest.mark.parametrize(
    ("method", "variant"),
    [("relu", "hidden"), ("delu", "hidden"), *(("dnl", variant) for variant in GENERATED)],
)
def test_counted_operations_are_those_that_run(method, variant):
    training = Training(samples=60, held_out=20, epochs=2, batch_size=30, dnl_variant=variant)
    x, y = smooth_data(60)
    network = build_network(method, 4, 2, **training.network_options(method))

    def in_place(_, left, right, **__):
        return 2 * math.prod(left) * right[-1]

    added = {torch.ops.aten.baddbmm_: in_place}
    network.requires_grad_(False).flatten()
    x, y = torch.tensor(x).float(), torch.tensor(y).float().T
    with FlopCounterMode(display=False, custom_mapping=added) as counter:
        for rows in (slice(0, 30), slice(30, 60)) * training.epochs:
            network.squared_error(x[rows], y[:, rows], gradients=True)
        network.squared_error(x, y)
        network.squared_error(x[:20], y[:, :20])
    assert counter.get_total_flops() == 2 * training_flops(method, 4, training)
    with pytest.raises(ValueError, match="mlp"):
        training_flops("mlp", 4, training)


@pytest.mark.parametrize("constant", [0.0, -7.3, 0.1])
def test_constant_targets_are_predicted(constant):
    x, y = smooth_data(QUICK.samples)
    y[:, 1] = constant
    result = fit(build_network("relu", 4, 2, seed=0), x, y, QUICK)
    assert result.target_variance[1] < 1e-12
    assert result.model.target_scale[1] == 1
    assert result.training_error[1] < 1e-2
    assert result.training_error[0] < 0.5 * result.target_variance[0]


def test_divergence_ends_the_training_and_names_the_epoch_and_the_network():
    training = dataclasses.replace(QUICK, learning_rate=1e30, epochs=3)
    with pytest.raises(DivergenceError, match=r"epoch 0: the loss of networks .*\b[01]\b"):
        quick_fit(training=training)


def test_a_held_out_error_that_is_not_finite_is_divergence():
    x, y = smooth_data(QUICK.samples)
    with pytest.raises(DivergenceError, match="the held-out error of networks 0, 1"):
        fit(build_network("relu", 4, 2, seed=0), x, y, QUICK, (1e25 * x, y))
    flagged = fit(
        build_network("relu", 4, 2, seed=0), x, y, QUICK, (1e25 * x, y), on_divergence="flag"
    )
    assert flagged.diverged.all()


def test_targets_far_from_zero_are_standardised_as_far_as_they_are_resolved():
    x, y = smooth_data(QUICK.samples)
    double = dataclasses.replace(QUICK, precision="float64", target_scaling="standardise")
    near, far = (
        fit(build_network("relu", 4, 2, seed=0), x, 1e-3 * y + offset, double, seed=3)
        for offset in (0.0, 1e4)
    )
    np.testing.assert_allclose(far.model.target_scale, near.model.target_scale, rtol=1e-6)
    np.testing.assert_allclose(far.training_error, near.training_error, rtol=0.1)


@pytest.mark.parametrize("together", [False, True])
def test_a_diverging_network_is_flagged_and_leaves_the_others_alone(together):
    training = dataclasses.replace(QUICK, epochs=3, target_scaling="none", learning_rate=0.001)
    x, y = smooth_data(600)
    y = np.stack([y[:, 0], 1e25 * y[:, 1], y[:, 1]], 1)  # its square exceeds float32

    def run(members, **options):
        network = build_network("dnl", 4, 3, seed=2).subset(members)
        data = Samples.of("training", network, x, y[:, members])
        return fit_samples(network, data, data, training, [3], together=together, **options)

    whole, alone = run([0, 1, 2], on_divergence="flag"), run([0, 2])
    assert whole.diverged.tolist() == [False, True, False]
    assert not np.isfinite(whole.training_error[1])
    assert not alone.diverged.any()
    kept = whole.subset([0, 2])
    for name in ("training_error", "held_out_error", "target_variance", "losses"):
        np.testing.assert_allclose(getattr(kept, name), getattr(alone, name), rtol=1e-4)
    policies = x.reshape(-1, 2, 1, 2)
    np.testing.assert_allclose(
        kept.model.predict(policies), alone.model.predict(policies), rtol=1e-3
    )
    with pytest.raises(DivergenceError, match="networks 1 is not finite"):
        run([0, 1, 2])
    with pytest.raises(ValueError, match="on_divergence"):
        run([0, 1, 2], on_divergence="ignore")


def test_denormal_numbers_are_flushed_in_training_only_and_change_no_loss(monkeypatch):
    training = dataclasses.replace(QUICK, samples=512, epochs=120, batch_size=64)
    x, y = smooth_data(training.samples)

    def trained():
        network = build_network("dnl", 4, 1, seed=1)
        data = Samples.of("training", network, x, y[:, :1] / 100)
        trainer, losses, outside = Trainer(network, data, training, [3]), [], []

        def after_epoch(_, found):
            losses.append(found.copy())
            outside.append(torch.tensor(1e-40).mul(1).item() > 0)

        trainer.run(after_epoch)
        assert all(outside)
        averages = torch.cat([part.optimiser.averages.flatten() for part in trainer.parts])
        return losses, int(((averages != 0) & (averages.abs() < SMALLEST_NORMAL)).sum())

    losses, denormals = trained()
    assert denormals == 0
    monkeypatch.setattr(engine, "denormals_flushed", contextlib.nullcontext)
    plain, denormals = trained()
    assert denormals > 100
    np.testing.assert_allclose(losses, plain, rtol=1e-5)


def test_one_thread_of_numpy_and_torch_and_the_callers_choice_afterwards():
    def counts():
        return torch.get_num_threads(), [pool["num_threads"] for pool in blas.info()]

    blas = ThreadpoolController().select(user_api="blas")
    before = counts()
    assert before[1]
    with contextlib.suppress(KeyError), one_thread():
        assert counts() == (1, [1] * len(before[1]))
        raise KeyError
    assert counts() == before


def test_adam_is_torchs_to_the_bit():
    """Against the optimiser object, rates that change included."""
    generator = torch.Generator().manual_seed(0)
    ours, theirs = (torch.ones(2, 300) for _ in range(2))
    gradients, parameter = torch.zeros(2, 300), torch.nn.Parameter(theirs)
    adam, reference = Adam(ours, gradients), torch.optim.Adam([parameter], fused=True)
    parameter.grad = gradients
    for step in range(50):
        gradients.normal_(generator=generator)
        reference.param_groups[0]["lr"] = 0.1 / (step + 1)
        adam.step(0.1 / (step + 1))
        reference.step()
        assert torch.equal(ours, theirs)
    assert not torch.equal(ours, torch.ones(2, 300))


@pytest.mark.parametrize(
    ("precision", "batches", "tolerance"),
    [
        ("float64", 40, 1e-9),
        ("float32", 16, 1e-3),
        pytest.param("float64", 400, 1e-9, marks=pytest.mark.stress),
    ],
)
@pytest.mark.parametrize(
    ("name", "variant"),
    [("relu", "hidden"), ("delu", "hidden"), *(("dnl", variant) for variant in GENERATED)],
)
def test_many_steps_are_those_of_the_former_step(
    name, variant, precision, batches, tolerance, monkeypatch
):
    """Two trainings of one start, the last batch of an epoch smaller; rounding grows with the steps."""
    monkeypatch.syspath_prepend(Path(__file__).resolve().parents[1] / "benchmarks")
    import former

    training = Training(
        batch_size=128, learning_rate=0.003, precision=precision, dnl_variant=variant
    )
    x, y = smooth_data(4 * 128 - 50, inputs=8)
    ends = []
    for build in (former.parts, lambda *given: Trainer(*given, training, [0]).parts):
        network = build_network(name, 8, 2, seed=1, **training.network_options(name))
        network = network.to(training.dtype)
        parts = build(network, Samples.of("training", network, x - 0.5, y / 50 - 1))
        order, losses = torch.Generator().manual_seed(2), []
        for _ in range(batches // 4):
            rows = torch.randperm(len(x), generator=order).unsqueeze(0)
            losses.append(former.train(parts, training, rows, [0.003] * 4))
        ends.append((torch.stack(losses), parts))
    (old, _), (new, _) = ends
    assert (old[-1] < 0.9 * old[0]).all()
    torch.testing.assert_close(new, old, rtol=tolerance, atol=0)
    for a, b in zip(*(parts for _, parts in ends), strict=True):
        values = b.optimiser.values, a.optimiser.optimiser.param_groups[0]["params"][0].data
        torch.testing.assert_close(*values, rtol=10 * tolerance, atol=10 * tolerance)


def test_flushing_ends_with_an_error_and_leaves_the_callers_choice(request):
    request.addfinalizer(lambda: torch.set_flush_denormal(False))
    flushed = denormals_flushed()
    flushed.__enter__()
    assert torch.tensor([1e-40]).mul(1) == 0
    error = RuntimeError()
    assert not flushed.__exit__(RuntimeError, error, None)
    assert torch.tensor([1e-40]).mul(1) > 0
    torch.set_flush_denormal(True)
    with denormals_flushed():
        pass
    assert torch.tensor([1e-40]).mul(1) == 0


def test_progress_reports_every_epoch():
    seen = []
    result = quick_fit(progress=lambda epoch, losses: seen.append((epoch, losses.copy())))
    assert [epoch for epoch, _ in seen] == list(range(QUICK.epochs))
    assert np.array_equal(np.stack([losses for _, losses in seen]), result.losses)


def test_cosine_schedule_starts_at_the_rate_and_ends_near_zero():
    x, y = smooth_data(256)
    one_step = dataclasses.replace(QUICK, epochs=1, batch_size=256)
    ends = [
        fit(build_network("relu", 4, 2), x, y, dataclasses.replace(one_step, schedule=s))
        for s in ("constant", "cosine")
    ]
    assert np.array_equal(ends[0].training_error, ends[1].training_error)
    many = dataclasses.replace(QUICK, epochs=100, batch_size=256, schedule="cosine")
    losses = fit(build_network("relu", 4, 2), x, y, many).losses
    assert (np.abs(np.diff(losses, axis=0))[-5:] < 1e-3 * losses[-5:]).all()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("samples", 0),
        ("held_out", -1),
        ("epochs", 1.5),
        ("batch_size", True),
        ("learning_rate", 0),
        ("learning_rate", float("nan")),
        ("schedule", "linear"),
        ("input_scaling", "raw"),
        ("target_scaling", "max"),
        ("precision", "float16"),
        ("dnl_variant", "some"),
        ("hyper_scale", -1.0),
    ],
)
def test_a_bad_recipe_names_its_field(field, value):
    with pytest.raises(ValueError, match=field):
        Training(**{field: value})


def test_bad_training_data_is_named():
    network = build_network("relu", 4, 2)
    x, y = smooth_data(20)
    with pytest.raises(ValueError, match="training targets must be"):
        fit(network, x, y[:, :1], QUICK)
    with pytest.raises(ValueError, match="x must have shape"):
        fit(network, x[:, :3], y, QUICK)
    with pytest.raises(ValueError, match="held-out inputs have a non-finite"):
        fit(network, x, y, QUICK, held_out=(x * np.nan, y))


def random_model(name, senders=3, states=2, signals=2, **scales):
    network = build_network(name, senders * states * signals, senders, seed=7).double()
    return UtilityModel(network, [1.0, -2.0, 3.0], [2.0, 5.0, 0.1], **scales)


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_own_gradients_agree_with_finite_differences(name):
    model = random_model(name, input_shift=0.5, input_scale=0.5)
    game = SHAPE
    policies = uniform_policies(game, (2, 3), seed=1)
    gradients = model.own_gradients(policies)
    assert gradients.shape == policies.shape
    step = 1e-7
    for index in np.ndindex(policies.shape):
        moved = [policies.copy(), policies.copy()]
        moved[0][index] -= step
        moved[1][index] += step
        low, high = (model.predict(p)[(*index[:2], index[2])] for p in moved)
        assert gradients[index] == pytest.approx((high - low) / (2 * step), rel=1e-5, abs=1e-5)


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_predictions_keep_leading_axes_and_kind(name):
    model = random_model(name)
    policies = uniform_policies(SHAPE, 6, seed=1)
    values = model.predict(policies)
    nested = policies.reshape(3, 2, *policies.shape[1:])
    assert values.shape == (6, 3)
    np.testing.assert_allclose(model.predict(nested).reshape(6, 3), values, rtol=1e-12)
    np.testing.assert_allclose(model.predict(policies[2]), values[2], rtol=1e-12)
    assert model.own_gradients(policies[2]).shape == policies[2].shape
    tensor = model.predict(torch.as_tensor(policies).float())
    assert tensor.dtype == torch.float32
    assert model.predict(policies[:0]).shape == (0, 3)


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_arrays_round_trip_through_a_file_without_pickle(name, tmp_path):
    model = random_model(name, input_shift=0.25)
    np.savez(tmp_path / "model.npz", **model.to_arrays())
    with np.load(tmp_path / "model.npz", allow_pickle=False) as arrays:
        again = UtilityModel.from_arrays(dict(arrays))
    policies = uniform_policies(SHAPE, 6, seed=1)
    assert np.array_equal(again.predict(policies), model.predict(policies))


@pytest.mark.parametrize("damage", ["missing", "shape", "architecture", "schema", "json", "kind"])
def test_damaged_arrays_are_refused(damage):
    arrays = random_model("relu").to_arrays()
    text = str(arrays["description"])
    if damage == "missing":
        del arrays["network/output.weight"]
    elif damage == "shape":
        arrays["network/output.weight"] = arrays["network/output.weight"][:, :5]
    elif damage in ("json", "kind"):
        arrays["description"] = np.array({"json": "{", "kind": '"text"'}[damage])
    else:
        old, new = {"architecture": ("relu", "mlp"), "schema": ("model/1", "model/9")}[damage]
        arrays["description"] = np.array(text.replace(old, new))
    with pytest.raises(ValueError, match="utility model cannot be read"):
        UtilityModel.from_arrays(arrays)


def test_a_model_refuses_policies_of_another_game():
    model = random_model("relu")
    with pytest.raises(ValueError, match="12 entries"):
        model.predict(np.ones((3, 2, 3)) / 3)
    with pytest.raises(ValueError, match="2 senders"):
        model.own_gradients(np.ones((2, 3, 2)) / 2)


def bilinear(points):
    """f1 = xy, f2 = -xy: the only equilibrium is (0, 0)."""
    return torch.stack([points[..., 1], -points[..., 0]], -1)


def test_extragradient_converges_where_gradient_ascent_spirals_out():
    starts = np.random.default_rng(0).normal(size=(20, 2))
    plain = {"steps": 2000, "step_size": 0.1, "projection": "none", "optimiser": "plain"}
    before = np.linalg.norm(starts, axis=1)
    ends = np.linalg.norm(extragradient(bilinear, starts, **plain), axis=1)
    assert (ends < 1e-3 * before).all()
    # one step multiplies the distance by sqrt((1 - eta^2)^2 + eta^2), and by sqrt(1 + eta^2) without look-ahead
    np.testing.assert_allclose(ends, before * (0.99**2 + 0.1**2) ** 1000, rtol=1e-9)
    away = np.linalg.norm(gradient_ascent(bilinear, starts, **plain), axis=1)
    np.testing.assert_allclose(away, before * 1.01**1000, rtol=1e-9)


def matching_pennies(policies):
    """Sender 0 wants equal signals, sender 1 different ones; (..., 2, 1, 2), equilibrium one half."""
    other = policies.flip(-3)
    sign = policies.new_tensor([1.0, -1.0]).reshape(2, 1, 1)
    return sign * other


@pytest.mark.parametrize(("projection", "step_size"), [("softmax", 1.0), ("euclidean", 0.2)])
def test_extragradient_solves_matching_pennies_on_the_simplex(projection, step_size):
    starts = torch.rand(10, 2, 1, 2, dtype=torch.float64, generator=torch.manual_seed(0))
    starts /= starts.sum(-1, keepdim=True)
    options = {"steps": 600, "projection": projection, "optimiser": "plain", "step_size": step_size}
    ends = extragradient(matching_pennies, starts, **options)
    torch.testing.assert_close(ends, torch.full_like(ends, 0.5), atol=1e-3, rtol=0)
    away = gradient_ascent(matching_pennies, starts, **options)
    assert ((away - 0.5).abs().amax((1, 2, 3)) > 0.2).all()


@pytest.mark.parametrize("steps", [20, 30, 600])
def test_with_adam_the_look_ahead_does_not_settle_matching_pennies(steps):
    """The defaults, which are the paper's: the distance to the equilibrium grows as without the look-ahead."""
    starts = np.random.default_rng(0).dirichlet([1, 1], (300, 2, 1))
    methods = (extragradient, gradient_ascent)
    ends = [method(matching_pennies, torch.as_tensor(starts), steps) for method in methods]
    distances = [float((end - 0.5).abs().mean()) for end in ends]
    assert min(distances) > 1.4 * np.abs(starts - 0.5).mean()
    assert distances[0] == pytest.approx(distances[1], abs=0.01)


@pytest.mark.parametrize("projection", ["softmax", "euclidean"])
def test_one_adam_step_follows_the_definition(projection):
    """Autograd through the projection's parametrisation, and Adam's first step written out."""
    start = torch.tensor([[[0.2, 0.5, 0.3]]], dtype=torch.float64)
    target = torch.tensor([0.1, 0.2, 0.7], dtype=torch.float64)

    def gradient(policies):
        return 2 * (target - policies)

    def in_parameters(theta):
        theta = theta.detach().requires_grad_()
        policies = torch.softmax(theta, -1) if projection == "softmax" else theta
        (result,) = torch.autograd.grad(-((policies - target) ** 2).sum(), theta)
        return result

    theta = start.log() if projection == "softmax" else start
    half = theta + 0.1 * in_parameters(theta)
    half = half if projection == "softmax" else project_to_simplex(half)
    g = in_parameters(half)
    theta = theta + 0.1 * g / (g.abs() + 1e-8)
    expected = torch.softmax(theta, -1) if projection == "softmax" else project_to_simplex(theta)
    ours = extragradient(gradient, start, 1, projection=projection)
    torch.testing.assert_close(ours, expected, rtol=1e-9, atol=1e-12)


def test_many_adam_steps_are_those_of_torch():
    gradient = random_model("relu").own_gradients
    starts = torch.as_tensor(uniform_policies(SHAPE, 5, seed=0))
    point = starts.clone()
    adam = torch.optim.Adam([point], lr=0.1, maximize=True)
    for _ in range(30):
        point.grad = gradient(point + 0.1 * gradient(point))
        adam.step()
    ours = extragradient(gradient, starts, 30, 0.1, projection="none")
    torch.testing.assert_close(ours, point, rtol=1e-6, atol=1e-9)


def test_a_search_takes_one_thread_and_gives_the_others_back():
    found, before = [], torch.get_num_threads()

    def gradient(policies):
        found.append(torch.get_num_threads())
        return torch.ones_like(policies)

    torch.set_num_threads(2)
    try:
        extragradient(gradient, uniform_policies(SHAPE, seed=0), 1)
        assert (set(found), torch.get_num_threads()) == ({1}, 2)
    finally:
        torch.set_num_threads(before)


def test_training_and_search_load_no_compiler():
    """Torch's own optimisers import it at their first use, two seconds of every process."""
    code = """
import sys
from study.designs import design
from study import preset
from study.run.job import run_job
job = next(job for job in design.jobs(preset("smoke"), "synthetic") if job.label.startswith("solve"))
assert run_job(job, [run_job(need) for need in job.needs]).done
assert "torch._dynamo" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("projection", ["softmax", "euclidean"])
def test_endpoints_are_policies_even_from_the_boundary(projection):
    gradient = random_model("dnl", senders=3, states=2, signals=2).own_gradients
    starts = np.tile(np.eye(2), (4, 3, 1, 1))
    ends = extragradient(gradient, starts, 20, projection=projection)
    assert ends.shape == starts.shape
    assert (ends >= 0).all()
    np.testing.assert_allclose(ends.sum(-1), 1, atol=1e-12)
    assert np.array_equal(starts, np.tile(np.eye(2), (4, 3, 1, 1)))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"projection": "clip"}, "projection"),
        ({"optimiser": "sgd"}, "optimiser"),
        ({"steps": -1}, "steps"),
        ({"step_size": 0.0}, "step_size"),
    ],
)
def test_bad_extragradient_options_are_named(changes, message):
    with pytest.raises(ValueError, match=message):
        extragradient(bilinear, np.ones((1, 2)), **({"steps": 1} | changes))
