"""Cases with their traits and whether they had the outcome of which segments are looked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from broker_crm.analysis.ledger import Ledger
from broker_crm.analysis.slices import Slice, as_text

TRAITS = ("product", "sector", "size", "client_kind", "region", "vip", "complexity")
INTERESTED = """
    SELECT t.case_no, t.task_no, t.meaning = 'positive' AS has, c.process,
        {traits}, c.case_id
    FROM task t JOIN case_file c USING (case_no)
    WHERE t.kind = 'call' AND t.meaning IN ('positive', 'negative') AND {work}
    QUALIFY row_number() OVER (PARTITION BY t.case_no ORDER BY t.done_at, t.task_id) = 1
"""
WON = """
    SELECT c.case_no, NULL AS task_no, c.ending = 'won' AS has, c.process, {traits}, c.case_id
    FROM case_file c
    WHERE c.ending IS NOT NULL AND c.ending <> 'excluded' AND c.status <> 'active' AND {cases}
"""
TARGETS = {"interested": INTERESTED, "won": WON}
"""Of the first conversation of a case that ended in yes or no; of the end of the case."""


@dataclass(frozen=True, slots=True)
class Told:
    """One row for each case.

    Attributes:
        has: whether it had the outcome.
        expected: share that has it in the case's process.
        process: number of the process.
        traits: values by trait; None where none is known.
        half: whether the case helps to find; the others test.
        fold: 0 to 4, for cross-validation.
    """

    has: NDArray[np.bool_]
    expected: NDArray[np.float64]
    process: NDArray[np.int64]
    traits: Mapping[str, NDArray[np.object_]]
    half: NDArray[np.bool_]
    fold: NDArray[np.int64]


def statement(target: str, part: Slice) -> str:
    """The cases of a part of the work, with their outcome and traits.

    Args:
        target: one of `TARGETS`.
        part: the period is that of the conversation, or of the end of the case.
    """
    return TARGETS[target].format(
        traits=", ".join(f"{as_text(trait)} AS {trait}" for trait in TRAITS),
        work=part.of_work("t.done_on"),
        cases=part.of_cases("c.ended_on"),
    )


def read(ledger: Ledger, target: str, part: Slice) -> Told:
    """Cases by column; the lot that a case draws is its id's, so always the same."""
    told = ledger.arrays(
        f"""
        SELECT has, dense_rank() OVER (ORDER BY coalesce(process, '')) - 1 AS process,
            {", ".join(TRAITS)}, hash(case_id) % 2 = 0 AS half,
            (hash(case_id) // 2 % 5)::INTEGER AS fold
        FROM ({statement(target, part)}) ORDER BY case_id
        """,
        part.parameters(),
    )
    has = told["has"].astype(bool)
    process = told["process"].astype(np.int64)
    rates = np.bincount(process, has) / np.maximum(np.bincount(process), 1)
    return Told(
        has,
        rates[process] if len(process) else np.zeros(0),
        process,
        {trait: told[trait].astype(object) for trait in TRAITS},
        told["half"].astype(bool),
        told["fold"].astype(np.int64),
    )
