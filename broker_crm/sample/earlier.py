"""Earlier versions of the sale and the renewal: other standards, another first letter."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import select
from sqlalchemy.orm import Session

from broker_crm.definitions.models import ProcessVersion
from broker_crm.definitions.publish import publish_folder

ROOT = Path(__file__).resolve().parents[2]
NOTE = "Pirmoji versija: skambučiui 5 darbo dienos, pirmas laiškas A."
LATER_NOTE = "Skambučiui 3 darbo dienos, trumpesnis pirmas laiškas (B)."
CHANGED = ("new-client-sale", "renewal")
STANDARDS = {
    "bpmn/step_standards.dmn": {"first-call": (3, 5), "offer-call": (3, 4)},
    "bpmn/renewal_standards.dmn": {"renewal-call": (3, 5)},
}
"""Step to working days now and before."""
LETTER = "forms/letters/intro.lt.md"
LETTER_A = "Kviečiu pasikalbėti apie jūsų draudimą: turime daug draudikų ir daug produktų.\n\n"


def publish_earlier(session: Session) -> list[ProcessVersion]:
    """Publish the earlier versions, where the present files still allow to make them.

    Returns:
        What was published, for the two processes only.
    """
    with TemporaryDirectory() as folder:
        root = Path(folder)
        for part in ("bpmn", "forms"):
            shutil.copytree(ROOT / part, root / part)
        _change(root)
        return publish_folder(session, root, author=None, note=NOTE)


def publish_present(session: Session) -> list[ProcessVersion]:
    """Publish the present files."""
    return publish_folder(session, ROOT, author=None, note=LATER_NOTE)


def has_earlier(session: Session) -> bool:
    """Have the earlier versions been published?"""
    found = select(ProcessVersion.id).where(ProcessVersion.note == NOTE).limit(1)
    return session.scalar(found) is not None


def _change(root: Path) -> None:
    for file, steps in STANDARDS.items():
        path = root / file
        if not path.exists():
            continue
        text = path.read_text()
        for step, (now, before) in steps.items():
            pattern = rf'(<text>"{step}"</text>\s*</outputEntry>\s*<outputEntry[^>]*>\s*<text>){now}(</text>)'
            text = re.sub(pattern, rf"\g<1>{before}\g<2>", text)
        path.write_text(text)
    letter = root / LETTER
    if letter.exists():
        text = letter.read_text()
        letter.write_text(text.replace("{{ greeting }}\n\n", "{{ greeting }}\n\n" + LETTER_A, 1))
