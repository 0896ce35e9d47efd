"""The paper's claims about its experiments, each with how it is measured.

A claim that DNL beats both other networks is decided against its stronger rival: the one with the weaker evidence
that DNL beats it.
"""

from collections import defaultdict

from study.figures.style import NAMES
from study.figures.tables import PAPER_TABLE_1
from study.ledger import approximation, certified, payoffs
from study.ledger.effects import CONSISTENT
from study.ledger.table import Claim


def _paper_table() -> str:
    lines: dict[str, list[str]] = defaultdict(list)
    for (family, method), value in PAPER_TABLE_1.items():
        lines[family].append(f"{NAMES[method]} {value.mean:.3f} ± {value.half_width:.3f}")
    return "; ".join(f"{family}: {', '.join(values)}" for family, values in lines.items())


RATIO = "mean log ratio over games, 95% t-interval, against the stronger rival"
PAIRED = "share of the utility range: mean of paired differences over games, 95% t-interval"
RIVAL = f"{PAIRED}, against the stronger rival"
FROM_STARTS = f"{PAIRED}; of the starts the mean, of the searches' ends the best, so that selecting counts, too"
EXACTLY = (
    "exact regret against the check's tolerance, 0.1% of the utility range; on games with certificates for all "
    "networks, without degenerate ones, and of the profiles that the certificate decides"
)

EMPIRICAL = (
    Claim(
        "Section 5.1, Figure 1", "DNL fits the didactic game's surface best", "learning/networks",
        "our measure of what the paper says of its figure: held-out errors of shorter runs, mean log ratio over "
        "seeds, 95% t-interval, against the stronger rival",
        approximation.figure_1, approximation.figure_1_beside,
    ),
    Claim(
        "Section 5.2, Figure 4", "DNL approximates more accurately than ReLU and DeLU",
        "experiments/synthetic", RATIO, approximation.accuracy, approximation.accuracies,
    ),
    Claim(
        "not in the paper, beside Figure 4", "DNL is also more accurate on policies that it was not trained on",
        "experiments/synthetic", RATIO, approximation.accuracy_held_out, approximation.accuracies_held_out,
    ),
    Claim(
        "Section 5.2, Figure 4", "DNL's advantage is consistent over the whole range of sizes",
        "experiments/synthetic", f"in at least {CONSISTENT:.0%} of the levels",
        approximation.accuracy_everywhere, approximation.accuracy_by_level,
    ),
    Claim(
        "Section 5.2, Figure 4",
        "the error falls with the number of signals and rises with states and actions, for all networks",
        "experiments/synthetic", "slope of the root mean squared error over the utility range, 95% interval",
        approximation.trends, approximation.mean_trends,
    ),
    Claim(
        "not in the paper, beside Figure 4",
        "for all networks the error relative to the utility's variance falls with signals, too, and rises with "
        "states and actions",
        "experiments/synthetic", "slope of its log, without degenerate games, 95% interval",
        approximation.trends_relative, approximation.mean_trends_relative,
    ),
    Claim(
        "Section 5.2, Figure 2", "both senders do better at the local equilibria found with DNL",
        "experiments/synthetic", RIVAL, payoffs.utilities, payoffs.utilities_by_rival,
    ),
    Claim(
        "abstract; Section 5.2, Figures 2 and 3",
        "local equilibria found with DNL Pareto dominate those of the other networks, and full revelation",
        "experiments/synthetic",
        "games in which no sender has less and one has more, of those in which the two profiles differ; it takes "
        f"{CONSISTENT:.0%} of them",
        payoffs.dominance, payoffs.dominance_that_matters,
    ),
    Claim(
        "Section 5.2, Figure 3", "extra-gradient with DNL improves both senders' utility from the random starts",
        "experiments/synthetic", FROM_STARTS, payoffs.from_starts, payoffs.together_from_starts,
    ),
    Claim(
        "not in the paper, beside Figure 3",
        "extra-gradient with DNL ends above the best of its random starts, too, and not only above their mean",
        "experiments/synthetic", f"{PAIRED}; the start of highest welfare, which no check has accepted",
        payoffs.from_best_start, payoffs.together_from_best_start,
    ),
    Claim(
        "Section 5.2, Figure 3",
        "extra-gradient with DNL beats full revelation for both senders, by a large margin",
        "experiments/synthetic", PAIRED, payoffs.over_revelation, payoffs.together_over_revelation, large=True,
    ),
    Claim(
        "Section 5.2, Figure 5", "with four senders DNL reaches the highest welfare",
        "experiments/synthetic", RIVAL, payoffs.welfare, payoffs.welfare_by_rival,
    ),
    Claim(
        "Section 5.2",
        "with four senders, too, extra-gradient with DNL improves on the random starts and beats full revelation",
        "experiments/synthetic", FROM_STARTS, payoffs.welfare_gained, payoffs.welfare_share_of_gain,
    ),
    Claim(
        "Appendix B, Figure 8", "DNL's advantages in utility and welfare persist at radius 0.01",
        "experiments/synthetic", RIVAL, payoffs.larger_radius, payoffs.larger_radius_by_rival,
    ),
    Claim(
        "Section 5.3, Table 1", "in the scenarios, welfare is highest with DNL", "experiments/scenarios",
        RIVAL, payoffs.scenario_rivals, payoffs.scenario_order,
    ),
    Claim(
        "not in the paper, beside Table 1",
        "welfare is highest with DNL with the constants that we chose first, too", "experiments/scenarios",
        RIVAL, payoffs.first_rivals, payoffs.first_order,
    ),
    Claim(
        "Section 5.3, Table 1", "the values of Table 1", "experiments/scenarios",
        "none: the scenarios' constants are lost", None, paper=_paper_table(),
    ),
    Claim(
        "Section 5.2", "the profiles that pass the sampled check are local equilibria",
        "experiments/synthetic", EXACTLY, certified.really_local, certified.really_local_further,
    ),
    Claim(
        "Section 5.3, Table 1", "the profiles compared in the scenarios are local equilibria",
        "experiments/scenarios", EXACTLY, certified.scenarios_really_local,
    ),
    Claim(
        "not in the paper", "DNL finds a higher welfare than searches without a network do from the same starts",
        "experiments/baselines", f"{RIVAL}, without degenerate games",
        payoffs.over_searches, payoffs.over_each_search,
    ),
)  # fmt: skip
