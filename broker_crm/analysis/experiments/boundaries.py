"""When an experiment may stop early: planned looks, and how clear a difference must be at each.

O'Brien and Fleming's boundaries (1979) keep the chance of seeing a difference where there is none
at 5 % over all looks together; constants from Jennison and Turnbull, Group Sequential Methods
(2000), tables 2.3 and 2.4. Harm has a lower bar: one-sided 0.25 % at each look before the last.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, sqrt

LAST_BOUND = {1: 1.960, 2: 1.977, 3: 2.004, 4: 2.024, 5: 2.040}
"""|z| at the last of so many looks, for 5 %, two-sided."""
INFLATION = {1: 1.0, 2: 1.008, 3: 1.017, 4: 1.024, 5: 1.028}
"""How many more cases so many looks need, for 80 % power."""
HARM_BOUND = 2.807


@dataclass(frozen=True, slots=True)
class PlannedLook:
    """A look at the first cases of an experiment.

    Attributes:
        number: from 1.
        cases: how many, both arms together, once the horizon of each has passed.
        bound: |z| from which the difference is taken to be true.
        harm: z to the worse from which B is stopped; None where that is the bound itself.
        is_last: it says how the experiment came out.
    """

    number: int
    cases: int
    bound: float
    harm: float | None
    is_last: bool


def planned(needed: int, looks: int, *, harm_stop: bool) -> list[PlannedLook]:
    """The looks of an experiment, evenly spread over its cases.

    Args:
        needed: cases, both arms together.
        looks: 1 to 5.
        harm_stop: whether harm stops it earlier than the bound.
    """
    found = []
    for number in range(1, looks + 1):
        bound = LAST_BOUND[looks] * sqrt(looks / number)
        harm = HARM_BOUND if harm_stop and number < looks and bound > HARM_BOUND else None
        cases = ceil(needed * number / looks)
        found.append(PlannedLook(number, cases, bound, harm, number == looks))
    return found


def last_with(looks: int, number: int, cases: int) -> PlannedLook:
    """The last look of an experiment that got fewer cases than planned.

    The bound of the planned last look is kept: with fewer looks before it, it errs less.
    """
    return PlannedLook(number, cases, LAST_BOUND[looks], None, True)
