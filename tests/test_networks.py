"""The three architectures against per-sample references that build every weight matrix."""

import json
from itertools import pairwise, product

import numpy as np
import pytest
import torch

from persuasion.networks import (
    ARCHITECTURE_NAMES,
    ARCHITECTURES,
    DNL,
    DeLU,
    ReLU,
    build_network,
    member_seeds,
)
from persuasion.networks.fast import FastErrors, fastest

VARIANTS = ["hidden", "all", "hidden-output"]
BUILDS = [("relu", {}), ("delu", {})] + [("dnl", {"variant": v}) for v in VARIANTS]
BUILD_IDS = ["relu", "delu", *(f"dnl-{v}" for v in VARIANTS)]
SMALL = {"hidden": 7, "networks": 3, "seed": 4}


def small(name, options, **changes):
    """A float64 stack with every parameter random, biases and constant parts included."""
    hyper = {} if name == "relu" else {"hyper": 5}
    network = build_network(name, 6, **(SMALL | hyper | options | changes)).double()
    generator = torch.Generator().manual_seed(1)
    for parameter in network.parameters():
        noise = torch.randn(parameter.shape, generator=generator, dtype=torch.float64)
        parameter.data += 0.2 * noise
    return network


def inputs(batch=9, size=6, seed=2):
    return torch.randn(
        batch, size, dtype=torch.float64, generator=torch.Generator().manual_seed(seed)
    )


def reference(network, member, x):
    """One prediction and its lower activation bits, by numpy from the definitions in Section 4."""
    p = {key: value.detach().numpy()[member] for key, value in network.named_parameters()}

    def affine(name, value):
        return p[f"{name}.weight"].T @ value + p[f"{name}.bias"][0]

    def generated(name, value, code):
        outputs = p[f"{name}.bias"].shape[1]
        tensor = p[f"{name}.weight"].reshape(len(value), len(code) + 1, outputs)
        matrix = tensor[:, -1].T + sum(c * tensor[:, k].T for k, c in enumerate(code))
        bias = p[f"{name}.bias"][-1] + sum(c * p[f"{name}.bias"][k] for k, c in enumerate(code))
        return matrix @ value + bias

    def hidden_layers(name, value, count):
        outputs = []
        for layer in range(count):
            value = np.maximum(affine(f"{name}.{layer}", value), 0)
            outputs.append(value)
        return outputs

    if isinstance(network, DNL):
        (lower,) = hidden_layers("lower", x, 1)
        bits = lower > 0
        code = hidden_layers("hyper", bits.astype(float), 2)[-1]

        def higher(name, value):
            is_generated = p[f"{name}.bias"].shape[0] > 1
            return generated(name, value, code) if is_generated else affine(name, value)

        third = np.maximum(higher("hidden3", np.maximum(higher("hidden2", lower), 0)), 0)
        return higher("output", third)[0], bits
    outputs = hidden_layers("hidden", x, 3)
    bits = np.concatenate(outputs) > 0
    if isinstance(network, ReLU):
        return affine("output", outputs[-1])[0], bits
    bias = affine("zeta_output", hidden_layers("zeta_hidden", bits.astype(float), 2)[-1])
    return (p["output.weight"].T @ outputs[-1] + bias)[0], bits


@pytest.mark.parametrize(("name", "options"), BUILDS, ids=BUILD_IDS)
def test_forward_and_pattern_agree_with_the_per_sample_reference(name, options):
    network, x = small(name, options), inputs()
    values, patterns = network(x), network.activation_pattern(x)
    assert patterns.dtype == torch.bool
    for member in range(network.networks):
        for row, sample in enumerate(x.numpy()):
            value, bits = reference(network, member, sample)
            assert values[member, row].item() == pytest.approx(value, abs=1e-12)
            assert (patterns[member, row].numpy() == bits).all()


def naive_dnl(network, x):
    """The obvious DNL on one network: a weight tensor per sample, einsum, automatic differentiation."""
    p = dict(network.named_parameters())

    def layer(name, value, code):
        bias = p[f"{name}.bias"][0]
        if len(bias) == 1:
            return value @ p[f"{name}.weight"][0] + bias
        tensor = p[f"{name}.weight"][0].unflatten(1, bias.shape)
        weights = torch.einsum("bk,iko->bio", code, tensor)
        return torch.einsum("bio,bi->bo", weights, value) + code @ bias

    lower = torch.relu(layer("lower.0", x, None))
    code = (lower.detach() > 0).double()
    for index in range(2):
        code = torch.relu(layer(f"hyper.{index}", code, None))
    code = torch.cat([code, torch.ones_like(code[:, :1])], 1)
    second = torch.relu(layer("hidden2", lower, code))
    return layer("output", torch.relu(layer("hidden3", second, code)), code).squeeze(-1)


@pytest.mark.parametrize("variant", VARIANTS)
def test_dnl_gradients_agree_with_automatic_differentiation(variant):
    network = small("dnl", {"variant": variant}, networks=1)
    x = inputs().requires_grad_()
    weights = inputs(seed=8)[:, 0]
    wanted = [x, *network.parameters()]
    ours = torch.autograd.grad((network(x)[0] * weights).sum(), wanted)
    theirs = torch.autograd.grad((naive_dnl(network, x) * weights).sum(), wanted)
    assert sum(g.abs().sum() > 0 for g in ours) == len(wanted)
    for a, b in zip(ours, theirs, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-10, atol=1e-12)


def targets(batch=9, networks=3):
    return inputs(batch, networks, seed=8).T.contiguous()


def by_hand(network, x, wanted):
    """The training step's errors and gradients, one tensor per parameter."""
    for parameter in network.parameters():
        parameter.grad = torch.zeros_like(parameter)
    errors = network.squared_error(x, wanted, gradients=True)
    return errors, [parameter.grad for parameter in network.parameters()]


def fast(network):
    """The fast errors of a stack, or of each member where that is what training does."""
    network.requires_grad_(False)
    values, gradients = network.flatten()
    if not network.BY_MEMBER:
        return [(slice(0, network.networks), fastest(network, values, gradients))]
    members = [slice(k, k + 1) for k in range(network.networks)]
    return [
        (own, fastest(network.member(own.start), values[own], gradients[own])) for own in members
    ]


def fast_by_hand(network, x, wanted):
    """Like ``by_hand``, as training on a processor does it."""
    errors = []
    for own, part in fast(network):
        assert isinstance(part, FastErrors)
        part.gradients.fill_(torch.nan)  # what was there does not matter
        errors.append(part.squared_error(x[own] if x.ndim == 3 else x, wanted[own], True))
    return torch.cat(errors), [parameter.grad for parameter in network.parameters()]


@pytest.mark.parametrize("own_inputs", [False, True])
@pytest.mark.parametrize(("name", "options"), BUILDS, ids=BUILD_IDS)
def test_training_gradients_agree_with_automatic_differentiation(
    name, options, own_inputs, monkeypatch
):
    network, wanted = small(name, options), targets()
    x = inputs(27).reshape(3, 9, 6) if own_inputs else inputs()
    errors = (network(x) - wanted).square().mean(1)
    expected = torch.autograd.grad(errors.sum(), list(network.parameters()))
    results = [by_hand(network, x, wanted)]
    for rows in (1, 4, 100):
        monkeypatch.setattr(type(network), "CACHE_ROWS", rows)
        results.append(fast_by_hand(network, x, wanted))
    for ours, gradients in results:
        torch.testing.assert_close(ours, errors.detach(), rtol=1e-12, atol=0)
        for a, b in zip(gradients, expected, strict=True):
            assert a.abs().max() > 0
            torch.testing.assert_close(a, b, rtol=1e-10, atol=1e-12)
    for own, part in fast(network):
        plain = part.squared_error(x[own] if own_inputs else x, wanted[own])
        torch.testing.assert_close(plain, errors.detach()[own], rtol=1e-12, atol=0)
        assert (part.gradients == 0).all()


def test_a_stack_that_trains_by_member_is_plain_where_it_is_trained_together():
    network = small("dnl", {}).requires_grad_(False)
    assert fastest(network, *network.flatten()) is network


@pytest.mark.parametrize("variant", VARIANTS)
def test_dnl_training_gradients_agree_with_the_naive_network(variant):
    network, wanted = small("dnl", {"variant": variant}, networks=1), targets(networks=1)
    error = (naive_dnl(network, inputs()) - wanted[0]).square().mean()
    expected = torch.autograd.grad(error, list(network.parameters()))
    for a, b in zip(by_hand(network, inputs(), wanted)[1], expected, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize(("name", "options"), BUILDS, ids=BUILD_IDS)
def test_training_gradients_agree_with_finite_differences(name, options):
    """The central difference of each network's own error, along random directions of all its parameters."""
    network, x, wanted = small(name, options), inputs(), targets()
    _, gradients = by_hand(network, x, wanted)
    before = [parameter.detach().clone() for parameter in network.parameters()]
    generator = torch.Generator().manual_seed(3)
    for _ in range(5):
        way = [torch.randn(p.shape, generator=generator, dtype=torch.float64) for p in before]
        ends = []
        for step in (-1e-6, 1e-6):
            for parameter, start, part in zip(network.parameters(), before, way, strict=True):
                parameter.data = start + step * part
            ends.append(network.squared_error(x, wanted))
        slope = (ends[1] - ends[0]) / 2e-6
        ours = sum((g * part).flatten(1).sum(1) for g, part in zip(gradients, way, strict=True))
        torch.testing.assert_close(ours, slope, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(("name", "options"), BUILDS, ids=BUILD_IDS)
def test_flattened_rows_and_members_share_the_networks_memory(name, options):
    network, wanted = small(name, options), targets()
    _, expected = by_hand(network, inputs(), wanted)
    values = network(inputs())
    flat, gradients = network.flatten()
    assert torch.equal(network(inputs()), values)
    for member in range(3):
        alone = network.member(member)
        for _ in range(2):  # the second pass works in memory that the first one used
            gradients[member].zero_()
            alone.squared_error(inputs(), wanted[[member]], gradients=True)
    for parameter, gradient in zip(network.parameters(), expected, strict=True):
        torch.testing.assert_close(parameter.grad, gradient, rtol=1e-10, atol=1e-12)
    flat[1] = 0
    assert (network(inputs())[1] == 0).all()
    assert torch.equal(network(inputs())[[0, 2]], values[[0, 2]])


def switch_off(network, layer, count):
    """Let the last ``count`` units of a hidden layer be off for every input, in all networks."""
    if layer == "hidden2":  # a bias large in the constant entry of the code, and no other
        bias = network.hidden2.bias.data
        bias[:, :, bias.shape[2] - count :] = 0
        bias[:, -1, bias.shape[2] - count :] = -100
    else:
        bias = network.get_parameter(f"{layer}.bias").data
        bias[..., bias.shape[2] - count :] = -100


@pytest.mark.parametrize("off", [(0, 0, 0), (1, 1, 1), (5, 0, 0), (0, 4, 0), (0, 0, 6), (7, 5, 7)])
@pytest.mark.parametrize("variant", VARIANTS)
def test_units_that_are_off_for_a_batch_are_left_out_without_effect(variant, off):
    network, wanted = small("dnl", {"variant": variant}, networks=1), targets(networks=1)
    for layer, count in zip(("lower.0", "hyper.1", "hidden2"), off, strict=True):
        switch_off(network, layer, count)
    errors, expected = by_hand(network, inputs(), wanted)
    expected = [gradient.clone() for gradient in expected]
    ((_, alone),) = fast(network)
    torch.testing.assert_close(alone.squared_error(inputs(), wanted, gradients=True), errors)
    (layers,) = (one.layers for one in alone.passes.values())
    assert len(layers[0].i) <= 8 - off[0]
    assert len(layers[0].k) <= 6 - off[1]
    for parameter, gradient in zip(network.parameters(), expected, strict=True):
        torch.testing.assert_close(parameter.grad, gradient, rtol=1e-10, atol=1e-12)


def test_a_member_that_is_not_finite_leaves_the_others_alone():
    for step, (name, options) in product((by_hand, fast_by_hand), BUILDS):
        network = small(name, options)
        errors, gradients = step(network, inputs(), targets())
        kept = [gradient[[0, 2]].clone() for gradient in gradients]
        next(network.parameters()).data[1] = torch.nan
        damaged, gradients = step(network, inputs(), targets())
        assert torch.isnan(damaged[1])
        assert torch.equal(damaged[[0, 2]], errors[[0, 2]])
        for before, after in zip(kept, gradients, strict=True):
            assert torch.equal(before, after[[0, 2]])


@pytest.mark.parametrize(("name", "options"), BUILDS, ids=BUILD_IDS)
def test_member_equals_a_stack_of_one(name, options):
    network = small(name, options)
    x = inputs(batch=3 * 5).reshape(3, 5, 6)
    for member in range(3):
        alone = network.subset([member])
        torch.testing.assert_close(alone(x[member])[0], network(x)[member], rtol=0, atol=1e-14)
        torch.testing.assert_close(alone(x[0])[0], network(x[0])[member], rtol=0, atol=1e-14)


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_initial_weights_depend_on_the_own_seed_only(name):
    seeds = member_seeds(11, 3)
    stack = build_network(name, 6, 3, seed=11)
    reordered = build_network(name, 6, 2, seed=[seeds[2], seeds[0]])
    for key, value in stack.state_dict().items():
        assert torch.equal(reordered.state_dict()[key], value[[2, 0]])
    weight = next(iter(stack.state_dict().values()))
    assert not torch.equal(weight[0], weight[1])


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("scale", [1.0, 0.5])
def test_generated_weights_start_at_he_scale(variant, scale):
    network = DNL(40, networks=4, variant=variant, seed=3, hyper_scale=scale)
    x = torch.randn(200, 40, generator=torch.Generator().manual_seed(0))
    code = network.propagate(x)[1].generated[0].code
    for name, gain in (("hidden2", 2), ("hidden3", 2), ("output", 1)):
        layer = getattr(network, name)
        if hasattr(layer, "shape"):
            weights = torch.einsum("nbk,niko->nbio", code, layer.weight.view(layer.shape))
            assert weights.std().item() == pytest.approx(scale * (gain / 64) ** 0.5, rel=0.25)


def crossings(network, start, end):
    """Neighbouring points of a segment with different patterns, found by bisection; and the segment."""

    def point(t):
        return (start + t * (end - start)).unsqueeze(0)

    def bits(t):
        return network.activation_pattern(point(t))[0, 0]

    grid = torch.linspace(0, 1, 400, dtype=torch.float64).tolist()
    pairs = []
    for low, high in pairwise(grid):
        if torch.equal(bits(low), bits(high)):
            continue
        while high - low > 1e-13:
            middle = (low + high) / 2
            low, high = (middle, high) if torch.equal(bits(middle), bits(low)) else (low, middle)
        pairs.append((low, high))
    return pairs, lambda t: network(point(t)).item()


def whole(network, start, end, low, high):
    """Whether one pattern holds along the whole part: the lower part is affine, so the ends decide."""
    t = torch.tensor([[low], [high]], dtype=torch.float64)
    first, last = network.activation_pattern(start + t * (end - start))[0]
    return torch.equal(first, last)


def same_piece_segment(network, start, end, pairs):
    """The ends of the longest part of the segment between crossings."""
    ends = [0.0] + [t for pair in pairs for t in pair] + [1.0]
    return max(zip(ends[::2], ends[1::2], strict=True), key=lambda piece: piece[1] - piece[0])


def second_differences(value, low, high):
    t = np.linspace(low, high, 41)[1:-1]
    return np.abs(np.diff([value(s) for s in t], 2)).max()


@pytest.mark.parametrize("variant", VARIANTS)
def test_dnl_jumps_between_pieces_and_bends_inside_one(variant):
    network = DNL(6, variant=variant, seed=5).double()
    start, end = inputs(2, seed=9)
    pairs, value = crossings(network, start, end)
    assert len(pairs) > 5
    jumps = [abs(value(high) - value(low)) for low, high in pairs]
    assert max(jumps) > 1e-2
    pieces = [(low[1], high[0]) for low, high in pairwise(pairs)]
    bends = [second_differences(value, *p) for p in pieces if whole(network, start, end, *p)]
    assert max(bends) > 1e-4


def test_relu_is_continuous_and_delu_jumps_both_affine_inside_a_piece():
    start, end = inputs(2, seed=9)
    for cls, jumps_at_least, jumps_at_most in ((ReLU, 0, 1e-9), (DeLU, 1e-2, np.inf)):
        network = cls(6, seed=5).double()
        pairs, value = crossings(network, start, end)
        assert len(pairs) > 20
        largest = max(abs(value(high) - value(low)) for low, high in pairs)
        assert jumps_at_least <= largest <= jumps_at_most
        low, high = same_piece_segment(network, start, end, pairs)
        assert high - low > 1e-3
        assert second_differences(value, low, high) < 1e-12


def test_no_gradient_through_the_pattern():
    """DNL's hyper-network and DeLU's bias contribute nothing to the gradient in the input."""
    network = small("delu", {})
    x = inputs().requires_grad_()
    (before,) = torch.autograd.grad(network(x).sum(), x)
    network.zeta_output.weight.data *= 3
    (after,) = torch.autograd.grad(network(x).sum(), x)
    assert torch.equal(before, after)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"name": "mlp"}, "unknown architecture 'mlp'"),
        ({"inputs": 0}, "inputs must be"),
        ({"networks": -1}, "networks must be"),
        ({"hyper": 0}, "hyper must be"),
        ({"hyper": 2.5}, "hyper must be"),
        ({"hyper_scale": -1}, "hyper_scale must be"),
        ({"variant": "none"}, "unknown DNL variant"),
        ({"depth": 3}, "depth"),
        ({"seed": [1]}, "1 seeds for 2 networks"),
    ],
)
def test_bad_arguments_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        build_network(**({"name": "dnl", "inputs": 4, "networks": 2} | arguments))


@pytest.mark.parametrize("name", ARCHITECTURE_NAMES)
def test_sizes_in_other_types_are_the_same_network(name):
    """Sizes that came out of numpy or a division, which a record could not hold or torch would not take."""
    plain = ARCHITECTURES[name](4, 2, hidden=8, seed=1)
    other = ARCHITECTURES[name](4.0, np.int64(2), hidden=np.int64(8), seed=1)
    assert json.dumps(other.options) == json.dumps(plain.options)
    x = torch.ones(3, 4)
    assert torch.equal(other(x), plain(x))


@pytest.mark.parametrize("shape", [(5, 7), (3, 5, 6), (6,), (1, 2, 5, 6)])
def test_inputs_of_a_wrong_shape_are_refused(shape):
    with pytest.raises(ValueError, match="x must have shape"):
        build_network("relu", 6, 2)(torch.zeros(shape))
