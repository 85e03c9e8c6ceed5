"""The product's dated documents that go along with a step's letter."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from broker_crm.crm import product_documents
from broker_crm.engine.dialect import listed
from broker_crm.process.models import ProcessInstance, TaskStatus, UserTask
from broker_crm.web import times
from broker_crm.web.wording import PRODUCT_DOCUMENT, word


def beside(session: Session, task: UserTask, instance: ProcessInstance) -> dict[str, Any] | None:
    """Documents in force, and kinds of which none is; None where no document is promised."""
    kinds = listed(task.help.get("product-documents"))
    if not kinds or task.status != TaskStatus.OPEN or instance.product_id is None:
        return None
    found = product_documents.of_case(session, instance.id, instance.product_id, kinds)
    return {
        "product_id": instance.product_id,
        "rows": [
            {
                "id": each.record.id,
                "kind": word(PRODUCT_DOCUMENT, each.record.kind),
                "name": each.file.file_name,
                "insurer": each.insurer.name if each.insurer else "",
                "from": times.day(each.record.valid_from),
            }
            for each in found
        ],
    }
