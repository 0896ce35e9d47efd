"""What an experiment runs: documented settings.

[P] marks what the paper states, [R] our reading of a gap in its text, [C] what it leaves open.
"""

import dataclasses
from dataclasses import dataclass
from typing import Any

from persuasion.games import SCENARIOS
from persuasion.learn.recipes import RECIPES
from persuasion.learn.training import Training
from persuasion.networks import ARCHITECTURE_NAMES
from study.designs.limits import check_settings

METHODS = tuple(ARCHITECTURE_NAMES)
BASELINES = ("exact-gradient", "smoothed", "random-search")
LEVELS = (2, 4, 6, 8, 10)
SIZES = ("signals", "states", "actions")


@dataclass(frozen=True)
class Search:
    """One search for local equilibria with the trained networks.

    Attributes
    ----------
    radius : size of the neighbourhood, largest absolute change of any entry; 0.005 and 0.01 [P]
    iterations : extra-gradient steps; 20 at radius 0.005, 30 at 0.01 [P]
    starts : random starting profiles, 300 [P]
    step_size : learning rate of Adam, 0.1 [P], and length of the extrapolation [C]
    projection : "softmax", which the paper names, of free parameters, the gradient pulled back through it [R]; or
        "euclidean" [C]
    samples_factor : the check draws this many times ``signals * states`` deviations per sender [C]
    """

    radius: float
    iterations: int
    starts: int = 300
    step_size: float = 0.1
    projection: str = "softmax"
    samples_factor: int = 100


@dataclass(frozen=True)
class Benchmark:
    """A design of synthetic games.

    Attributes
    ----------
    senders : numbers of senders, (2, 4) [P]
    levels : values of the numbers of signals, states and actions, (2, 4, 6, 8, 10) [P]
    games : games per size, 5 [P]
    logit_scale : standard deviation of the prior's logits, 10 [P]
    balanced : if true, only the sizes of a Latin square: ``len(levels)**2`` of them, in which every pair
        of levels of two of the three sizes occurs once
    """

    senders: tuple[int, ...] = (2, 4)
    levels: tuple[int, ...] = LEVELS
    games: int = 5
    logit_scale: float = 10.0
    balanced: bool = False

    def sizes(self) -> list[tuple[int, int, int]]:
        """The ``(signals, states, actions)``, one Latin square after the other: a run cut short has every level."""
        order = range(len(self.levels))
        return [
            (self.levels[i], self.levels[j], self.levels[(i + j + shift) % len(self.levels)])
            for shift in ([0] if self.balanced else order)
            for i in order
            for j in order
        ]


@dataclass(frozen=True)
class Didactic:
    """Figure 1: one training run per network on the didactic game, and shorter ones from several seeds.

    Attributes
    ----------
    training : 500,000 samples and 200 epochs [P]
    resolution : grid points per axis of the surfaces
    seeds : of the shorter runs, which say how much of a difference is chance
    seed_epochs : their epochs
    """

    training: Training
    resolution: int = 81
    seeds: int = 5
    seed_epochs: int = 5


@dataclass(frozen=True)
class Size:
    """The parameters of one synthetic game; see :func:`persuasion.games.synthetic`."""

    senders: int
    signals: int
    states: int
    actions: int
    logit_scale: float


@dataclass(frozen=True)
class RecipeStudy:
    """Search, evaluation and ablation of training recipes; see :mod:`study.designs.recipes`.

    Attributes
    ----------
    games : the games to tune on
    networks : networks per game, those of the first senders
    candidates : recipes per architecture and learning rate, the literal one among them
    learning_rates : 0.01 [P] and, apart, what else might serve
    training : samples and epochs of the search
    seed : root of the tuning games' seeds; no benchmark uses it
    instances : fresh games per size, on which the frozen recipes are compared at the preset's full training
    curve : (samples, epochs) of the learning curve, on the first fresh game of the first two sizes
    fresh_seed : root of the fresh games' seeds; neither the search nor a benchmark uses it
    """

    games: tuple[Size, ...]
    training: Training
    networks: int = 2
    candidates: int = 12
    learning_rates: tuple[float, ...] = (0.01, 0.003)
    seed: int = 1_000_003
    instances: int = 4
    curve: tuple[tuple[int, int], ...] = (
        (5_000, 30), (20_000, 30), (50_000, 30), (200_000, 20), (500_000, 200),
    )  # fmt: skip
    fresh_seed: int = 1_000_067


@dataclass(frozen=True)
class BaselineStudy:
    """Searches without networks on the games of both benchmarks; see :mod:`persuasion.learn.baselines`.

    Attributes
    ----------
    methods : "exact-gradient", "smoothed" and "random-search"
    searches : only the first so many searches
    games : games per size
    joint_signals : only games with at most this many joint signals
    """

    methods: tuple[str, ...] = BASELINES
    searches: int = 1
    games: int = 1
    joint_signals: int = 10_000


@dataclass(frozen=True)
class Sensitivity:
    """Table 1 with its lost constants changed; see :mod:`study.designs.sensitivity`.

    Attributes
    ----------
    instances : per changed constant
    values : of every changed constant, the first so many
    searches : only the first so many searches
    starts : random starting profiles
    candidates : per scenario, the first so many of :mod:`study.designs.plausible`
    """

    instances: int = 5
    values: int = 2
    searches: int = 1
    starts: int = 300
    candidates: int = 100


@dataclass(frozen=True)
class Certificates:
    """Exact certificates of the profiles that the searches selected, and their polishing.

    Attributes
    ----------
    searches : certify what the first so many searches selected
    seconds : limit per certificate and per polishing; what is not closed by then stays an interval
    every_tolerance : certify the selections at all tolerances, not only at the headline
    global_senders : also compute the global regret of games with at most this many senders
    scenario_global : also that of what Table 1 shows, in games that are larger than the benchmark's
    polish_rounds : turns of every sender; 0: no polishing
    polish_tolerance : accepted regret of a polished profile, a share of the sender's own stake
    polish_margin : margin of the receiver's actions, a share of what is at stake for it
    """

    searches: int = 2
    seconds: float = 20.0
    every_tolerance: bool = True
    global_senders: int = 2
    scenario_global: bool = True
    polish_rounds: int = 50
    polish_tolerance: float = 1e-4
    polish_margin: float = 1e-6


@dataclass(frozen=True)
class KinksStudy:
    """The sampled check on profiles that exact steps have optimised; see ``kinds/kinks.py``.

    Attributes
    ----------
    games, instances, seed : sizes, games per size, root of their seeds
    starts : random starting profiles per game
    movers : "one": the first sender climbs while the others stand still; "turns": every sender in turn
    steps : numbers of local best responses after which both checks are made
    samples : deviations per sender in the sampled check
    radius : size of the neighbourhood
    seconds : limit per exact computation
    """

    games: tuple[Size, ...] = (Size(2, 4, 4, 4, 1.0), Size(2, 6, 6, 6, 1.0), Size(4, 4, 4, 4, 1.0))
    instances: int = 10
    seed: int = 1_000_033
    starts: int = 3
    movers: tuple[str, ...] = ("one", "turns")
    steps: tuple[int, ...] = (0, 1, 2, 4, 6, 10, 20, 40)
    samples: tuple[int, ...] = (1_000, 10_000)
    radius: float = 0.005
    seconds: float = 20.0


@dataclass(frozen=True)
class DynamicsStudy:
    """Alternating exact global best responses on two-sender games; see ``kinds/dynamics.py``.

    Attributes
    ----------
    largest : only games whose signals, states and actions are at most this many
    starts : random starting profiles per game
    margins : of the receiver's actions, shares of what is at stake for it; 0: ties as the movers like them
    rounds, seconds : budget of one run
    tolerance : a smaller gain, as a share of the sender's own stake, is no reason to move
    """

    largest: int = 8
    starts: int = 5
    margins: tuple[float, ...] = (0.0, 1e-4, 1e-2)
    rounds: int = 50
    seconds: float = 120.0
    tolerance: float = 1e-6


@dataclass(frozen=True)
class Atlas:
    """The equilibria of two-sender games, each game from several starts; see ``kinds/atlas.py``.

    Attributes
    ----------
    small : of the second benchmark, games whose signals, states and actions are at most this many, ``games`` each
    games : per size of the second benchmark; of larger sizes, and with the paper's prior, only the first
    largest : no game has more signals, states or actions
    starts : where the searches begin, see :func:`persuasion.nash`
    target : regret that counts as an equilibrium, share of every sender's own stake
    seconds : wall time per game
    seed : of the random starts
    """

    small: int = 6
    games: int = 5
    largest: int = 10
    starts: tuple[str, ...] = (
        "full revelation", "alone", "silence", "random", "random", "random",
    )  # fmt: skip
    target: float = 1e-3
    seconds: float = 30.0
    seed: int = 0


@dataclass(frozen=True)
class Preset:
    """Everything that ``make reproduce`` runs.

    Attributes
    ----------
    name : name of the preset
    training : how the benchmark's and the scenarios' networks are trained, before the recipe
    recipe : "literal" or "tuned": what the architectures choose for themselves, see
        :mod:`persuasion.learn.recipes`
    overridden : dotted names of the fields of trainings that the user set, and that a recipe therefore leaves alone
    searches : radius 0.005 (Figures 2, 3, 5, Table 1) first, then radius 0.01 (Figure 8)
    synthetic : the paper's benchmark
    second : the second benchmark, with logit scale 1, on which fewer games are trivial
    scenarios : names of the scenarios of Table 1
    instances : instances per scenario, 20 [P]
    didactic : Figure 1
    recipes : the search for training recipes
    baselines : searches without networks, for comparison
    sensitivity : Table 1 with its lost constants changed
    certificates, kinks, dynamics : the chapter on certificates
    atlas : the chapter on the equilibria that there are
    methods : network architectures
    tolerances : tolerated gains of the local-equilibrium check, relative to the game's utility range [C]
    headline : the tolerance at which the figures select [C]
    seed : root of all seeds
    """

    name: str
    training: Training
    searches: tuple[Search, ...]
    synthetic: Benchmark
    second: Benchmark
    didactic: Didactic
    recipes: RecipeStudy
    baselines: BaselineStudy = BaselineStudy()
    sensitivity: Sensitivity = Sensitivity()
    certificates: Certificates = Certificates()
    kinks: KinksStudy = KinksStudy()
    dynamics: DynamicsStudy = DynamicsStudy()
    atlas: Atlas = Atlas()
    scenarios: tuple[str, ...] = SCENARIOS
    instances: int = 20
    methods: tuple[str, ...] = METHODS
    tolerances: tuple[float, ...] = (1e-9, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2)
    headline: float = 1e-3
    recipe: str = "tuned"
    overridden: tuple[str, ...] = ()
    seed: int = 0

    def __post_init__(self) -> None:
        check_settings(self)
        for what, chosen, known in (
            ("methods", self.methods, METHODS),
            ("scenarios", self.scenarios, SCENARIOS),
            ("baselines", self.baselines.methods, BASELINES),
        ):
            if unknown := sorted(set(chosen) - set(known)):
                raise ValueError(f"unknown {what} {unknown}; known: {list(known)}")
        if self.recipe not in RECIPES:
            raise ValueError(f"unknown recipe {self.recipe!r}; known: {list(RECIPES)}")
        if self.headline not in self.tolerances:
            raise ValueError(f"headline {self.headline} is not among tolerances {self.tolerances}")


def game_of(family: str, parameters: dict[str, Any], index: int, seed: int) -> dict[str, Any]:
    """A game in a job's configuration: the generator, its parameters, which of its games, and the root seed."""
    return {"family": family, "parameters": parameters, "index": index, "seed": seed}


def to_dict(settings: Any) -> dict[str, Any]:
    """Nested plain dictionary of settings, ready for JSON."""
    return dataclasses.asdict(settings)
