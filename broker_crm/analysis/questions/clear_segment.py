"""Do the interested belong to a clear segment, and to which?

Each value of each trait is compared with all other cases by the share of interest after the first
conversation, within the same process, so that a segment that is often renewed does not look
interested (Cochran 1954, Mantel and Haenszel 1959). A segment is *clear* when it has at least 30
cases, its rate differs from the others' after correction for all the values that were tried
(Benjamini–Hochberg, 5 %), and the lower bound of its rate lies above what the others have. Pairs of
traits are tried along with the single ones and pay for the same correction, so that a segment such
as transport × cargo is found though neither alone stands out. While none is clear, the answer tells
how many more conversations the most promising one needs, to be noticed among as many as were tried.
"""

from __future__ import annotations

from itertools import combinations

from broker_crm.analysis.answers import LISTED, Answer, Place, Row
from broker_crm.analysis.estimates import cases_needed, chance_of, false_discovery, share, wilson
from broker_crm.analysis.ledger import Ledger
from broker_crm.analysis.slices import Slice

TRAITS = ("product", "sector", "size", "client_kind", "region", "vip", "complexity")
LEAST = 30
"""Cases of which a segment can be said to be clear."""
LEVEL = 0.05
TRIED = 10
"""Cases of which a segment is looked at at all."""
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
    ledger.keep(
        "talks_alike",
        f"SELECT process, {', '.join(TRAITS)}, count(*) AS n, sum(interested::INT) AS hits"
        f" FROM ({_first_talks(part)}) GROUP BY ALL",
        part.parameters(),
    )
    strata = ledger.rows(
        "SELECT process, sum(n) AS n, sum(hits) AS hits FROM talks_alike GROUP BY 1", {}
    )
    n, interested = sum(row["n"] for row in strata), sum(row["hits"] for row in strata)
    rows = _segments(ledger.rows(_counts(), {}), {row["process"]: row for row in strata})
    for row, chance in zip(rows, false_discovery([each["chance"] for each in rows]), strict=True):
        row["chance"] = chance
        row["clear"] = bool(
            row["n"] >= LEAST and chance <= LEVEL and row["interval"][0] > row["others"]
        )
    rows.sort(key=_rank)
    best = rows[0] if rows and rows[0]["clear"] else None
    hopeful = best or max(
        (row for row in rows if row["lift"] and row["lift"] > 1),
        key=lambda row: row["interval"][0] - row["others"],
        default=None,
    )
    needed = None
    if best is None and hopeful is not None:
        wanted = cases_needed(hopeful["share"], hopeful["others"], tests=len(rows))
        needed = None if wanted is None else max(0, max(wanted, LEAST) - hopeful["n"])
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
        places=_interested(ledger, part, best["traits"]) if best else [],
        place_count=best["interested"] if best else 0,
    )


def _rank(row: Row) -> tuple[bool, float, int, str]:
    """The clearest first; of segments that are the same cases, the one of fewer words."""
    behind = round(row["others"] - row["interval"][0], 12)
    return not row["clear"], behind, len(row["traits"]), row["key"]


def _interested(ledger: Ledger, part: Slice, traits: Row) -> list[Place]:
    inside = " AND ".join(f"{trait} = $trait_{trait}" for trait in traits)
    return ledger.places(
        f"SELECT case_no, task_no, NULL::DOUBLE AS value FROM ({_first_talks(part)})"
        f" WHERE interested AND {inside} ORDER BY task_no LIMIT {LISTED}",
        {**part.parameters(), **{f"trait_{trait}": value for trait, value in traits.items()}},
    )


def _first_talks(part: Slice) -> str:
    """The first conversation of each case that ended in yes or no, at the step if one is asked.

    Period and people are looked at afterwards: a case whose first yes came before the period must
    not come in again with its second.
    """
    step = "TRUE" if part.step is None else "step = $step"
    return f"""
        SELECT t.case_no, t.task_no, t.meaning = 'positive' AS interested, t.process,
            {", ".join(f"c.{trait}" for trait in TRAITS)}
        FROM (
            SELECT * FROM task
            WHERE kind = 'call' AND meaning IN ('positive', 'negative') AND {step}
            QUALIFY row_number() OVER (PARTITION BY case_no ORDER BY done_at, task_id) = 1
        ) t JOIN case_file c USING (case_no)
        WHERE {part.of_work("t.done_on")}
    """


def _counts() -> str:
    """Cases and interested ones by every trait, and by every two, in each process."""
    sets = ", ".join(
        f"(process, {', '.join(traits)})"
        for traits in (*((trait,) for trait in TRAITS), *combinations(TRAITS, 2))
    )
    told = ", ".join(f"grouping({trait}) AS without_{trait}" for trait in TRAITS)
    return f"""
        SELECT process, {", ".join(TRAITS)}, {told},
            sum(n) AS n, sum(hits) AS hits
        FROM talks_alike GROUP BY GROUPING SETS ({sets})
    """


def _segments(counts: list[Row], strata: dict[str, Row]) -> list[Row]:
    """Each segment that enough cases have, against the others of the same process."""
    groups: dict[tuple[tuple[str, object], ...], list[Row]] = {}
    for row in counts:
        traits = tuple((trait, row[trait]) for trait in TRAITS if not row[f"without_{trait}"])
        if all(value is not None and value is not False for _trait, value in traits):
            groups.setdefault(traits, []).append(row)
    found = (_segment(dict(traits), rows, strata) for traits, rows in groups.items())
    return [row for row in found if row is not None]


def _segment(traits: Row, rows: list[Row], strata: dict[str, Row]) -> Row | None:
    n = hits = 0
    expected = spread = surplus = 0.0
    for row in rows:
        here = strata[row["process"]]
        inside, outside = row["n"], here["n"] - row["n"]
        if outside < TRIED or here["n"] < 2:
            continue
        rate = here["hits"] / here["n"]
        n, hits = n + inside, hits + row["hits"]
        expected += inside * (here["hits"] - row["hits"]) / outside
        surplus += row["hits"] - inside * rate
        spread += inside * outside * rate * (1 - rate) / (here["n"] - 1)
    if n < TRIED or spread == 0:
        return None
    others = expected / n
    return {
        "key": " × ".join(f"{trait}={value}" for trait, value in traits.items()),
        "traits": traits,
        "n": n,
        "interested": hits,
        "share": hits / n,
        "interval": wilson(hits, n),
        "others": others,
        "lift": hits / n / others if others else None,
        "chance": chance_of(surplus * surplus / spread),
    }
