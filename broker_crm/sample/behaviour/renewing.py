"""What people enter when a policy is renewed, and whether its client stays."""

from __future__ import annotations

from datetime import date, datetime
from random import Random

from broker_crm.calendar import OFFICE
from broker_crm.engine.transition import CreatedTask
from broker_crm.sample.behaviour.case import SampleCase, Values
from broker_crm.sample.behaviour.selling import Act, Seen
from broker_crm.sample.behaviour.words import day_in, remark, soon

STAYS = 0.92
"""Share of the clients who accept in the end, when nothing speaks against it."""
FIRST_TERM, LATE_OFFER, DEARER = 0.17, 0.12, 0.18
"""By how much less clients stay: in the first term, when the offer comes less than 14 days before
the end, and when it is at least 15 % dearer."""
LATE_DAYS, DEAR_PERCENT = 14, 15
REASONS = ("price", "price", "competitor", "competitor", "terms", "service", "no-need")
OFFERS = (
    "Siūlome likti pas tą patį draudiką: sąlygos nepablogėjo.",
    "Palyginus draudikų pasiūlymus, šis geriausiai atitinka poreikius.",
    "Rekomenduojame dėl mažesnės išskaitos ir patikimo žalų administravimo.",
)


def stays(case: SampleCase, now: datetime, seen: Seen) -> bool:
    """Does the client accept the renewal in the end?"""
    likely = STAYS
    if case.traits.get("firstTerm"):
        likely -= FIRST_TERM
    if (_ends(case) - now.astimezone(OFFICE).date()).days < LATE_DAYS:
        likely -= LATE_OFFER
    if _dearer(case, seen):
        likely -= DEARER
    return case.chance("stays").random() < likely


def _ends(case: SampleCase) -> date:
    return date.fromisoformat(str(case.traits["endsOn"]))


def _dearer(case: SampleCase, seen: Seen) -> bool:
    old, offered = _number(case.traits["premium"]), _number(seen.get("premium"))
    return offered >= old * (1 + DEAR_PERCENT / 100) - 0.01


def _number(value: object) -> float:
    return float(str(value)) if value is not None else 0.0


def _file(case: SampleCase, task: CreatedTask, chance: Random, now: datetime, seen: Seen) -> Values:
    return {"insuredObject": case.offered.name, "sumInsured": case.offered.sum_insured}


def _changes(
    case: SampleCase, task: CreatedTask, chance: Random, now: datetime, seen: Seen
) -> Values:
    drawn = chance.random()
    if drawn < 0.14:
        return {"changesOutcome": "no-answer"}
    if drawn < 0.155:
        return {"changesOutcome": "risk-ceased", "reason": "no-need"}
    if drawn < 0.165 and case.traits.get("firstTerm"):
        return {"changesOutcome": "will-leave", "reason": "competitor"}
    values: Values = {
        "changesOutcome": "no-changes",
        "sumInsured": seen.get("sumInsured"),
        "strategy": seen.get("strategy"),
    }
    if drawn > 0.85:
        values["changesOutcome"] = "changes"
        values["changesText"] = chance.choice(
            ("Padidėjo apyvarta, keisis draudimo suma.", "Pasikeitė adresas.", "Nauja įranga.")
        )
    return values


def _incumbent(
    case: SampleCase, task: CreatedTask, chance: Random, now: datetime, seen: Seen
) -> Values:
    if chance.random() < 0.02:
        return {"incumbentOutcome": "refused", "incumbentRefusal": "Netinkama rizika."}
    old = _number(case.traits["premium"])
    grown = chance.uniform(1.15, 1.24) if chance.random() < 0.2 else chance.uniform(0.98, 1.09)
    return {
        "incumbentOutcome": "higher-premium" if grown > 1.1 else "terms",
        "incumbentPremium": round(old * grown, 2),
        "incumbentCommission": seen.get("incumbentCommission"),
        "incumbentDeductible": seen.get("incumbentDeductible"),
    }


def _quote(
    case: SampleCase, task: CreatedTask, chance: Random, now: datetime, seen: Seen
) -> Values:
    insurer = seen.get("insurer")
    name = insurer.get("name") if isinstance(insurer, dict) else ""
    chance = case.chance("quote", name)
    drawn = chance.random()
    if drawn < 0.12:
        return {"quoteOutcome": "no-reply"}
    if drawn < 0.24:
        return {"quoteOutcome": "declined", "declineReason": "Nepriima tokios rizikos."}
    return {
        "quoteOutcome": "quote",
        "quotePremium": round(_number(case.traits["premium"]) * chance.uniform(0.98, 1.25), 2),
        "quoteCommission": case.offered.commission,
        "quoteDeductible": case.offered.deductible,
    }


def _offer(
    case: SampleCase, task: CreatedTask, chance: Random, now: datetime, seen: Seen
) -> Values:
    found = seen.get("quotes")
    quotes = [
        (_number(each.get("premium")), str(each.get("insurer")))
        for each in (found if isinstance(found, list) else [])
        if isinstance(each, dict) and each.get("outcome") == "quote"
    ]
    if seen.get("incumbentOutcome") != "refused":
        kept = _number(seen.get("incumbentPremium") or case.traits["premium"])
        quotes.append((kept * 0.97, str(case.traits["insurer"])))
    cheapest, insurer = min(quotes)
    if insurer == case.traits["insurer"]:
        cheapest = _number(seen.get("incumbentPremium") or case.traits["premium"])
    premium = cheapest if task.loop_number == 1 else cheapest * 0.98
    return {
        "chosenInsurer": insurer,
        "sumInsured": seen.get("sumInsured"),
        "deductible": seen.get("deductible"),
        "covers": list(case.offered.covers),
        "premium": round(premium, 2),
        "commission": seen.get("commission"),
        "instalments": seen.get("instalments"),
        "offerValidUntil": str(seen.get("offerValidUntil"))[:10],
        "recommendation": chance.choice(OFFERS),
        "deviationReason": "Draudiko pasiūlyta pratęsimo įmoka.",
    }


def _call(case: SampleCase, task: CreatedTask, chance: Random, now: datetime, seen: Seen) -> Values:
    if chance.random() < 0.16:
        return {"renewalCallOutcome": "no-answer"}
    if chance.random() < 0.06:
        return {"renewalCallOutcome": "later", "callBackAt": soon(now, chance, (1, 4))}
    if stays(case, now, seen):
        if task.loop_number == 1 and chance.random() < (0.4 if case.vip else 0.18):
            return {
                "renewalCallOutcome": "negotiate",
                "negotiationRequest": "Prašo palikti praėjusių metų įmoką.",
                **remark(chance, "neutral"),
            }
        return {"renewalCallOutcome": "accepts", **remark(chance, "positive")}
    return {
        "renewalCallOutcome": "refuses",
        "reason": case.chance("why").choice(REASONS),
        **remark(chance, chance.choice(("negative", "sceptical"))),
    }


def _negotiation(
    case: SampleCase, task: CreatedTask, chance: Random, now: datetime, seen: Seen
) -> Values:
    if not stays(case, now, seen):
        return {"negotiationOutcome": "refused", "reason": "price"}
    if chance.random() < (0.45 if case.vip else 0.2):
        return {
            "negotiationOutcome": "new-offer",
            "negotiationRequest": "Draudikas sutiko peržiūrėti įmoką.",
        }
    return {"negotiationOutcome": "agreed", "notes": "Sutarta telefonu."}


def _check(
    case: SampleCase, task: CreatedTask, chance: Random, now: datetime, seen: Seen
) -> Values:
    if chance.random() < 0.05:
        return {
            "policyCheckOutcome": "mismatch",
            "mismatchText": "Polise nurodyta kita išskaita.",
        }
    return {
        "objectChecked": True,
        "endorsementsKept": True,
        "termsChecked": True,
        "policyCheckOutcome": "match",
        "newPolicyNumber": f"PR-{case.key}",
        "newPolicyStart": str(seen.get("newPolicyStart"))[:10],
        "newPolicyEnd": str(seen.get("newPolicyEnd"))[:10],
        "newPolicyPremium": seen.get("newPolicyPremium"),
    }


def _payment(
    case: SampleCase, task: CreatedTask, chance: Random, now: datetime, seen: Seen
) -> Values:
    if chance.random() < 0.06:
        return {"paymentOutcome": "unpaid"}
    issued = seen.get("issued")
    amount = issued.get("firstAmount") if isinstance(issued, dict) else seen.get("premium")
    return {"paymentOutcome": "paid", "paidOn": day_in(now, 0), "paidAmount": amount}


def _letter(
    case: SampleCase, task: CreatedTask, chance: Random, now: datetime, seen: Seen
) -> Values:
    address = case.email or "rastine@pastas.example"
    return {"letterLanguage": case.language, "recipientEmail": address}


def _payment_call(
    case: SampleCase, task: CreatedTask, chance: Random, now: datetime, seen: Seen
) -> Values:
    return {"paymentCallOutcome": "will-pay" if chance.random() < 0.8 else "cancels"}


def _uncovered(
    case: SampleCase, task: CreatedTask, chance: Random, now: datetime, seen: Seen
) -> Values:
    return {"uncoveredOutcome": "told", "notes": "Klientas įspėtas, kad apsauga baigėsi."}


RESULTS: dict[str, Act] = {
    "renewal-file": _file,
    "client-changes": _changes,
    "incumbent-terms": _incumbent,
    "insurer-quote": _quote,
    "offer-preparation": _offer,
    "renewal-letter": _letter,
    "renewal-call": _call,
    "negotiation": _negotiation,
    "policy-check": _check,
    "policy-letter": _letter,
    "payment-watch": _payment,
    "payment-call": _payment_call,
    "uncovered-client": _uncovered,
}
