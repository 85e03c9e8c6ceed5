"""Complaints: registering starts the process, whose steps keep the register up to date."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from decimal import Decimal
from uuid import UUID

from sqlalchemy import Select, exists, func, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from broker_crm import clock, process
from broker_crm.calendar import OFFICE, WorkingCalendar
from broker_crm.crm import contact_points
from broker_crm.crm.cases import client_facts, traits
from broker_crm.crm.complaint_steps import process_steps, version_of_step
from broker_crm.crm.merging import survivor
from broker_crm.crm.models import Client, Complaint, ContactPurpose, Insurer, Policy
from broker_crm.crm.policies import today
from broker_crm.definitions.forms import FieldError, FormRejected
from broker_crm.definitions.published import compiled
from broker_crm.engine.decisions import decide
from broker_crm.people.models import Role, User, UserRole
from broker_crm.process import jobs, rights
from broker_crm.process.calendars import company_calendar
from broker_crm.process.errors import NotAllowed
from broker_crm.process.experiments.drawing import version_in_force
from broker_crm.process.jobs import CompletedStep, JobCall
from broker_crm.process.models import UserTask
from broker_crm.process.plain_text import plain

COMPLAINT = "complaint"
COMPLAINT_OPENED = "complaint-opened"
"""Message to the cases of selling to the client: they are warned."""
TERMS = "ComplaintTerms"
SEES_REGISTER = frozenset(
    {Role.COMPLAINTS_HANDLER, Role.COMPLIANCE, Role.SALES_MANAGER, Role.ADMINISTRATOR}
)
"""Roles that may read the register, but for complaints about the reader; anybody may register."""
CHANNELS = ("email", "letter", "phone", "visit", "web")
ABOUT = ("us", "insurer", "other")
SUBJECTS = ("delay", "product-quality", "service-quality")
DETAILS = (
    "advice",
    "premium",
    "policy-document",
    "claim-handling",
    "data-protection",
    "marketing",
    "conduct",
    "fees",
)
MARKS = {
    "acknowledged": "acknowledged_at",
    "forwarded": "forwarded_at",
    "delay-told": "delay_told_at",
    "answered": "answered_at",
    "breach": "breached_at",
    "closed": "closed_at",
    "not-a-complaint": "closed_at",
}
STATUS_AFTER = {
    "forwarded": "forwarded",
    "answered": "answered",
    "closed": "closed",
    "not-a-complaint": "not-a-complaint",
}
VARIABLE_AFTER = {
    "acknowledged": "acknowledgedAt",
    "forwarded": "forwardedAt",
    "delay-told": "delayToldAt",
    "answered": "answeredAt",
    "closed": "closedAt",
    "not-a-complaint": "closedAt",
}
KEPT = {
    "decision": "decision",
    "reactionOutcome": "reaction",
    "checkedAbout": "about",
    "forwardTo": "forwarded_to",
    "forwardAnswer": "answer_text",
    "answerText": "answer_text",
    "remedyText": "remedy_text",
    "remedyOwner": "remedy_owner",
    "bankOutcome": "bank_outcome",
    "rootCause": "root_cause",
    "correctiveAction": "corrective_action",
    "actionOwner": "action_owner",
}
"""Values of completed steps and the columns that keep them."""
DAYS = {
    "newAnswerOn": "promised_answer_on",
    "bankReceivedOn": "bank_received_on",
    "bankDeadline": "bank_deadline",
    "bankDecidedOn": "bank_decided_on",
    "actionDueOn": "action_due_on",
}
"""The same for days."""
PEOPLE = ("remedyOwner", "actionOwner")
ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class Registration:
    """What is told of a complaint when it is registered."""

    received_on: date
    channel: str
    complainant: str
    subject: str
    description: str
    complainant_email: str | None = None
    representation: str | None = None
    about: str = "us"
    insurer_id: int | None = None
    employee: str | None = None
    """Login of the person complained about."""
    detail: str | None = None
    claimed_amount: Decimal | None = None
    client_id: int | None = None
    policy_id: int | None = None
    language: str = "lt"
    consumer: bool = True


def register(session: Session, told: Registration, *, by: str) -> process.Started:
    """Write a complaint into the register and start its process.

    The legal terms are those in force on the day of receipt (decision table ComplaintTerms),
    counted in working days from the day after it.

    Args:
        session: the caller commits.
        told: the complaint.
        by: login of who registers it; anybody may.

    Raises:
        FormRejected: naming the fields that are wrong.
    """
    _refuse_unless_right(session, told)
    if told.client_id is not None:
        kept = survivor(session, session.get_one(Client, told.client_id))
        told = replace(told, client_id=kept.id)
    version = version_in_force(session, COMPLAINT)
    terms = decide(
        TERMS, compiled(session, version.id).decisions, {"receivedOn": told.received_on.isoformat()}
    )
    if not isinstance(terms, Mapping):
        raise FormRejected({"received_on": [FieldError("noTerms")]})
    calendar = company_calendar(session)
    complaint = _with_number(session, _row(told, terms, calendar, _handler(session, told), by))
    policy = session.get(Policy, told.policy_id) if told.policy_id else None
    complaint.product_id = policy.product_id if policy else None
    words = (complaint.register_number, complaint.complainant, complaint.description)
    complaint.search_text = plain(" ".join(words))
    client = session.get(Client, told.client_id) if told.client_id else None
    started = process.start(
        session,
        COMPLAINT,
        _variables(session, complaint, told, terms, calendar, client),
        by=by,
        case=process.CaseData(
            title=f"{version.name} {complaint.register_number} · {complaint.complainant}",
            client_id=complaint.client_id,
            product_id=None,
            owner=complaint.owner,
            **traits(client, None),
        ),
    )
    complaint.instance_id = started.instance.id
    _take_class(complaint, started.transition.variables)
    if complaint.client_id is not None:
        process.queue_messages(session, COMPLAINT_OPENED, str(complaint.client_id), {})
    session.flush()
    return started


def update_complaint(call: JobCall) -> Mapping[str, object]:
    """Note in the register what was done; header `mark`.

    'acknowledged', 'forwarded', 'delay-told', 'answered', 'closed' and 'not-a-complaint' give the
    moment as a variable.
    """
    complaint = call.session.scalars(
        select(Complaint).where(Complaint.id == _id_in(call.job.variables))
    ).one()
    mark, now = str(call.job.headers.get("mark")), clock.now()
    if mark in MARKS and getattr(complaint, MARKS[mark]) is None:
        setattr(complaint, MARKS[mark], now)
    if mark in STATUS_AFTER:
        complaint.status = STATUS_AFTER[mark]
    _take_class(complaint, call.job.variables)
    call.session.flush()
    return {VARIABLE_AFTER[mark]: now.isoformat()} if mark in VARIABLE_AFTER else {}


def _take_class(complaint: Complaint, variables: Mapping[str, object]) -> None:
    """The severity that decision table D8 has found."""
    found = variables.get("complaintClass")
    if isinstance(found, Mapping):
        complaint.severity = str(found.get("severity") or "") or None


def keep_findings(step: CompletedStep) -> None:
    """Copy what a step of a complaint found into the register."""
    if step.case.process_key != COMPLAINT:
        return
    complaint = step.session.scalars(
        select(Complaint).where(Complaint.instance_id == step.case.id)
    ).first()
    if complaint is None:
        return
    for key, column in KEPT.items():
        if step.values.get(key) not in (None, ""):
            setattr(complaint, column, step.values[key])
    if step.values.get("remedyAmount") is not None:
        complaint.remedy_amount = Decimal(str(step.values["remedyAmount"]))
    for key, column in DAYS.items():
        if step.values.get(key):
            setattr(complaint, column, date.fromisoformat(str(step.values[key])[:10]))
    if step.values.get("causeStep"):
        process_key, _, name = str(step.values["causeStep"]).partition("/")
        complaint.process_key, complaint.step = process_key, name
        complaint.cause_version_id = version_of_step(step.session, complaint, process_key)
    if step.step == "corrective-action":
        complaint.action_done_at = clock.now()


def check_step(step: CompletedStep) -> None:
    """Refuse who may not act in the complaint, people who don't work here, and a delay beyond the
    law's limit.

    Raises:
        NotAllowed: the complaint is about the person who acts.
        FormRejected: naming the field.
    """
    if step.case.process_key != COMPLAINT:
        return
    complaint = step.session.scalars(
        select(Complaint).where(Complaint.instance_id == step.case.id)
    ).one()
    if step.by == complaint.employee:
        raise NotAllowed("Nobody handles a complaint about themselves.")
    for key in PEOPLE:
        login = step.values.get(key)
        person = step.session.get(User, login) if isinstance(login, str) and login else None
        if login and (person is None or not person.active):
            raise FormRejected({key: [FieldError("noSuchPerson")]})
        if login and login == complaint.employee:
            raise FormRejected({key: [FieldError("complainedAbout")]})
    if step.values.get("reactionOutcome") == "bank-of-lithuania" and not complaint.consumer:
        raise FormRejected({"reactionOutcome": [FieldError("notConsumer")]})
    told = step.values.get("newAnswerOn")
    if told:
        limit = complaint.extended_answer_by.astimezone(OFFICE).date()
        if not today() <= date.fromisoformat(str(told)[:10]) <= limit:
            raise FormRejected({"newAnswerOn": [FieldError("beyondLaw", {"limit": str(limit)})]})


def register_all() -> None:
    """Register what complaints need; safe to repeat."""
    jobs.register("update-complaint", update_complaint)
    jobs.before_completion(check_step)
    jobs.after_completion(keep_findings)
    rights.hide_cases(hidden_cases)


def hidden_cases(user: rights.Person) -> Select[UUID | None]:
    """Cases of complaints that the user may not see: those about the user; and all others for who
    sees every case but not the register, unless a task in them is or was the user's.
    """
    hidden = select(Complaint.instance_id).where(Complaint.instance_id.is_not(None))
    about = Complaint.employee == user.login
    if user.roles & SEES_REGISTER or not user.roles & rights.SEES_EVERY_INSTANCE:
        return hidden.where(about)
    concerned = exists().where(
        UserTask.instance_id == Complaint.instance_id,
        or_(UserTask.assignee == user.login, UserTask.completed_by == user.login),
    )
    return hidden.where(or_(about, ~concerned))


def _refuse_unless_right(session: Session, told: Registration) -> None:
    wrong: dict[str, list[FieldError]] = {}
    if told.received_on > today():
        wrong["received_on"] = [FieldError("inFuture")]
    for name, value in (("complainant", told.complainant), ("description", told.description)):
        if not value.strip():
            wrong[name] = [FieldError("required")]
    for name, value, allowed in (
        ("channel", told.channel, CHANNELS),
        ("about", told.about, ABOUT),
        ("subject", told.subject, SUBJECTS),
        ("detail", told.detail or DETAILS[0], DETAILS),
        ("language", told.language, ("lt", "en")),
    ):
        if value not in allowed:
            wrong[name] = [FieldError("option")]
    if told.client_id is not None and session.get(Client, told.client_id) is None:
        wrong["client_id"] = [FieldError("option")]
    if told.about == "insurer" and (
        told.insurer_id is None or session.get(Insurer, told.insurer_id) is None
    ):
        wrong["insurer_id"] = [FieldError("required")]
    policy = session.get(Policy, told.policy_id) if told.policy_id is not None else None
    if told.policy_id is not None and (policy is None or policy.client_id != told.client_id):
        wrong["policy_id"] = [FieldError("option")]
    if told.employee and session.get(User, told.employee) is None:
        wrong["employee"] = [FieldError("noSuchPerson")]
    if told.claimed_amount is not None and not 0 <= told.claimed_amount < 10**9:
        wrong["claimed_amount"] = [FieldError("min", {"min": 0})]
    if wrong:
        raise FormRejected(wrong)


def _handler(session: Session, told: Registration) -> str | None:
    """A complaints handler, else compliance; never the person complained about."""
    for role in (Role.COMPLAINTS_HANDLER, Role.COMPLIANCE):
        found = session.scalars(
            select(User.login)
            .join(UserRole, UserRole.login == User.login)
            .where(
                UserRole.role == role, User.active.is_(True), User.login != (told.employee or "")
            )
            .order_by(User.login)
            .limit(1)
        ).first()
        if found:
            return found
    return None


def _row(
    told: Registration,
    terms: Mapping[str, object],
    calendar: WorkingCalendar,
    handler: str | None,
    by: str,
) -> Complaint:
    def until(term: str) -> datetime:
        return _end_of_day(calendar, told.received_on, terms[term])

    return Complaint(
        received_on=told.received_on,
        registered_at=clock.now(),
        registered_by=by,
        channel=told.channel,
        client_id=told.client_id,
        complainant=told.complainant.strip()[:200],
        complainant_email=told.complainant_email or None,
        representation=told.representation or None,
        about=told.about,
        insurer_id=told.insurer_id,
        employee=told.employee or None,
        subject=told.subject,
        subject_detail=told.detail or None,
        policy_id=told.policy_id,
        claimed_amount=told.claimed_amount,
        description=told.description.strip(),
        language=told.language,
        consumer=told.consumer,
        owner=handler,
        acknowledge_by=until("acknowledge"),
        internal_answer_by=until("internalAnswer"),
        answer_by=until("answer"),
        extended_answer_by=until("extendedAnswer"),
    )


def _with_number(session: Session, complaint: Complaint) -> Complaint:
    """Give the next number of the year; two who register at once get two numbers."""
    year = today().year
    for _attempt in range(ATTEMPTS):
        last = session.scalar(
            select(func.max(Complaint.register_number)).where(
                Complaint.register_number.like(f"{year}-%")
            )
        )
        complaint.register_number = f"{year}-{int(last[5:]) + 1 if last else 1:04d}"
        try:
            with session.begin_nested():
                session.add(complaint)
                session.flush()
        except IntegrityError:
            continue
        return complaint
    raise RuntimeError("No free number was found for the complaint.")


def _variables(
    session: Session,
    complaint: Complaint,
    told: Registration,
    terms: Mapping[str, object],
    calendar: WorkingCalendar,
    client: Client | None,
) -> dict[str, object]:
    def morning(term: str) -> str:
        day = calendar.add_working_days(told.received_on, _number(terms[term]))
        return datetime.combine(day, time(8, 30), OFFICE).isoformat()

    def day_of(moment: datetime) -> str:
        return moment.astimezone(OFFICE).date().isoformat()

    facts: dict[str, object] = {
        "owner": complaint.owner,
        "vip": bool(client and client.vip),
        "complaint": {
            "id": complaint.id,
            "number": complaint.register_number,
            "complainant": complaint.complainant,
            "email": complaint.complainant_email,
            "receivedOn": told.received_on.isoformat(),
            "about": complaint.about,
            "subject": complaint.subject,
            "detail": complaint.subject_detail,
            "description": complaint.description,
            "claimedAmount": float(complaint.claimed_amount or 0),
            "consumer": complaint.consumer,
            "vip": bool(client and client.vip),
            "aboutEmployee": complaint.employee is not None,
            "language": complaint.language,
            "registeredAt": complaint.registered_at.isoformat(),
            "staff": _staff(session, complaint),
            "steps": process_steps(session),
            "toldAtOnce": _told_at_once(session, complaint),
            "acknowledgeBy": complaint.acknowledge_by.isoformat(),
            "internalAnswerBy": complaint.internal_answer_by.isoformat(),
            "delayLetterBy": morning("delayLetter"),
            "lastWarningAt": morning("lastWarning"),
            "answerBy": complaint.answer_by.isoformat(),
            "extendedAnswerBy": complaint.extended_answer_by.isoformat(),
            "acknowledgeOn": day_of(complaint.acknowledge_by),
            "answerOn": day_of(complaint.answer_by),
            "extendedAnswerOn": day_of(complaint.extended_answer_by),
        },
    }
    insurer = session.get(Insurer, complaint.insurer_id) if complaint.insurer_id else None
    if insurer is not None:
        facts["forwardTo"] = insurer.name
        email = contact_points.email_for(
            session, insurer, ContactPurpose.COMPLAINTS, complaint.product_id
        )
        if email:
            facts["forwardEmail"] = email
    if client is not None:
        facts.update(
            clientId=client.id, clientKind=client.kind, client=client_facts(session, client)
        )
    return facts


def _told_at_once(session: Session, complaint: Complaint) -> str:
    """Logins of the sales managers and compliance, but never of whom the complaint is about: the
    case is hidden from that person only once it has started.
    """
    people = session.scalars(
        select(User.login)
        .join(UserRole, UserRole.login == User.login)
        .where(
            UserRole.role.in_([Role.SALES_MANAGER, Role.COMPLIANCE]),
            User.active.is_(True),
            User.login != (complaint.employee or ""),
        )
        .order_by(User.login)
        .distinct()
    )
    return ",".join(people)


def _staff(session: Session, complaint: Complaint) -> list[dict[str, str]]:
    """Who may be made responsible for something: everybody but the person complained about."""
    people = session.execute(
        select(User.login, User.name)
        .where(User.active.is_(True), User.login != (complaint.employee or ""))
        .order_by(User.name)
    )
    return [{"label": name, "value": login} for login, name in people]


def _end_of_day(calendar: WorkingCalendar, received_on: date, days: object) -> datetime:
    day = calendar.add_working_days(received_on, _number(days))
    return calendar.due_at(datetime.combine(day, time(12), OFFICE), 0)


def _number(value: object) -> int:
    return int(float(str(value)))


def _id_in(variables: Mapping[str, object]) -> int:
    facts = variables.get("complaint")
    found = facts.get("id") if isinstance(facts, Mapping) else None
    if not isinstance(found, int):
        raise LookupError("The case has no complaint.")
    return found
