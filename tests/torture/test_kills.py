"""Killed at its fault points and at random moments, the product loses nothing, repeats nothing.

`make torture` does the same ten thousand times on each database.
"""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from tests.torture.sabotage import PLANTED


def torment(url: str, *options: str) -> dict[str, Any]:
    """In a process of its own: it forks, which a process with threads must not."""
    run = subprocess.run(
        [sys.executable, "-m", "tests.torture", "--url", url, *options],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.stdout, run.stderr
    report: dict[str, Any] = json.loads(run.stdout.splitlines()[-1])
    return report | {"code": run.returncode, "stderr": run.stderr[-2000:]}


def test_hundreds_of_kills_lose_nothing_and_repeat_nothing(database_url: str) -> None:
    report = torment(database_url, "--kills", "120", "--seed", "7")
    assert report["wrong"] == [], report["stderr"]
    assert report["kills"] >= 120 and report["points_killed_at"] >= 40
    assert report["answers"]["completed"] and report["answers"]["started"]


@pytest.mark.damages()
@pytest.mark.parametrize("planted", sorted(PLANTED))
def test_a_planted_fault_is_found(sqlite_url: str, planted: str) -> None:
    report = torment(sqlite_url, "--kills", "250", "--rest-after", "50", "--sabotage", planted)
    assert report["wrong"] and report["code"] == 1
