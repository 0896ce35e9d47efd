"""What proves an interval, in a few bytes that need no trust: whole numbers and floats in a fixed order.

The lower end of a sender's gain is proved by a deviation. The upper end is proved by a tree: an inner node names a
joint signal and has a branch for every action that is possible there; a leaf has multipliers for a bound by weak
duality (:mod:`study.audit.duality`). Whatever the numbers say, the bound that is computed from them holds.
"""

import base64
import zlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

SHARES = 255 * 2**24
"""What a share of 1 is written as; multiples of 2**24 and of 2**16 take less space."""
OTHER, NEAR = 3, 1e-13
LEAF, ALIKE = -1, -2


class Leaf(NamedTuple):
    """Multipliers of one leaf.

    Attributes
    ----------
    places : (k,) flat indices (signal, column, action, rival) of the obedience rows that count
    values : (k,) their multipliers, single precision, not negative
    cells : (m,) flat indices (signal, column) of joint signals with shares
    shares : (m, states) where the linear bound of the cell lies, from its largest (0) to its least action
    """

    places: np.ndarray
    values: np.ndarray
    cells: np.ndarray
    shares: np.ndarray


class SenderProof(NamedTuple):
    """A deviation (states, signals) that gains, or None; and the tree: cells in preorder, ``LEAF`` for a leaf.

    ``alike``: the tree is about one of several signals that are alike.
    """

    deviation: np.ndarray | None
    tree: np.ndarray
    leaves: tuple[Leaf, ...]
    alike: bool = False


def write(proofs: Sequence[SenderProof], policies: np.ndarray, radius: float) -> str:
    """The proofs of all senders at ``policies`` (senders, states, signals), deviations within ``radius``, as text.

    A number of a deviation that is within 1e-13 of one of its limits becomes that limit.
    """
    parts = [_parts(proof, own, radius) for proof, own in zip(proofs, policies, strict=True)]
    content = b"".join(_bytes(part) for each in parts for part in each)
    return base64.b85encode(zlib.compress(content, 9)).decode()


def read(text: str, policies: np.ndarray, radius: float) -> list[SenderProof]:
    """The inverse of :func:`write`. ``ValueError`` if ``text`` is none of these senders' proofs."""
    try:
        rest = memoryview(zlib.decompress(base64.b85decode(text)))
        proofs = []
        for own in policies:
            proof, rest = _sender(rest, own, radius)
            proofs.append(proof)
        if rest:
            raise ValueError("something is left over")
    except (ValueError, zlib.error) as error:
        raise ValueError(f"not a proof: {error}") from None
    return proofs


def _levels(own: np.ndarray, radius: float) -> np.ndarray:
    """What most numbers of a deviation are: unchanged, or at a limit."""
    return np.stack([own, np.maximum(own - radius, 0), np.minimum(own + radius, 1)])


def _parts(proof: SenderProof, own: np.ndarray, radius: float) -> Iterator[np.ndarray]:
    if proof.deviation is None:
        yield from (np.zeros(0, "u1"), np.zeros(0, "<f8"))
    else:
        near = np.abs(_levels(own, radius) - proof.deviation) <= NEAR
        code = np.where(near.any(0), near.argmax(0), OTHER)
        yield code.astype("u1")
        yield proof.deviation[code == OTHER].astype("<f8")
    yield np.append(([ALIKE] if proof.alike else []), proof.tree).astype("<i4")
    for leaf in proof.leaves:
        # differences of sorted numbers are small, and compress
        yield np.diff(leaf.places, prepend=0).astype("<u4")
        yield leaf.values.astype("<f4")
        yield np.diff(leaf.cells, prepend=0).astype("<u4")
        # bytes of the same order together: those that are all zero vanish
        yield leaf.shares.astype("<u4").view("u1").reshape(-1, 4).T


def _bytes(part: np.ndarray) -> bytes:
    return np.uint32(part.size).tobytes() + part.tobytes()


def _sender(rest: memoryview, own: np.ndarray, radius: float) -> tuple[SenderProof, memoryview]:
    (code, other, tree), rest = _take(rest, ("u1", "<f8", "<i4"))
    deviation, leaves = None, []
    if len(code):
        code = code.reshape(own.shape)
        deviation = np.take_along_axis(_levels(own, radius), np.minimum(code, 2)[None], 0)[0]
        deviation[code == OTHER] = other
    alike = bool(len(tree) and tree[0] == ALIKE)
    for _ in range(int((tree == LEAF).sum())):
        (places, values, cells, shares), rest = _take(rest, ("<u4", "<f4", "<u4", "u1"))
        shares = np.ascontiguousarray(shares.reshape(4, -1).T).view("<u4")
        shares = shares.reshape(len(cells), len(own))
        if not (places[1:].all() and cells[1:].all()):
            raise ValueError("a row counts twice")  # rounding would add up
        leaves.append(
            Leaf(places.cumsum(dtype=np.int64), values, cells.cumsum(dtype=np.int64), shares)
        )
    return SenderProof(deviation, tree[alike:], tuple(leaves), alike), rest


def _take(rest: memoryview, kinds: Iterable[str]) -> tuple[list[Any], memoryview]:
    parts = []
    for kind in kinds:
        count = int(np.frombuffer(rest, "<u4", 1)[0])
        size = count * np.dtype(kind).itemsize
        parts.append(np.frombuffer(rest[4 : 4 + size], kind))
        if len(parts[-1]) != count:
            raise ValueError("it is cut off")
        rest = rest[4 + size :]
    return parts, rest
