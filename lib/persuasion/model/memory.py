"""How much memory exact best responses take, foreseen."""

from persuasion.model.game import GameShape

LIMIT = 4 * 10**9  # bytes
# measured peaks: the comparison tables, with what is made from them on the way, and a solver's model of them
TABLE, MODEL = 50, 2500
# solvers are given at most so many products of column, action and state
LARGEST_MODEL = 30_000


def best_response_memory(columns: int, shape: GameShape) -> int:
    """Bytes, roughly, for a best response: every two actions are compared in every column and state.

    ``columns`` counts the joint signals of the other senders, equal ones once.
    """
    modelled = min(columns, LARGEST_MODEL // (shape.actions * shape.states) + 1)
    return shape.actions**2 * (TABLE * columns * shape.states + MODEL * modelled)


def check_memory(columns: int, shape: GameShape) -> None:
    """``ValueError`` with sizes and limit if a best response would take more than ``LIMIT`` bytes."""
    need = best_response_memory(columns, shape)
    if need > LIMIT:
        raise ValueError(
            f"the game is too large for exact best responses: comparing {shape.actions:,} actions with one "
            f"another at {columns:,} joint signals of the other senders in {shape.states:,} states takes about "
            f"{need / 1e9:,.0f} GB of memory; the limit is {LIMIT / 1e9:g} GB. Fewer actions help most"
        )
