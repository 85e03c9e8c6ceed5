"""Earlier versions of the sale and the renewal: other standards, another first letter."""

from __future__ import annotations

import re
import shutil
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import select
from sqlalchemy.orm import Session

from broker_crm import clock
from broker_crm.clock import SimulatedClock
from broker_crm.definitions.bundle import bundles, scan
from broker_crm.definitions.models import ProcessVersion
from broker_crm.definitions.publish import publish_bundle

ROOT = Path(__file__).resolve().parents[2]
NOTE = "Pirmoji versija: skambučiui 5 darbo dienos, pirmas laiškas A."
LATER_NOTE = "Skambučiui 3 darbo dienos, trumpesnis pirmas laiškas (B)."
PAST_DAYS = 730
PRESENT_VERSION_DAYS = 330
"""For so long the present versions have been in use."""
CHANGED = ("new-client-sale", "renewal")
STANDARDS = {
    "bpmn/step_standards.dmn": {"first-call": (3, 5), "offer-call": (3, 4)},
    "bpmn/renewal_standards.dmn": {"renewal-call": (3, 5)},
}
"""Step to working days now and before."""
CELL = r'(<text>"{step}"</text>\s*</outputEntry>\s*<outputEntry[^>]*>\s*<text>){days}(</text>)'
"""The cell with the working days of a step."""
LETTER = "forms/letters/intro.lt.md"
LETTER_A = "Kviečiu pasikalbėti apie jūsų draudimą: turime daug draudikų ir daug produktų.\n\n"


def present_in_use_since(present: datetime) -> SimulatedClock:
    """A clock that stands at the moment at which the present versions replaced the earlier ones."""
    return SimulatedClock(present - timedelta(days=PRESENT_VERSION_DAYS))


def publish_earlier(session: Session, present: datetime) -> None:
    """Publish the earlier versions, made from the present files and therefore as sound as they.

    Args:
        session: the caller commits.
        present: of the sample; the versions are as old as its past.
    """
    began = SimulatedClock(present - timedelta(days=PAST_DAYS))
    with clock.use(began), TemporaryDirectory() as folder:
        root = Path(folder)
        for part in ("bpmn", "forms"):
            shutil.copytree(ROOT / part, root / part)
        _change(root)
        _publish(session, root, NOTE)


def publish_present(session: Session, present: datetime) -> None:
    """Publish the present files of the two processes, which have been checked before."""
    with clock.use(present_in_use_since(present)):
        _publish(session, ROOT, LATER_NOTE)


def _publish(session: Session, root: Path, note: str) -> None:
    for bundle in bundles(scan(root)):
        if bundle.process_key in CHANGED:
            publish_bundle(session, bundle, None, note)


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
            text = re.sub(CELL.format(step=step, days=now), rf"\g<1>{before}\g<2>", text)
        path.write_text(text)
    letter = root / LETTER
    if letter.exists():
        text = letter.read_text()
        letter.write_text(text.replace("{{ greeting }}\n\n", "{{ greeting }}\n\n" + LETTER_A, 1))
