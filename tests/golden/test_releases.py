"""Instances that an earlier release stored are read as they were, and go on to their end."""

from __future__ import annotations

import base64
import gzip
import json
from datetime import datetime
from typing import Any

import pytest

from tests.golden.store import FOLDER
from tests.golden.walks import Step, Walker, compiled

RELEASES = sorted(FOLDER.glob("*.json.gz"))


def files(texts: dict[str, str]) -> dict[str, bytes]:
    return {name: base64.b64decode(content) for name, content in texts.items()}


def kept() -> list[Any]:
    """Each stored state with what is needed to read it."""
    found = []
    for path in RELEASES:
        content = json.loads(gzip.decompress(path.read_bytes()))
        for process, told in content.items():
            for number, state in enumerate(told["states"]):
                name = f"{path.name.removesuffix('.json.gz')}-{process}-{number}"
                found.append(pytest.param(process, told, state, id=name))
    return found


def test_there_are_stored_releases() -> None:
    assert len(kept()) >= 15


@pytest.mark.parametrize(("process", "told", "state"), kept())
def test_a_stored_instance_stands_where_it_stood_and_goes_on(
    process: str, told: dict[str, Any], state: dict[str, Any]
) -> None:
    version = compiled(process, files(told["diagrams"]), files(told["tables"]))
    blob, at = base64.b64decode(state["state"]), datetime.fromisoformat(state["at"])
    walker = Walker(version, blob, at, state["told"]["open"])
    assert json.loads(json.dumps(walker.told(), default=str)) == state["told"]
    ended = False
    for act, element, values in told["steps"][state["taken"] :]:
        assert not ended
        ended = walker.take(Step(act, element, values))
    assert ended == (process == "constructs")
    assert walker.told()["variables"]
