"""How numbers are shown: with the digits in which what is at stake differs.

>>> amount(1_000_000.0005, unit=0.001), amount(0.123456789, unit=1), amount(7e-14, unit=1e-13)
('1000000.0005', '0.12346', '7e-14')
"""

import math

from persuasion.model.tolerances import ROUNDING

MOST_DIGITS = 17  # of a float


def amount(value: float, unit: float = 0.0, digits: int = 5) -> str:
    """A number with so many significant digits, and more where it is large beside ``unit``.

    ``unit`` is the difference that matters, a stake; what vanishes beside it is 0. 0: the number has none.
    """
    if abs(value) <= ROUNDING * unit:
        return "0"
    if unit > 0 and math.isfinite(value):
        digits += max(math.floor(math.log10(abs(value)) - math.log10(unit)), 0)
    return f"{value:z.{min(digits, MOST_DIGITS)}g}"
