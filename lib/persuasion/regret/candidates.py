"""From a solver's output to a policy whose exact utility can be vouched for.

Solver outputs obey the receiver's incentives only up to a tolerance, and the optimum sits where they bind.
So the action profile is read off, the linear program for that profile is solved tightly, and, where the
tie rule denies the boundary, its solution is moved a little into the interior. The exact simulator
then picks the best of all candidates.
"""

import time
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse as sp

from persuasion.model.tolerances import CLEAR, CLOSED, EQUAL, ROUNDING
from persuasion.regret.anywhere.regions import Regions, interior, maximise, profile_regions
from persuasion.regret.margin import keeps_margin
from persuasion.regret.one_signal import favourite
from persuasion.regret.problem import Problem
from persuasion.regret.response import (
    BOUND,
    INFEASIBLE,
    OPTIMAL,
    TIES,
    TIME_LIMIT,
    BestResponse,
    InconsistentCertificate,
)

POLICY_DUST = 1e-10
READ_TOLERANCES = (1e-9, 1e-7, 1e-5)
STEPS = 10.0 ** np.arange(-9, 0)
MAX_CLIMBS = 50


@dataclass(frozen=True, eq=False)
class Candidate:
    """A policy ``(states, signals)`` and its exact value, in the deviator's stakes.

    ``supremum`` is that of the region it came from (-inf if it came from none), ``attained`` whether the
    policy lies in the region's optimal face rather than close to it.
    """

    policy: np.ndarray
    value: float
    supremum: float
    attained: bool


def as_policy(raw: np.ndarray, dust: float = POLICY_DUST) -> np.ndarray:
    """Clip ``(states, signals)`` to non-negative, drop dust below 1e-10, and normalise the rows."""
    clipped = np.where(raw > dust, raw, 0.0)
    return clipped / clipped.sum(1, keepdims=True)


def evaluate(problem: Problem, policy: np.ndarray) -> Candidate:
    """A policy as it stands; nothing is known about a supremum. Worth -inf if it breaks the margin."""
    kept = keeps_margin(problem, policy)
    value = float(problem.utilities(policy[None])[0]) if kept else -np.inf
    return Candidate(policy, value, -np.inf, False)


def climb(problem: Problem, start: np.ndarray, deadline: float) -> Candidate:
    """Fix the action profile, solve its linear program, read the profile again; until nothing is new."""
    best = evaluate(problem, as_policy(start[:, : problem.signals]))
    origin, tried = best.policy, set()
    for tolerance in READ_TOLERANCES:
        source = origin
        for _ in range(MAX_CLIMBS):
            signals = enumerate(source.T)
            profile = np.stack([favourite(problem, x, tolerance, s) for s, x in signals])
            if profile.tobytes() in tried:
                break
            tried.add(profile.tobytes())
            found = solve_profile(problem, profile, deadline)
            if found is None:
                break
            best, source = choose([best, found]), found.policy
    return best


def choose(candidates: list[Candidate]) -> Candidate:
    """The highest value; among equals, up to 1e-9, one that is the solution of its region."""
    least = max(c.value for c in candidates) - EQUAL
    return max((c for c in candidates if c.value >= least), key=lambda c: (c.attained, c.supremum))


def solve_profile(problem: Problem, profile: np.ndarray, deadline: float) -> Candidate | None:
    """The best policy under which the receiver may follow ``profile``; None if there is none in time."""
    return solve_regions(problem, profile_regions(problem, profile), deadline)


def solve_regions(problem: Problem, regions: Regions, deadline: float) -> Candidate | None:
    """The supremum over the regions, at a policy that attains it or, failing that, comes close."""
    top = maximise(regions, deadline - time.perf_counter())
    if top.x is None or not top.optimal:
        return None
    vertex = _unpack(problem, top.x)
    value = float(problem.utilities(vertex[None])[0])
    if value >= top.value - EQUAL:
        return Candidate(vertex, value, top.value, True)
    inner = interior(regions, top.value - EQUAL / 10, deadline - time.perf_counter())
    # dust may be what a row with a huge entry asks for
    dusty = [_unpack(problem, point, dust=0.0) for point in (top.x, inner.x) if point is not None]
    near = [vertex, *_into_interior(problem, regions, vertex, deadline), *dusty]
    if inner.x is not None:
        near.insert(0, _unpack(problem, inner.x))
    values = problem.utilities(np.stack(near))
    # the face's inner point comes first and wins unless another is better by more than rounding
    pick = int(np.argmax(values >= values.max() - EQUAL))
    attained = bool(values[pick] >= top.value - EQUAL) and pick == 0 and inner.value > CLEAR
    return Candidate(near[pick], float(values[pick]), top.value, attained)


def _into_interior(
    problem: Problem, regions: Regions, vertex: np.ndarray, deadline: float
) -> list[np.ndarray]:
    """The vertex moved towards an interior point by steps from 1e-9 to 0.1."""
    everything = sp.vstack([regions.weak, regions.strict]).tocsr()
    open_regions = replace(regions, weak=regions.weak[:0], strict=everything)
    moved = []
    left = deadline - time.perf_counter()
    for target in (interior(open_regions, time_limit=left), interior(regions)):
        if target.x is not None and target.value > 0:
            inside = _unpack(problem, target.x)
            moved += [as_policy((1 - step) * vertex + step * inside) for step in STEPS]
    return moved


def _unpack(problem: Problem, x: np.ndarray, dust: float = POLICY_DUST) -> np.ndarray:
    """Solver variables (signals * states, slack) as a policy ``(states, signals)``."""
    return as_policy(x[:-1].reshape(problem.signals, -1).T, dust)


def ended(closed: bool, deadline: float, infeasible: bool = False) -> str:
    """Status of a solver run: its claim, or what stopped it."""
    if closed or infeasible:
        return OPTIMAL if closed else INFEASIBLE
    return TIME_LIMIT if time.perf_counter() > deadline else BOUND


def landmarks(problem: Problem) -> list[Candidate]:
    """Saying nothing, and naming the state as far as the signals go: no bound may be below what these earn."""
    states, signals = problem.own.shape
    silent, named = np.zeros((2, states, signals))
    silent[:, 0] = 1
    named[np.arange(states), np.minimum(np.arange(states), signals - 1)] = 1
    return [evaluate(problem, policy) for policy in (silent, named)]


def conclude(
    problem: Problem,
    candidates: Iterable[Candidate],
    bound: float,
    status: str,
    solver: str,
    start: float,
) -> BestResponse:
    """The best candidate, the given policy included, with the bound and an honest status.

    Raises :class:`InconsistentCertificate` if a candidate earns more than the bound allows.
    """
    pool = [evaluate(problem, problem.own), *candidates]
    best = choose(pool)
    found = best.value > -np.inf  # or no policy that keeps the margin is known
    if found:
        status = BOUND if status == INFEASIBLE else status  # refuted by the policy
        if bound < best.value - CLOSED:
            raise InconsistentCertificate(
                f"sender {problem.sender}: a policy earns {best.value:.9g} of its stake, which {solver} "
                f"bounds by {bound:.9g}: numerical trouble; try another method"
            )
        # solvers are exact only up to their tolerances
        bound = max(min(bound, problem.trivial_bound()), best.value)
    elif status == INFEASIBLE:
        bound = -np.inf
    closed = found and bound - best.value <= CLOSED
    if found and status == OPTIMAL and not closed:
        status = BOUND if problem.favourable else TIES
    slack = EQUAL if best.attained else ROUNDING
    return BestResponse(
        policy=best.policy,
        value=best.value,
        upper_bound=bound,
        gap=0.0 if status == INFEASIBLE else bound - best.value,
        attained=closed and max(c.supremum for c in pool) - best.value <= slack,
        status=OPTIMAL if closed else status,
        solver=solver,
        seconds=time.perf_counter() - start,
    )
