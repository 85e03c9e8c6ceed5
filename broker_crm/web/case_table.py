"""The list of found cases as a table that leaves the product as a file."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from broker_crm.crm import case_search
from broker_crm.crm.case_search import Wanted
from broker_crm.crm.models import Product
from broker_crm.crm.visibility import readable_cases
from broker_crm.definitions.models import ProcessVersion
from broker_crm.people.models import User
from broker_crm.process.models import ProcessInstance
from broker_crm.web import cases, outcomes, staff, standing, times
from broker_crm.web.tables import Cell
from broker_crm.web.wording import INSTANCE_STATUS, word

EXPORTED = 10_000
"""Cases of one file, the newest."""
AT_ONCE = 1_000


def table(
    session: Session, user: User, wanted: Wanted
) -> tuple[list[str], Sequence[Sequence[Cell]]]:
    """Headings and rows of the cases that fit and that the reader may see, 10,000 at most."""
    found = case_search.cases(session, user, wanted, limit=EXPORTED)
    numbers = dict(session.execute(select(ProcessVersion.id, ProcessVersion.number)).all())
    products = {each.id: cases.product_name(each) for each in session.scalars(select(Product))}
    stands: dict[UUID, list[str]] = {}
    ids = [instance.id for instance, _name in found]
    readable: set[UUID] = set()
    for start in range(0, len(ids), AT_ONCE):
        some = ids[start : start + AT_ONCE]
        stands |= standing.steps(session, some)
        read = select(ProcessInstance.id).where(ProcessInstance.id.in_(some), readable_cases(user))
        readable.update(session.scalars(read))
    headings = [
        _("Case"),
        _("Client"),
        _("Process"),
        _("Version"),
        _("Product"),
        _("State"),
        _("Stands at"),
        _("Outcome"),
        _("Reason"),
        _("Salesperson"),
        _("Started"),
        _("Ended"),
    ]
    rows = [
        [
            cases.title(session, instance, client),
            client,
            cases.process_name(session, instance.version_id),
            numbers[instance.version_id],
            products.get(instance.product_id or 0),
            word(INSTANCE_STATUS, instance.status),
            ", ".join(stands.get(instance.id, [])),
            outcomes.of_case(instance.outcome) if instance.outcome else "",
            _reason(session, instance, instance.id in readable),
            staff.name(session, instance.owner),
            times.local(instance.started_at),
            times.local(instance.ended_at) if instance.ended_at else None,
        ]
        for instance, client in found
    ]
    return headings, rows


def _reason(session: Session, instance: ProcessInstance, reads: bool) -> str:
    if not instance.reason:
        return ""
    return outcomes.written(session, instance.version_id, instance.reason, reads=reads)
