"""A small scorecard, always of the same seeds; `make scorecard` is the large one."""

from __future__ import annotations

import pytest

from bench import scorecard


@pytest.mark.parametrize(
    ("cell", "runs"), [("delay", 6), ("few", 3), ("mix", 3), ("intervals", 40), ("segment", 6)]
)
def test_lines_lie_within_their_bounds(cell: str, runs: int) -> None:
    lines = list(scorecard.CELLS[cell](runs))
    assert lines and all(line.holds for line in lines), [line.row() for line in lines]
