"""What to solve for, and how hard to try."""

from dataclasses import dataclass, field

from persuasion.learn.training import Training
from persuasion.model.checks import positive_number, several, whole_number
from persuasion.model.ties import LOWEST_INDEX, TieRule
from persuasion.model.tolerances import REGRET_TOLERANCE
from persuasion.networks import ARCHITECTURE_NAMES

EXACT_GRADIENT = "exact-gradient"
METHODS = (EXACT_GRADIENT, *ARCHITECTURE_NAMES)


@dataclass(frozen=True)
class Request:
    """The settings of :func:`persuasion.own_game.solve`. ``ValueError`` names the field that is out of range."""

    methods: tuple[str, ...] = (EXACT_GRADIENT,)
    """Where gradients come from: ``exact-gradient`` (the simulator's own piece), ``relu``, ``delu``, ``dnl``."""
    radius: float = 0.005
    """Largest change of a probability that a deviation may make; 1 and more: any policy. The paper: 0.005, 0.01."""
    starts: int = 100
    """Random profiles from which every method starts, the same for all. The paper: 300."""
    steps: int = 50
    """Extra-gradient steps from every start. The paper: 20 or 30."""
    candidates: int = 3
    """Certified equilibria of different outcomes wanted per method; what is lacking is tried by polishing."""
    ties: str = LOWEST_INDEX
    """How the receiver breaks ties: ``lowest-index``, ``welfare`` or ``sender-<i>``."""
    target: float = 1e-3
    """Largest regret of an equilibrium against deviations of any size, as a share of the sender's own stake."""
    tolerance: float = REGRET_TOLERANCE
    """Largest regret of a local equilibrium, as a share of the sender's own stake."""
    margin: float = 1e-6
    """Lead of the receiver's action after every polishing move, as a share of what is at stake for it: with one,
    a result does not hang on how ties are broken."""
    time_limit: float = 3.0
    """Seconds for one certificate, and for polishing one profile."""
    search_limit: float = 7.0
    """Seconds for the search for equilibria against deviations of any size, with their certificates. Not strict:
    every certificate gets about a second at least, so that a search may take some seconds more."""
    limited: bool = False
    """Whether equilibria against deviations of any size keep to the game's own numbers of signals. Otherwise two
    senders may use more, and what they find with more is listed apart, as no equilibrium of the game itself."""
    training: Training = field(default_factory=lambda: Training(samples=20_000, epochs=20))
    """How networks are trained, before the frozen recipe of each architecture."""
    seed: int = 0
    """Root of every random choice."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "methods", several("methods", self.methods))
        if not isinstance(self.limited, bool):
            raise ValueError(f"limited must be true or false, got {self.limited!r}")
        if not isinstance(self.ties, str):
            raise ValueError(f"ties must be text, such as {LOWEST_INDEX}, got {self.ties!r:.60}")
        TieRule.parse(self.ties)
        if unknown := sorted(set(self.methods) - set(METHODS)):
            raise ValueError(f"unknown methods {unknown}; known: {', '.join(METHODS)}")
        if len(set(self.methods)) < len(self.methods):
            raise ValueError(f"methods must differ, got {', '.join(self.methods)}")
        for name, least in (("starts", 1), ("steps", 0), ("candidates", 1), ("seed", 0)):
            object.__setattr__(self, name, whole_number(name, getattr(self, name), least))
        for name in ("radius", "target", "tolerance", "time_limit", "search_limit", "margin"):
            number = positive_number(name, getattr(self, name), zero=name == "margin")
            object.__setattr__(self, name, number)
