"""Who may visit which address: one table. An address that is not listed is refused.

Rights to single records (whose task, whose case) are checked where the record is read. Callers of
the API are known by their token; the API itself asks this table about them.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping

from flask import Flask, redirect, request, url_for
from flask.typing import ResponseReturnValue

from broker_crm.crm.complaints import SEES_REGISTER
from broker_crm.crm.register_rights import KEEPERS
from broker_crm.people.models import Role, User
from broker_crm.web import sign_in
from broker_crm.web.answers.scope import ASKS_ALL
from broker_crm.web.errors import NotPermitted, NotSignedIn

PUBLIC: frozenset[Role] = frozenset()
SIGNED_IN = frozenset(Role)
SELLING = frozenset(
    {
        Role.SALESPERSON,
        Role.ASSISTANT,
        Role.PRODUCT_MANAGER,
        Role.SALES_MANAGER,
        Role.ADMINISTRATOR,
    }
)
KNOWS_CLIENTS = SELLING | {Role.COMPLAINTS_HANDLER, Role.COMPLIANCE}
MARKETING = frozenset(
    {
        Role.MARKETING,
        Role.SALES_MANAGER,
        Role.PRODUCT_MANAGER,
        Role.COMPLIANCE,
        Role.ADMINISTRATOR,
    }
)
SETS_TERMS = frozenset({Role.PRODUCT_MANAGER, Role.ADMINISTRATOR})
WRITES_TEXTS = frozenset(
    {
        Role.DESIGNER,
        Role.MARKETING,
        Role.PRODUCT_MANAGER,
        Role.SALES_MANAGER,
        Role.COMPLIANCE,
        Role.ADMINISTRATOR,
    }
)
DESIGNING = frozenset({Role.DESIGNER, Role.ADMINISTRATOR})
READS_VERSIONS = DESIGNING | {Role.SALES_MANAGER, Role.PRODUCT_MANAGER, Role.ANALYST}
MOVES_CASES = DESIGNING | {Role.SALES_MANAGER}
LEADING = frozenset({Role.SALES_MANAGER, Role.ADMINISTRATOR})
PROTECTING = frozenset({Role.COMPLIANCE, Role.ADMINISTRATOR})
MERGING = LEADING | {Role.ASSISTANT, Role.COMPLIANCE}
ANALYSING = ASKS_ALL | {Role.DESIGNER}
"""Looks into processes as a whole: versions, bottlenecks, what would happen."""
ASKING = ASKS_ALL | {Role.PRODUCT_MANAGER, Role.SALESPERSON}
CONSENTING = SELLING | {Role.COMPLIANCE}

log = logging.getLogger(__name__)

ENDPOINTS: Mapping[str, frozenset[Role]] = {
    "static": PUBLIC,
    "health.health": PUBLIC,
    "health.live": PUBLIC,
    "health.ready": PUBLIC,
    "health.metrics": PUBLIC,
    "sign_in.form": PUBLIC,
    "sign_in.enter": PUBLIC,
    "sign_in.leave": SIGNED_IN,
    "language.choose": PUBLIC,
    "inbox.tasks": SIGNED_IN,
    "notifications.listing": SIGNED_IN,
    "notifications.read": SIGNED_IN,
    "notifications.read_all": SIGNED_IN,
    "tasks.show": SIGNED_IN,
    "tasks.form": SIGNED_IN,
    "tasks.open_task": SIGNED_IN,
    "tasks.draft": SIGNED_IN,
    "tasks.complete": SIGNED_IN,
    "tasks.claim": SIGNED_IN,
    "tasks.release": SIGNED_IN,
    "tasks.reassign": LEADING,
    "instances.listing": SIGNED_IN,
    "instances.download": SIGNED_IN,
    "instances.show": SIGNED_IN,
    "instances.diagram": SIGNED_IN,
    "saved_views.save": SIGNED_IN,
    "saved_views.change": SIGNED_IN,
    "saved_views.delete": SIGNED_IN,
    "instances.cancel": LEADING,
    "instances.report": SELLING,
    "steering.listing": LEADING,
    "steering.preview": LEADING,
    "steering.give": LEADING,
    "steering.show": LEADING,
    "steering.go_on": LEADING,
    "steering.undo": LEADING,
    "pausing.pause": SIGNED_IN,
    "pausing.resume": SIGNED_IN,
    "incidents.listing": LEADING,
    "incidents.retry": LEADING,
    "incidents.dismiss": LEADING,
    "start.choose": SIGNED_IN,
    "start.prepare": SIGNED_IN,
    "start.begin": SIGNED_IN,
    "clients.listing": KNOWS_CLIENTS,
    "clients.show": KNOWS_CLIENTS,
    "finding.search": KNOWS_CLIENTS,
    "policies.listing": KNOWS_CLIENTS,
    "policies.show": KNOWS_CLIENTS,
    "policies.mark": SELLING,
    "offer_register.listing": KNOWS_CLIENTS,
    "offer_register.show": KNOWS_CLIENTS,
    "contract_register.listing": KNOWS_CLIENTS,
    "contract_register.show": KNOWS_CLIENTS,
    "products.listing": SIGNED_IN,
    "products.show": SIGNED_IN,
    "products.add": SETS_TERMS,
    "products.end": SETS_TERMS,
    "product_editing.prepare": KEEPERS,
    "product_editing.create": KEEPERS,
    "product_editing.edit": KEEPERS,
    "product_editing.change": KEEPERS,
    "product_documents.prepare": KEEPERS,
    "product_documents.add": KEEPERS,
    "product_documents.show": SIGNED_IN,
    "product_documents.remove": KEEPERS,
    "insurers.listing": SIGNED_IN,
    "insurers.show": SIGNED_IN,
    "insurer_editing.prepare": KEEPERS,
    "insurer_editing.create": KEEPERS,
    "insurer_editing.edit": KEEPERS,
    "insurer_editing.change": KEEPERS,
    "contact_points.prepare": KEEPERS,
    "contact_points.add": KEEPERS,
    "contact_points.edit": KEEPERS,
    "contact_points.change": KEEPERS,
    "contact_points.remove": KEEPERS,
    "agreements.prepare": KEEPERS,
    "agreements.add": KEEPERS,
    "agreements.end": KEEPERS,
    "versions.processes": READS_VERSIONS,
    "versions.listing": READS_VERSIONS,
    "versions.compare": READS_VERSIONS,
    "versions.diagram": READS_VERSIONS,
    "versions.again": DESIGNING,
    "migrations.begin": MOVES_CASES,
    "migrations.show": MOVES_CASES,
    "migrations.order": MOVES_CASES,
    "imports.listing": LEADING,
    "imports.receive": LEADING,
    "imports.show": LEADING,
    "imports.remap": LEADING,
    "imports.bring_in": LEADING,
    "imports.undo": LEADING,
    "imports.give_up": LEADING,
    "client_editing.prepare": SELLING,
    "client_editing.create": SELLING,
    "client_editing.edit": SELLING,
    "client_editing.change": SELLING,
    "contact_persons.prepare": SELLING,
    "contact_persons.add": SELLING,
    "contact_persons.edit": SELLING,
    "contact_persons.change": SELLING,
    "contact_persons.end": SELLING,
    "groups.join": SELLING,
    "groups.leave": SELLING,
    "consents.give": CONSENTING,
    "consents.withdraw": CONSENTING,
    "consents.evidence": KNOWS_CLIENTS,
    "personal_codes.write": KNOWS_CLIENTS,
    "personal_codes.look": KNOWS_CLIENTS,
    "duplicates.listing": MERGING,
    "duplicates.tell_apart": MERGING,
    "duplicates.prepare": MERGING,
    "duplicates.merge": MERGING,
    "duplicates.undo": MERGING,
    "data_export.export": PROTECTING,
    "data_requests.listing": PROTECTING,
    "data_requests.trail": PROTECTING,
    "data_requests.prepare": KNOWS_CLIENTS,
    "data_requests.register": KNOWS_CLIENTS,
    "data_requests.show": PROTECTING,
    "data_requests.extend": PROTECTING,
    "data_requests.decide": PROTECTING,
    "data_requests.restrict": PROTECTING,
    "retention.listing": PROTECTING,
    "retention.look": PROTECTING,
    "retention.erase": PROTECTING,
    "retention.keep": PROTECTING,
    "retention.change": PROTECTING,
    "complaints.listing": SEES_REGISTER,
    "complaints.show": SEES_REGISTER,
    "complaints.export": SEES_REGISTER,
    "complaints.prepare": SIGNED_IN,
    "complaints.register": SIGNED_IN,
    "campaigns.listing": MARKETING,
    "campaigns.show": MARKETING,
    "campaigns.recipients": MARKETING,
    "campaigns.note_answer": MARKETING,
    "campaign_vips.listing": SELLING,
    "campaign_vips.allow": SELLING,
    "campaigns.prepare": MARKETING,
    "campaigns.create": MARKETING,
    "trying.listing": READS_VERSIONS,
    "trying.of_process": READS_VERSIONS,
    "trying.diagram": READS_VERSIONS,
    "trying.show": READS_VERSIONS,
    "trying.run": READS_VERSIONS,
    "trying.begin": DESIGNING,
    "trying.step": DESIGNING,
    "trying.save": DESIGNING,
    "trying.remove": DESIGNING,
    "design.listing": READS_VERSIONS,
    "design.findings": READS_VERSIONS,
    "design.show": READS_VERSIONS,
    "design.compare": READS_VERSIONS,
    "design.check": READS_VERSIONS,
    "design.preview": READS_VERSIONS,
    "design.download": READS_VERSIONS,
    "design.download_all": READS_VERSIONS,
    "design.save": DESIGNING,
    "design.copy": DESIGNING,
    "design.discard": DESIGNING,
    "design.delete": DESIGNING,
    "design.rename": DESIGNING,
    "design.keep": DESIGNING,
    "design.create": DESIGNING,
    "design.upload": DESIGNING,
    "design.prepare": DESIGNING,
    "design.publish": DESIGNING,
    "meetings.listing": SIGNED_IN,
    "meetings.renew": SIGNED_IN,
    "meetings.close": SIGNED_IN,
    "meetings.download": SIGNED_IN,
    "meetings.feed": PUBLIC,
    "offer_opening.show": PUBLIC,
    "offer_opening.read": PUBLIC,
    "offers.show": PUBLIC,
    "offers.leave": PUBLIC,
    "offers.answer": PUBLIC,
    "files.of_step": SIGNED_IN,
    "files.show": SIGNED_IN,
    "files.bring": SIGNED_IN,
    "files.remove": SIGNED_IN,
    "letters.attachment": SIGNED_IN,
    "signing.send": SIGNED_IN,
    "signing.show": PUBLIC,
    "signing.contract": PUBLIC,
    "signing.answer": PUBLIC,
    "signing.heard": PUBLIC,
    "template_library.listing": WRITES_TEXTS,
    "template_library.show": WRITES_TEXTS,
    "template_library.drawn": WRITES_TEXTS,
    "template_library.page": WRITES_TEXTS,
    "letters.listing": SIGNED_IN,
    "letters.show": SIGNED_IN,
    "letters.resend": LEADING,
    "letters.give_up": LEADING,
    "mail_hold.show": LEADING,
    "mail_hold.release": frozenset({Role.ADMINISTRATOR}),
    "questions.listing": ASKING,
    "questions.show": ASKING,
    "questions.card": ASKING,
    "questions.export_rows": ASKING,
    "questions.export_cases": ASKING,
    "questions.export_lines": ASKING,
    "questions.diagram": ASKING,
    "analyse.listing": ANALYSING,
    "bottlenecks.show": ANALYSING,
    "bottlenecks.paths": ANALYSING,
    "bottlenecks.export": ANALYSING,
    "bottlenecks.export_paths": ANALYSING,
    "bottlenecks.diagram": ANALYSING,
    "exports.listing": ANALYSING,
    "exports.orders": ANALYSING,
    "exports.order": ANALYSING,
    "exports.download": ANALYSING,
    "exports.delete": ANALYSING,
    "logs.listing": ANALYSING,
    "logs.receive": ANALYSING,
    "logs.show": ANALYSING,
    "logs.confirm": ANALYSING,
    "logs.delete": ANALYSING,
    "segments.show": ANALYSING,
    "segments.export_rows": ANALYSING,
    "segments.cases": ANALYSING,
    "comparison.show": ANALYSING,
    "comparison.export_rows": ANALYSING,
    "comparison.cases": ANALYSING,
    "comparison.export_cases": ANALYSING,
    "what_if.form": ANALYSING,
    "what_if.ask": ANALYSING,
    "what_if.check": ANALYSING,
    "what_if.show": ANALYSING,
    "what_if.progress": ANALYSING,
    "what_if.export": ANALYSING,
    "what_if.delete": ANALYSING,
    "experiments.listing": ANALYSING,
    "experiments.show": ANALYSING,
    "experiments.download": ANALYSING,
    "experiment_planning.prepare": ANALYSING,
    "experiment_planning.needed": ANALYSING,
    "experiment_planning.create": ANALYSING,
    "experiment_deciding.start": MOVES_CASES,
    "experiment_deciding.pause": MOVES_CASES,
    "experiment_deciding.resume": MOVES_CASES,
    "experiment_deciding.discard": ANALYSING,
    "experiment_deciding.end": MOVES_CASES,
    "limits.listing": ASKING,
    "limits.add": ASKING,
    "limits.change": ASKING,
    "limits.delete": ASKING,
    "reports.show": ASKING,
    "reports.as_pdf": ASKING,
    "reports.subscribe": ASKING,
    "reports.unsubscribe": ASKING,
    "api.description": PUBLIC,
    "api.simulate": ANALYSING,
    "api.simulation": ANALYSING,
    "api.simulations": ANALYSING,
    "api.start": SIGNED_IN,
    "api.instance": SIGNED_IN,
    "api.cancel": LEADING,
    "api.tasks": SIGNED_IN,
    "api.task": SIGNED_IN,
    "api.claim": SIGNED_IN,
    "api.release": SIGNED_IN,
    "api.complete": SIGNED_IN,
    "api.message": LEADING,
    "api.pause": SIGNED_IN,
    "api.resume": SIGNED_IN,
    "api.change_due": LEADING,
    "api.hand_over": LEADING,
    "api.move": LEADING,
    "api.correct": LEADING,
    "api.undo": LEADING,
    "api.experiments": ANALYSING,
    "api.experiment": ANALYSING,
    "api.questions": ASKING,
    "api.question": ASKING,
    "api.bottlenecks": ANALYSING,
    "api.paths": ANALYSING,
    "api.comparison": ANALYSING,
}


def may_visit(user: User, endpoint: str) -> bool:
    """True when one of the user's roles may visit the address."""
    allowed = ENDPOINTS.get(endpoint, PUBLIC)
    return bool(allowed & user.roles)


def set_up(app: Flask) -> None:
    app.before_request(_check)


def _check() -> ResponseReturnValue | None:
    endpoint = request.endpoint
    if endpoint is None:
        return None
    allowed = ENDPOINTS.get(endpoint)
    if allowed is None:
        raise NotPermitted
    if allowed is PUBLIC:
        return None
    if endpoint.startswith("api."):
        return None
    return _require(allowed)


def _require(allowed: frozenset[Role]) -> ResponseReturnValue | None:
    user = sign_in.signed_in()
    if user is None:
        if request.method == "GET" and "HX-Request" not in request.headers:
            here = request.full_path.rstrip("?")
            return redirect(url_for("sign_in.form", next=None if here == "/" else here))
        raise NotSignedIn
    if not allowed & user.roles:
        log.info("not permitted", extra={"facts": {"endpoint": request.endpoint}})
        raise NotPermitted
    return None
