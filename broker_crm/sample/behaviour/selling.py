"""What salespeople and product managers enter in a sale to a new client."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from random import Random
from typing import Any

from broker_crm.engine.transition import CreatedTask
from broker_crm.sample.behaviour.case import SampleCase, Values
from broker_crm.sample.behaviour.words import day_in, remark, soon
from broker_crm.sample.staff import BY_LOGIN

REFUSALS = ("has-insurer", "other-broker", "price", "no-need", "timing")
LATE_REFUSALS = ("price", "competitor", "terms", "postponed")

INTERESTED = {"A": 0.28, "B": 0.34}
"""Share of those reached, by version of the intro letter: B answers better by 6 points."""
CLEAR_SEGMENT = 0.55
"""The same for hauliers who are offered cargo insurance."""
NO_SHOW, NO_SHOW_IN_JULY = 0.12, 0.40
AT_ONCE, AT_ONCE_VIP = 0.34, 0.1
"""Share that accepts the first offer without negotiating."""
FURTHER, FURTHER_VIP = 0.18, 0.42
"""Share of the negotiations that end in another round."""

INTERESTS = (
    "Domisi apsauga ir kaina.",
    "Nori palyginti kelių draudikų sąlygas.",
    "Dabartinis polisas netenkina dėl išskaitos.",
    "Plečia veiklą, reikės didesnės draudimo sumos.",
)
REQUESTS = (
    "Mažesnė įmoka arba mokėjimas dalimis.",
    "Mažesnė išskaita už tą pačią įmoką.",
    "Prašo tokios pat kainos kaip pernai.",
)

Seen = Mapping[str, object]
"""The variables that the task sees."""
Act = Callable[[SampleCase, CreatedTask, Random, datetime, Seen], Values]


def _intro(
    case: SampleCase, task: CreatedTask, chance: Random, now: datetime, seen: Seen
) -> Values:
    if case.email is None:
        return {"introLetterOutcome": "no-email"}
    return {"introLetterOutcome": "send", **_letter(case, task, chance, now, seen)}


def _letter(
    case: SampleCase, task: CreatedTask, chance: Random, now: datetime, seen: Seen
) -> Values:
    return {
        "letterLanguage": case.language,
        "recipientEmail": case.email or "rastine@pastas.example",
    }


def _first_call(
    case: SampleCase, task: CreatedTask, chance: Random, now: datetime, seen: Seen
) -> Values:
    if chance.random() < 0.34:
        return {"firstCallOutcome": "no-answer"}
    if chance.random() < 0.06:
        return {"firstCallOutcome": "later", "callBackAt": soon(now, chance, (2, 9))}
    clear = case.sector == "transport" and case.product == "cargo"
    drawn = case.traits.get("drawn")
    drawn = drawn if isinstance(drawn, float) else case.chance("drawn").random()
    if drawn < (CLEAR_SEGMENT if clear else INTERESTED[case.letter]):
        return {
            "firstCallOutcome": "interested",
            "interestSummary": chance.choice(INTERESTS),
            **remark(chance, chance.choice(("positive", "neutral"))),
        }
    if chance.random() < 0.02:
        return {"firstCallOutcome": "do-not-contact"}
    return {
        "firstCallOutcome": "not-interested",
        "reason": chance.choice(REFUSALS),
        **remark(chance, chance.choice(("sceptical", "negative", "neutral"))),
    }


def _plan(case: SampleCase, task: CreatedTask, chance: Random, now: datetime, seen: Seen) -> Values:
    return {
        "meetingAt": soon(now, chance, (2, 6)),
        "meetingPlace": chance.choice(("client", "office", "remote")),
    }


def _meeting(
    case: SampleCase, task: CreatedTask, chance: Random, now: datetime, seen: Seen
) -> Values:
    planned = task.due_at or now
    if chance.random() < (NO_SHOW_IN_JULY if planned.month == 7 else NO_SHOW):
        return {"meetingOutcome": "no-show"}
    if chance.random() < 0.72:
        return {
            "meetingOutcome": "interested-further",
            "sumInsured": _sum_insured(case),
            "covers": list(case.offered.covers),
            "discountAsked": chance.choice((0, 0, 5, 10)),
            **remark(chance, chance.choice(("positive", "positive", "neutral"))),
        }
    return {
        "meetingOutcome": "not-interested",
        "reason": chance.choice(REFUSALS),
        **remark(chance, "sceptical"),
    }


def _sum_insured(case: SampleCase) -> int:
    factor = case.chance("sum").choice((0.5, 0.8, 1, 1, 1.2, 1.5))
    return int(case.offered.sum_insured * factor)


def _needs(
    case: SampleCase, task: CreatedTask, chance: Random, now: datetime, seen: Seen
) -> Values:
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
    chance = case.chance("particulars")
    letters = "".join(chance.choice("ABCDEFGHJKLMN") for _place in range(3))
    plate = f"{letters} {chance.randint(100, 999)}"
    asked: dict[str, Values] = {
        "mtpl": {"vehiclePlate": plate, "vehicleUser": "owner"},
        "casco": {"vehiclePlate": plate, "beneficiaryKind": "none"},
        "property": {"beneficiaryKind": "none"},
        "household": {"beneficiaryKind": "none"},
        "construction": {"tenderDeadline": day_in(now, 40)},
        "group-health": {"headcount": chance.randint(20, 120)},
    }
    return asked.get(case.offered.key, {})


def _inspection(
    case: SampleCase, task: CreatedTask, chance: Random, now: datetime, seen: Seen
) -> Values:
    return {"inspectedOn": day_in(now, 0), "photosKept": True}


def _quote(
    case: SampleCase, task: CreatedTask, chance: Random, now: datetime, seen: Seen
) -> Values:
    if chance.random() < 0.15:
        return {"quoteOutcome": "declined", "declineReason": "Neatitinka rizikos politikos."}
    terms = _terms(seen)
    return {
        "quoteOutcome": "quote",
        "quotePremium": round(_standard_premium(case, seen) * chance.uniform(0.95, 1.15), 2),
        "quoteCommission": terms["commission"],
        "quoteDeductible": terms["deductible"],
    }


def _due_diligence(
    case: SampleCase, task: CreatedTask, chance: Random, now: datetime, seen: Seen
) -> Values:
    return {
        "identityChecked": True,
        "ownersChecked": True,
        "sanctionsChecked": True,
        "kycOutcome": "clear",
    }


def _terms(seen: Seen) -> Mapping[str, Any]:
    """What is standard for the client that day, as the case knows it."""
    terms = seen["standardTerms"]
    assert isinstance(terms, Mapping)
    return terms


def _standard_premium(case: SampleCase, seen: Seen) -> float:
    terms = _terms(seen)
    computed = round(_sum_insured(case) * float(terms["premiumRate"]), 2)
    return max(float(terms["minPremium"]), computed)


def _offer(
    case: SampleCase, task: CreatedTask, chance: Random, now: datetime, seen: Seen
) -> Values:
    usual = BY_LOGIN[case.owner].discount
    given = max(0.0, chance.gauss(usual, 1.5)) + (2.0 if task.loop_number > 1 else 0.0)
    standard, terms = _standard_premium(case, seen), _terms(seen)
    premium = round(standard * (1 - min(given, 15) / 100), 2)
    values: Values = {
        "sumInsured": _sum_insured(case),
        "deductible": terms["deductible"],
        "covers": list(case.offered.covers),
        "premium": premium,
        "commission": terms["commission"],
        "instalments": chance.choice((1, 1, 2, 4)),
        "offerValidUntil": (now + timedelta(days=30)).strftime("%Y-%m-%d"),
    }
    if premium < standard:
        values["deviationReason"] = "Kliento pageidavimas po susitikimo."
    return values


def _approval(variable: str, comment: str, reject: bool) -> Act:
    def decide(
        case: SampleCase, task: CreatedTask, chance: Random, now: datetime, seen: Seen
    ) -> Values:
        drawn = chance.random()
        if drawn < 0.12 and task.loop_number == 1:
            return {variable: "return", comment: "Patikslinkite nuolaidos pagrindimą."}
        if reject and drawn > 0.98:
            return {variable: "reject", comment: "Rizika netinka mūsų sąlygoms."}
        return {variable: "approve"}

    return decide


def _offer_call(
    case: SampleCase, task: CreatedTask, chance: Random, now: datetime, seen: Seen
) -> Values:
    if chance.random() < 0.18:
        return {"offerCallOutcome": "no-answer"}
    drawn = chance.random()
    accepts = AT_ONCE_VIP if case.vip else AT_ONCE
    if drawn < (accepts if task.loop_number == 1 else 0.62):
        return {"offerCallOutcome": "accepts", **remark(chance, "positive")}
    if drawn < 0.74:
        values: Values = {
            "offerCallOutcome": "negotiate",
            "negotiationRequest": chance.choice(REQUESTS),
            "discountAsked": chance.choice((3, 5, 8, 10)),
            **remark(chance, "neutral"),
        }
        variant = seen.get("variant")
        if isinstance(variant, Mapping) and variant.get("negotiationMeeting"):
            values["negotiationMeetingAt"] = soon(now, chance, (2, 6))
        return values
    return {
        "offerCallOutcome": "not-interested",
        "reason": chance.choice(LATE_REFUSALS),
        **remark(chance, "negative"),
    }


def _negotiation(
    case: SampleCase, task: CreatedTask, chance: Random, now: datetime, seen: Seen
) -> Values:
    drawn = chance.random()
    if drawn < 0.07:
        return {
            "negotiationOutcome": "no-show",
            "negotiationMeetingAt": soon(now, chance, (2, 6)),
        }
    further = FURTHER_VIP if case.vip else FURTHER
    if drawn < 0.80 - further:
        return {"negotiationOutcome": "agreed", **remark(chance, "positive")}
    if drawn < 0.80:
        return {
            "negotiationOutcome": "further",
            "negotiationRequest": "Prašo dar mažesnės įmokos.",
            "discountAsked": 5,
            **remark(chance, "neutral"),
        }
    return {
        "negotiationOutcome": "refused",
        "reason": chance.choice(LATE_REFUSALS),
        **remark(chance, "negative"),
    }


def _negotiation_decision(
    case: SampleCase, task: CreatedTask, chance: Random, now: datetime, seen: Seen
) -> Values:
    outcome = "continue" if chance.random() < 0.5 else "stop"
    return {
        "negotiationDecisionOutcome": outcome,
        "negotiationDecisionComment": "Įvertinta marža ir kliento vertė.",
    }


def _contract(
    case: SampleCase, task: CreatedTask, chance: Random, now: datetime, seen: Seen
) -> Values:
    begins = now + timedelta(days=7)
    return {
        "contractNumber": f"PVZ-{case.key}-{task.loop_number}",
        "contractStart": begins.strftime("%Y-%m-%d"),
        "contractEnd": (begins + timedelta(days=364)).strftime("%Y-%m-%d"),
        "contractPremium": seen["premium"],
        "contractCommission": seen["commission"],
        "contractDeductible": seen["deductible"],
        "contractInstalments": seen["instalments"],
    }


def _signing(
    case: SampleCase, task: CreatedTask, chance: Random, now: datetime, seen: Seen
) -> Values:
    drawn = chance.random()
    if drawn < 0.90:
        return {
            "signingOutcome": "signed",
            "signedOn": day_in(now, 0),
            "signatureMethod": chance.choice(("smart-id", "mobile-id", "paper")),
            "policyNumber": f"PVZ-{case.key}",
        }
    if drawn < 0.95 and task.loop_number == 1:
        return {"signingOutcome": "error", "errorDescription": "Neteisingas laikotarpis."}
    return {"signingOutcome": "refused", "reason": chance.choice(LATE_REFUSALS)}


RESULTS: dict[str, Act] = {
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

APPROVALS = {
    step: RESULTS[step]
    for step in ("offer-approval", "offer-approval-sales", "negotiation-decision")
}
