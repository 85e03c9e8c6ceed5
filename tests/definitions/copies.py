"""A copy of the product's own diagrams, forms and texts that a test may spoil."""

from __future__ import annotations

import shutil
from pathlib import Path

ROOT = Path(__file__).parents[2]
SALE = "bpmn/new_client_sale.bpmn"


def copy(folder: Path, *, every_process: bool = False) -> Path:
    """The product's `bpmn/` and `forms/` under the folder, which is given back.

    Without its other diagrams, unless every process is wanted: then a test can spoil one file and
    see one process react.
    """
    for name in ("bpmn", "forms"):
        shutil.copytree(ROOT / name, folder / name)
    for path in () if every_process else (folder / "bpmn").glob("*.bpmn"):
        if path.name != Path(SALE).name:
            path.unlink()
    return folder


def edit(folder: Path, file: str, old: str, new: str) -> None:
    """Change the first place where the text stands; it must stand somewhere."""
    path = folder / file
    text = path.read_text()
    assert old in text, f"{old!r} is not in {file}"
    path.write_text(text.replace(old, new, 1))
