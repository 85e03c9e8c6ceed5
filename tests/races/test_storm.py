"""Many users over HTTP want the same tasks; `make storm` does it with fifty and a thousand."""

from __future__ import annotations

import json
import subprocess
import sys

from tests.races.storm import FORBIDDEN


def test_a_storm_loses_nothing_doubles_nothing_and_shows_no_error(database_url: str) -> None:
    asked = ["--url", database_url, "--users", "12", "--tasks", "60"]
    run = subprocess.run(
        [sys.executable, "-m", "tests.races.storm", *asked],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.stdout, run.stderr
    figures = json.loads(run.stdout.splitlines()[-1])
    assert {name: figures[name] for name in FORBIDDEN if figures[name]} == {}
    assert figures["completed"] == 60 and figures["statuses"]["409"] > 0
