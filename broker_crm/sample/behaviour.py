"""How sample people and clients act: when a task is done, and with what result."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any

from broker_crm.calendar import WorkingCalendar
from broker_crm.engine.transition import CreatedTask
from broker_crm.sample.catalogue import Offered
from broker_crm.sample.chance import stream
from broker_crm.sample.staff import BY_LOGIN, Person

REFUSALS = ("has-insurer", "other-broker", "price", "no-need", "timing")
LATE_REFUSALS = ("price", "competitor", "terms", "postponed")
REMARKS = {
    "positive": ("Patiko, kad vienas kontaktas visiems klausimams.", "Nori greito atsakymo."),
    "neutral": ("Palygins su dabartiniu draudiku.", "Sprendžia kartu su akcininkais."),
    "sceptical": ("Abejoja dėl išskaitos dydžio.", "Praėjusi žala buvo atmesta."),
    "negative": ("Kaina per didelė.", "Nenori keisti draudiko."),
}


Values = dict[str, object]


@dataclass(frozen=True, slots=True)
class SampleCase:
    """What the simulation knows of a case."""

    number: int
    offered: Offered
    kind: str
    sector: str | None
    email: str | None
    language: str
    owner: str
    terms: Mapping[str, Any] = field(default_factory=dict)
    """`standardTerms` of the case, as the process knows them."""


Act = Callable[[SampleCase, CreatedTask, Random, datetime], Values]


def acts_at(
    case: SampleCase, task: CreatedTask, created: datetime, calendar: WorkingCalendar
) -> datetime:
    """When the person completes the task: a gamma-distributed wait in office time, UTC."""
    chance = stream("when", case.number, task.step, task.loop_number)
    person = _person(task, case)
    standard = task.standards.working_days or 1.0
    days = chance.gammavariate(1.8, 0.22 * standard) * person.delay
    if task.step in {"first-call", "offer-call"}:
        days += person.call_delay_days * chance.uniform(0.7, 1.3)
    if task.step in {"meeting", "negotiation"} and task.due_at is not None:
        return max(task.due_at + timedelta(minutes=chance.randint(20, 110)), created)
    return _office_time(created, days, chance, calendar)


def takes_minutes(case: SampleCase, task: CreatedTask) -> float:
    """Working minutes on the task itself."""
    chance = stream("minutes", case.number, task.step, task.loop_number)
    return round((task.standards.minutes or 5.0) * chance.lognormvariate(0, 0.35), 1)


def result(case: SampleCase, task: CreatedTask, now: datetime) -> Values:
    """The values that the person enters."""
    chance = stream("result", case.number, task.step, task.loop_number)
    return _RESULTS[task.step](case, task, chance, now)


def _person(task: CreatedTask, case: SampleCase) -> Person:
    return BY_LOGIN[task.assignee or case.owner]


def _office_time(
    start: datetime, days: float, chance: Random, calendar: WorkingCalendar
) -> datetime:
    local = start.astimezone(calendar.zone)
    day = calendar.add_working_days(local.date(), int(days))
    minute = chance.randint(5, 470)
    moment = datetime(day.year, day.month, day.day, 9, tzinfo=calendar.zone) + timedelta(
        minutes=minute
    )
    if moment <= local:
        moment = local + timedelta(minutes=chance.randint(5, 90))
    return moment.astimezone(start.tzinfo)


def _remark(chance: Random, reaction: str) -> Values:
    return {"reaction": reaction, "notes": chance.choice(REMARKS[reaction])}


def _soon(now: datetime, chance: Random, days: tuple[int, int]) -> str:
    day = now + timedelta(days=chance.randint(*days))
    while day.weekday() > 4:
        day += timedelta(days=1)
    hour, minute = chance.randint(9, 15), chance.choice((0, 15, 30, 45))
    return day.replace(hour=hour, minute=minute).strftime("%Y-%m-%dT%H:%M")


def _intro(case: SampleCase, task: CreatedTask, chance: Random, now: datetime) -> Values:
    if case.email is None:
        return {"introLetterOutcome": "no-email"}
    return {"introLetterOutcome": "send", **_letter(case, task, chance, now)}


def _letter(case: SampleCase, task: CreatedTask, chance: Random, now: datetime) -> Values:
    return {
        "letterLanguage": case.language,
        "recipientEmail": case.email or "rastine@pastas.example",
    }


def _first_call(case: SampleCase, task: CreatedTask, chance: Random, now: datetime) -> Values:
    if chance.random() < 0.36:
        return {"firstCallOutcome": "no-answer"}
    if chance.random() < 0.07:
        return {"firstCallOutcome": "later", "callBackAt": _soon(now, chance, (2, 9))}
    clear_segment = case.sector == "transport" and case.offered.key == "cargo"
    if chance.random() < (0.72 if clear_segment else 0.42):
        return {
            "firstCallOutcome": "interested",
            "interestSummary": "Domisi apsauga ir kaina.",
            **_remark(chance, chance.choice(("positive", "neutral"))),
        }
    if chance.random() < 0.03:
        return {"firstCallOutcome": "do-not-contact"}
    return {
        "firstCallOutcome": "not-interested",
        "reason": chance.choice(REFUSALS),
        **_remark(chance, chance.choice(("sceptical", "negative", "neutral"))),
    }


def _plan(case: SampleCase, task: CreatedTask, chance: Random, now: datetime) -> Values:
    return {
        "meetingAt": _soon(now, chance, (2, 7)),
        "meetingPlace": chance.choice(("client", "office", "remote")),
    }


def _meeting(case: SampleCase, task: CreatedTask, chance: Random, now: datetime) -> Values:
    if chance.random() < (0.3 if now.month == 7 else 0.15):
        return {"meetingOutcome": "no-show"}
    if chance.random() < 0.72:
        return {
            "meetingOutcome": "interested-further",
            "sumInsured": _sum_insured(case),
            "covers": list(case.offered.covers),
            "discountAsked": chance.choice((0, 0, 5, 10)),
            **_remark(chance, chance.choice(("positive", "positive", "neutral"))),
        }
    return {
        "meetingOutcome": "not-interested",
        "reason": chance.choice(REFUSALS),
        **_remark(chance, "sceptical"),
    }


def _sum_insured(case: SampleCase) -> int:
    factor = stream("sum", case.number).choice((0.5, 0.8, 1, 1, 1.5, 2))
    return int(case.offered.sum_insured * factor)


def _needs(case: SampleCase, task: CreatedTask, chance: Random, now: datetime) -> Values:
    return {
        "insuredObject": case.offered.name,
        "sumInsured": _sum_insured(case),
        "claimsInThreeYears": chance.choice((0, 0, 0, 1, 2)),
        "covers": list(case.offered.covers),
        "needsPriority": chance.choice(("cover", "price", "service")),
        "needsConfirmedBy": chance.choice(("signed", "email")),
        "needsConfirmed": True,
        **_particulars(case, now),
    }


def _particulars(case: SampleCase, now: datetime) -> Values:
    """Answers that the needs record asks for some products only."""
    chance = stream("particulars", case.number)
    letters = "".join(chance.choice("ABCDEFGHJKLMN") for _place in range(3))
    plate = f"{letters} {chance.randint(100, 999)}"
    asked: dict[str, Values] = {
        "mtpl": {"vehiclePlate": plate, "vehicleUser": "owner"},
        "casco": {"vehiclePlate": plate, "beneficiaryKind": "none"},
        "property": {"beneficiaryKind": "none"},
        "household": {"beneficiaryKind": "none"},
        "construction": {"tenderDeadline": (now + timedelta(days=40)).strftime("%Y-%m-%d")},
        "group-health": {"headcount": chance.randint(20, 120)},
    }
    return asked.get(case.offered.key, {})


def _inspection(case: SampleCase, task: CreatedTask, chance: Random, now: datetime) -> Values:
    return {"inspectedOn": now.strftime("%Y-%m-%d"), "photosKept": True}


def _quote(case: SampleCase, task: CreatedTask, chance: Random, now: datetime) -> Values:
    if chance.random() < 0.15:
        return {"quoteOutcome": "declined", "declineReason": "Neatitinka rizikos politikos."}
    return {
        "quoteOutcome": "quote",
        "quotePremium": round(_standard_premium(case) * chance.uniform(0.95, 1.15), 2),
        "quoteCommission": case.offered.commission,
        "quoteDeductible": case.offered.deductible,
    }


def _due_diligence(case: SampleCase, task: CreatedTask, chance: Random, now: datetime) -> Values:
    return {
        "identityChecked": True,
        "ownersChecked": True,
        "sanctionsChecked": True,
        "kycOutcome": "clear",
    }


def _standard_premium(case: SampleCase) -> float:
    computed = round(_sum_insured(case) * float(case.terms["premiumRate"]), 2)
    return max(float(case.terms["minPremium"]), computed)


def _offer(case: SampleCase, task: CreatedTask, chance: Random, now: datetime) -> Values:
    usual = BY_LOGIN[case.owner].discount
    given = max(0.0, chance.gauss(usual, 2.0)) if chance.random() < 0.7 else 0.0
    premium = round(_standard_premium(case) * (1 - min(given, 25) / 100), 2)
    values: Values = {
        "sumInsured": _sum_insured(case),
        "deductible": case.terms["deductible"],
        "covers": list(case.offered.covers),
        "premium": premium,
        "commission": case.terms["commission"],
        "instalments": chance.choice((1, 1, 2, 4)),
        "offerValidUntil": (now + timedelta(days=30)).strftime("%Y-%m-%d"),
    }
    if premium < _standard_premium(case):
        values["deviationReason"] = "Kliento pageidavimas po susitikimo."
    return values


def _approval(variable: str, comment: str, reject: bool) -> Act:
    def decide(case: SampleCase, task: CreatedTask, chance: Random, now: datetime) -> Values:
        drawn = chance.random()
        if drawn < 0.12 and task.loop_number == 1:
            return {variable: "return", comment: "Patikslinkite nuolaidos pagrindimą."}
        if reject and drawn > 0.98:
            return {variable: "reject", comment: "Rizika netinka mūsų sąlygoms."}
        return {variable: "approve"}

    return decide


def _offer_call(case: SampleCase, task: CreatedTask, chance: Random, now: datetime) -> Values:
    if chance.random() < 0.2:
        return {"offerCallOutcome": "no-answer"}
    drawn = chance.random()
    if drawn < 0.36:
        return {"offerCallOutcome": "accepts", **_remark(chance, "positive")}
    if drawn < 0.74:
        return {
            "offerCallOutcome": "negotiate",
            "negotiationRequest": "Mažesnė įmoka arba mokėjimas dalimis.",
            "discountAsked": chance.choice((5, 8, 10)),
            "negotiationMeetingAt": _soon(now, chance, (2, 6)),
            **_remark(chance, "neutral"),
        }
    return {
        "offerCallOutcome": "not-interested",
        "reason": chance.choice(LATE_REFUSALS),
        **_remark(chance, "negative"),
    }


def _negotiation(case: SampleCase, task: CreatedTask, chance: Random, now: datetime) -> Values:
    drawn = chance.random()
    if drawn < 0.07:
        return {
            "negotiationOutcome": "no-show",
            "negotiationMeetingAt": _soon(now, chance, (2, 6)),
        }
    if drawn < 0.62:
        return {"negotiationOutcome": "agreed", **_remark(chance, "positive")}
    if drawn < 0.82:
        return {
            "negotiationOutcome": "further",
            "negotiationRequest": "Prašo dar mažesnės įmokos.",
            "discountAsked": 5,
            **_remark(chance, "neutral"),
        }
    return {
        "negotiationOutcome": "refused",
        "reason": chance.choice(LATE_REFUSALS),
        **_remark(chance, "negative"),
    }


def _negotiation_decision(
    case: SampleCase, task: CreatedTask, chance: Random, now: datetime
) -> Values:
    outcome = "continue" if chance.random() < 0.5 else "stop"
    return {
        "negotiationDecisionOutcome": outcome,
        "negotiationDecisionComment": "Įvertinta marža ir kliento vertė.",
    }


def _contract(case: SampleCase, task: CreatedTask, chance: Random, now: datetime) -> Values:
    begins = now + timedelta(days=7)
    return {
        "contractNumber": f"PVZ-{case.number:05d}-{task.loop_number}",
        "contractStart": begins.strftime("%Y-%m-%d"),
        "contractEnd": (begins + timedelta(days=364)).strftime("%Y-%m-%d"),
        "contractDifferenceReason": "",
    }


def _signing(case: SampleCase, task: CreatedTask, chance: Random, now: datetime) -> Values:
    drawn = chance.random()
    if drawn < 0.90:
        return {
            "signingOutcome": "signed",
            "signedOn": now.strftime("%Y-%m-%d"),
            "signatureMethod": chance.choice(("smart-id", "mobile-id", "paper")),
            "policyNumber": f"PVZ{case.number:07d}",
        }
    if drawn < 0.95 and task.loop_number == 1:
        return {"signingOutcome": "error", "errorDescription": "Neteisingas laikotarpis."}
    return {"signingOutcome": "refused", "reason": chance.choice(LATE_REFUSALS)}


_RESULTS: dict[str, Act] = {
    "intro-letter": _intro,
    "first-call": _first_call,
    "plan-meeting": _plan,
    "meeting": _meeting,
    "needs-record": _needs,
    "risk-inspection": _inspection,
    "insurer-quote": _quote,
    "offer-preparation": _offer,
    "offer-approval": _approval("offerApprovalOutcome", "approvalComment", True),
    "offer-approval-sales": _approval("offerSalesApprovalOutcome", "approvalComment", True),
    "offer-letter": _letter,
    "offer-call": _offer_call,
    "negotiation": _negotiation,
    "negotiation-decision": _negotiation_decision,
    "kyc": _due_diligence,
    "contract-preparation": _contract,
    "contract-approval": _approval("contractApprovalOutcome", "contractApprovalComment", False),
    "contract-letter": _letter,
    "signing": _signing,
}
