"""Keeps the states of this release: `python -m tests.golden.store`, once, before each release."""

from __future__ import annotations

import base64
import gzip
import json
from importlib.metadata import version
from pathlib import Path
from typing import Any

from tests.golden.walks import WALKS, files_of, states

FOLDER = Path(__file__).parent / "releases"


def text(content: bytes) -> str:
    return base64.b64encode(content).decode()


def stored(process: str) -> dict[str, Any]:
    """Files, walk and states of one process."""
    diagrams, tables = files_of(process)
    return {
        "diagrams": {name: text(content) for name, content in diagrams.items()},
        "tables": {name: text(content) for name, content in tables.items()},
        "steps": [[step.act, step.element, step.values] for step in WALKS[process][1]],
        "states": [
            {"taken": taken, "at": at.isoformat(), "state": text(state), "told": told}
            for taken, at, state, told in states(process)
        ],
    }


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    release = version("broker-crm")
    path = FOLDER / f"{release}.json.gz"
    if path.exists():
        raise SystemExit(f"{path.name} is there already: what was stored is never written anew.")
    content = json.dumps({process: stored(process) for process in WALKS}, default=str)
    path.write_bytes(gzip.compress(content.encode(), mtime=0))
    print(f"{path}: {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
