"""The figures of one run, and how they are shown."""

from __future__ import annotations

from dataclasses import asdict, dataclass

COLUMNS = {
    "db": 12,
    "starts_per_s": 13,
    "completions_per_s": 18,
    "p50_ms": 8,
    "p95_ms": 8,
    "statements_per_completion": 26,
    "commits_per_completion": 23,
    "bytes_per_instance": 19,
    "ratio_to_stock": 15,
}


@dataclass(frozen=True, slots=True)
class Figures:
    """What one database achieved."""

    db: str
    starts_per_s: float
    completions_per_s: float
    p50_ms: float
    p95_ms: float
    statements_per_completion: float
    commits_per_completion: float
    bytes_per_instance: int
    ratio_to_stock: float

    def as_dict(self) -> dict[str, object]:
        return asdict(self)

    @staticmethod
    def heading() -> str:
        return "".join(name.rjust(width) for name, width in COLUMNS.items())

    def row(self) -> str:
        return "".join(str(value).rjust(COLUMNS[name]) for name, value in asdict(self).items())


def percentile(values: list[float], share: float) -> float:
    """The value below which a share of the values lies."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]
