"""The designers' workshop: files with their drafts, editors, findings, publishing."""

from broker_crm.web.design import drafting, editing, listing, moving, publishing
from broker_crm.web.design.blueprint import blueprint, set_up

__all__ = ["blueprint", "drafting", "editing", "listing", "moving", "publishing", "set_up"]
