"""Do the interested belong to a clear segment, and to which?

Each value of each trait is compared with all other cases by the share of interest after the first
conversation. A segment is *clear* when it has at least 30 cases, its rate differs from the others'
after correction for all the values that were tried (Benjamini–Hochberg, 5 %), and the lower bound
of its rate lies above the others' rate. Pairs of traits are tried along with the single ones and
pay for the same correction, so that a segment such as transport × cargo is found though neither
alone stands out; where a pair and its part are both clear, the one with the higher bound is told.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from broker_crm.analysis.answers import LISTED, Answer, Row
from broker_crm.analysis.estimates import cases_needed, differ, false_discovery, share, wilson
from broker_crm.analysis.ledger import Ledger
from broker_crm.analysis.slices import Slice

TRAITS = ("product", "sector", "size", "client_kind", "region", "vip", "complexity")
LEAST = 30
"""Cases of which a segment can be said to be clear."""
LEVEL = 0.05
SHOWN = 25
COLUMNS = {
    "interested": "count",
    "share": "share",
    "others": "share",
    "lift": "ratio",
    "chance": "p",
}


def clear_segment(ledger: Ledger, part: Slice, by: str = "segment") -> Answer:
    """The segment whose interest stands out, if there is one.

    Args:
        ledger: the columns.
        part: the period is that of the first decisive conversation.
        by: 'segment' only.
    """
    talks = ledger.rows(_first_talks(part), part.parameters())
    n, interested = len(talks), sum(each["interested"] for each in talks)
    rows = list(_segments(talks, interested))
    for row, chance in zip(rows, false_discovery([each["chance"] for each in rows]), strict=True):
        row["chance"] = chance
        row["clear"] = bool(
            row["n"] >= LEAST and chance <= LEVEL and row["interval"][0] > row["others"]
        )
    rows.sort(key=lambda row: (not row["clear"], -row["interval"][0]))
    best = rows[0] if rows and rows[0]["clear"] else None
    hopeful = best or max(
        (row for row in rows if row["lift"] and row["lift"] > 1),
        key=lambda row: row["interval"][0] - row["others"],
        default=None,
    )
    needed = None
    if best is None and hopeful is not None:
        wanted = cases_needed(hopeful["share"], hopeful["others"])
        needed = None if wanted is None else max(0, wanted - hopeful["n"])
    inside = [each for each in talks if best is not None and _belongs(each, best["traits"])]
    return Answer(
        "Q7",
        best["share"] if best else None,
        "share",
        best["n"] if best else n,
        best["interval"] if best else wilson(interested, n),
        facts={
            "clear": best is not None,
            "segment": best["key"] if best else None,
            "others": best["others"] if best else None,
            "conversations": n,
            "rate": share(interested, n),
            "hopeful": hopeful["key"] if hopeful else None,
            "hopeful_share": hopeful["share"] if hopeful else None,
            "hopeful_n": hopeful["n"] if hopeful else None,
            "needed": needed,
            "tried": len(rows),
        },
        by=by,
        rows=rows[:SHOWN],
        columns=COLUMNS,
        places=[
            each
            for each in ledger.places(
                f"SELECT case_id, task_id FROM ({_first_talks(part)}) WHERE interested"
                f" AND case_id IN (SELECT unnest($inside)) ORDER BY task_id LIMIT {LISTED}",
                {**part.parameters(), "inside": [each["case_id"] for each in inside]},
            )
        ],
        place_count=sum(each["interested"] for each in inside),
    )


def _first_talks(part: Slice) -> str:
    """The first conversation of each case that ended in yes or no."""
    return f"""
        SELECT t.case_id, t.task_id, t.meaning = 'positive' AS interested,
            {", ".join(f"c.{trait}" for trait in TRAITS)}
        FROM task t JOIN case_file c USING (case_id) LEFT JOIN person p ON p.login = t.person
        WHERE t.kind = 'call' AND t.meaning IN ('positive', 'negative')
          AND {part.of_work("t.done_on")}
        QUALIFY row_number() OVER (PARTITION BY t.case_id ORDER BY t.done_s, t.task_id) = 1
    """


def _segments(talks: list[Row], interested: int) -> Iterator[Row]:
    """Every value of every trait, and of every two, that enough cases have."""
    for traits in (*((trait,) for trait in TRAITS), *combinations(TRAITS, 2)):
        groups: dict[tuple[object, ...], list[int]] = {}
        for each in talks:
            values = tuple(each[trait] for trait in traits)
            if None not in values and (len(traits) == 1 or False not in values):
                groups.setdefault(values, []).append(each["interested"])
        for values, hits in groups.items():
            n, others = len(hits), len(talks) - len(hits)
            if n < 10 or others < 10:
                continue
            yield _row(dict(zip(traits, values, strict=True)), sum(hits), n, interested, len(talks))


def _row(traits: Row, hits: int, n: int, all_hits: int, all_n: int) -> Row:
    others = share(all_hits - hits, all_n - n) or 0.0
    rate = hits / n
    return {
        "key": " × ".join(f"{trait}={value}" for trait, value in traits.items()),
        "traits": traits,
        "n": n,
        "interested": hits,
        "share": rate,
        "interval": wilson(hits, n),
        "others": others,
        "lift": rate / others if others else None,
        "chance": differ(hits, n, all_hits - hits, all_n - n),
    }


def _belongs(case: Row, traits: Row) -> bool:
    return all(case[trait] == value for trait, value in traits.items())
