"""What people enter in complaints, campaigns and when they sell to clients: mostly by shares."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from random import Random

from broker_crm.engine.transition import CreatedTask
from broker_crm.sample.behaviour.case import SampleCase, Values
from broker_crm.sample.behaviour.words import day_in, soon

SHARES: dict[str, dict[str, float]] = {
    "complaint-check": {"complaint": 0.9, "request": 0.06, "claim": 0.04},
    "forward-watch": {"answered": 0.8, "silent": 0.2},
    "ask-others": {"ask": 0.6, "not-needed": 0.4},
    "others-answer": {"info": 0.8, "none": 0.2},
    "ask-complainant": {"ask": 0.4, "not-needed": 0.6},
    "complainant-answer": {"got": 0.85, "not-got": 0.15},
    "answer-check": {"approve": 0.9, "return": 0.1},
    "complaint-decision": {"decided": 1.0},
    "legal-check": {"approve": 0.9, "return": 0.1},
    "remedy-approval": {"approve": 1.0},
    "complaint-reaction": {"accepts": 0.84, "disputes": 0.13, "bank-of-lithuania": 0.03},
    "bank-decision": {"for-us": 0.6, "against-us": 0.4},
    "content-approval": {"approve": 1.0},
    "permission-approval": {"approve": 1.0},
    "capacity-approval": {"approve": 1.0},
    "campaign-check": {"good": 1.0},
    "campaign-stop": {"continue": 1.0},
    "campaign-call": {"interested": 0.4, "not-interested": 0.35, "no-answer": 0.25},
    "signal-review": {"accept": 0.75, "dismiss": 0.25},
    "upsell-contact": {
        "interested": 0.5,
        "not-interested": 0.22,
        "postpone": 0.1,
        "no-answer": 0.18,
    },
    "endorsement-price": {"priced": 0.95, "declined": 0.05},
    "contact-preparation": {"go": 0.88, "dismiss": 0.12},
    "cross-contact": {
        "interested": 0.4,
        "has-elsewhere": 0.2,
        "not-now": 0.08,
        "no-need": 0.14,
        "no-answer": 0.18,
    },
    "insurer-quote": {"quote": 0.8, "declined": 0.1, "no-reply": 0.1},
    "offer-approval": {"approve": 0.9, "return": 0.1},
    "offer-approval-sales": {"approve": 0.94, "return": 0.06},
    "offer-call": {"accepts": 0.5, "refuses": 0.3, "no-answer": 0.2},
    "kyc": {"clear": 1.0},
    "contract-approval": {"approve": 1.0},
    "signing": {"signed": 0.95, "refused": 0.05},
}
"""Share of each outcome by step."""
SLOW_STEP = "new-client-sale/offer-approval"
"""Where the delays come from."""
FIRST_TIME_ONLY = frozenset({"return", "disputes", "mend", "no-answer", "more-facts"})
"""Outcomes that nobody gives a third time."""

Seen = Mapping[str, object]
Entry = Callable[[SampleCase, Random, datetime, Seen], object]


def outcome(
    case: SampleCase, step: str, loop: int, offered: tuple[str, ...], chance: Random
) -> str | None:
    """One of the offered outcomes, by the shares of the step; the first where there are none."""
    if not offered:
        return None
    shares = {
        each: share
        for each, share in SHARES.get(step, {}).items()
        if each in offered and not (loop > 2 and each in FIRST_TIME_ONLY)
    }
    if not shares:
        return offered[0]
    return chance.choices(list(shares), list(shares.values()))[0]


def _text(*words: str) -> Entry:
    return lambda case, chance, now, seen: chance.choice(words)


def _same(value: object) -> Entry:
    return lambda case, chance, now, seen: value


def _decision(case: SampleCase, chance: Random, now: datetime, seen: Seen) -> str:
    likely = (6, 2, 3, 1) if case.traits.get("subject") == "delay" else (2, 3, 5, 2)
    return case.chance("decision").choices(("upheld", "partly", "rejected", "settled"), likely)[0]


def _offered_premium(case: SampleCase, chance: Random, now: datetime, seen: Seen) -> float:
    quotes = seen.get("quotes")
    priced = [
        float(each["premium"])
        for each in (quotes if isinstance(quotes, list) else [])
        if isinstance(each, dict) and each.get("outcome") == "quote" and each.get("premium")
    ]
    extra = seen.get("extraPremium")
    return min(priced) if priced else float(str(extra)) if extra else _standard_premium(case, seen)


def _standard_premium(case: SampleCase, seen: Seen) -> float:
    """Of the sum that the needs record names, as is standard for the client that day."""
    insured = float(str(seen.get("sumInsured") or case.offered.sum_insured))
    return round(max(case.offered.minimum, insured * _rate(case, seen)), 2)


def _rate(case: SampleCase, seen: Seen) -> float:
    terms = seen.get("standardTerms")
    return float(terms["premiumRate"] if isinstance(terms, Mapping) else case.offered.rate)


def _chosen(case: SampleCase, chance: Random, now: datetime, seen: Seen) -> object:
    quotes = seen.get("quotes")
    priced = [
        (float(each["premium"]), each["insurer"])
        for each in (quotes if isinstance(quotes, list) else [])
        if isinstance(each, dict) and each.get("outcome") == "quote" and each.get("premium")
    ]
    return min(priced)[1] if priced else None


def _quoted(case: SampleCase, chance: Random, now: datetime, seen: Seen) -> float:
    insurer = seen.get("insurer")
    name = insurer.get("name") if isinstance(insurer, dict) else ""
    factor = case.chance("quote", name).uniform(0.95, 1.15)
    return round(_standard_premium(case, seen) * factor, 2)


def _added(case: SampleCase, chance: Random, now: datetime, seen: Seen) -> int:
    """A tenth to a quarter of what is usual, in hundreds of EUR."""
    share = case.chance("added").choice((0.1, 0.15, 0.25))
    return max(1, round(case.offered.sum_insured * share / 100)) * 100


def _extra(case: SampleCase, chance: Random, now: datetime, seen: Seen) -> float:
    added = float(str(seen.get("addedSum") or _added(case, chance, now, seen)))
    return round(added * _rate(case, seen) * case.chance("extra").uniform(0.97, 1.06), 2)


ENTRIES: dict[str, Entry] = {
    "decision": _decision,
    "decisionReasons": _text(
        "Patikrinti įrašai ir pokalbiai; terminas buvo praleistas dėl mūsų vidinio derinimo.",
        "Klientas buvo informuotas raštu, tačiau paaiškinta nepakankamai aiškiai.",
        "Aplinkybės nepasitvirtino: sąlygos atitinka patvirtintą pasiūlymą.",
    ),
    "remedyAmount": lambda case, chance, now, seen: case.chance("remedy").choice((30, 50, 80, 120)),
    "remedyText": _text("Grąžinama dalis įmokos.", "Atsiprašymas ir nemokama papildoma apsauga."),
    "remedyOwner": lambda case, chance, now, seen: case.traits.get("salesperson"),
    "remedyDone": _text("Suma pervesta, klientas informuotas."),
    "facts": _text(
        "Peržiūrėta bylos eiga: pasiūlymas ilgai laukė produkto vadovo tvirtinimo.",
        "Išklausytas pokalbio įrašas, surinkti laiškai.",
    ),
    "othersName": _same("Gintaras Draudimas"),
    "othersEmail": _same("zalos@gintaras-draudimas.example"),
    "othersQuestion": _text("Prašome paaiškinti, kada ir kodėl buvo atidėtas sprendimas."),
    "othersAnswer": _text("Produkto vadovas patvirtino, kad tvirtinimas užtruko."),
    "missingData": _text("Kada ir su kuo kalbėjote? Gal turite susirašinėjimą?"),
    "answerComment": _text("Papildykite, kuo remiamės spręsdami."),
    "passedOn": _text("Byla perduota kolegai, susipažino su visais dokumentais."),
    "actionDone": _text("Antras tvirtintojas paskirtas, tvarka įsigaliojo."),
    "bankReceivedOn": lambda case, chance, now, seen: day_in(now, 0),
    "bankDeadline": lambda case, chance, now, seen: day_in(now, 14),
    "bankQuestion": _text("Prašoma pateikti bylos dokumentus ir paaiškinimą."),
    "complainantAnswer": _text("Atsiuntė susirašinėjimo kopijas."),
    "answerText": _text(
        "Dėkojame, kad kreipėtės. Patikrinome aplinkybes ir pateikiame pagrįstą atsakymą."
    ),
    "rootCause": lambda case, chance, now, seen: (
        "Pasiūlymo tvirtinimas pas produkto vadovą užtruko ilgiau už standartą."
        if case.traits.get("subject") == "delay"
        else chance.choice(("Nepakankamai paaiškintos sąlygos.", "Klaida poliso dokumente."))
    ),
    "bankExplanation": _text("Pateikiame bylos dokumentus ir sprendimo motyvus."),
    "correctiveAction": lambda case, chance, now, seen: (
        "Paskirti antrą tvirtintoją įmonių turto pasiūlymams."
        if case.traits.get("subject") == "delay"
        else "Papildyti pokalbio standartą ir patikros sąrašą."
    ),
    "actionOwner": _same("manager"),
    "actionDueOn": lambda case, chance, now, seen: day_in(now, 30),
    "newAnswerOn": lambda case, chance, now, seen: day_in(now, 14),
    "delayReasons": _text("Laukiame draudiko paaiškinimo."),
    "forwardTo": _same("Gintaras Draudimas"),
    "forwardEmail": _same("skundai@gintaras-draudimas.example"),
    "forwardAnswer": _text("Draudikas pripažino klaidą ir perskaičiavo išmoką."),
    "goal": _text("Padidinti krovinių draudimo klientų skaičių regione."),
    "targetMarket": _text("Įmonės, kurios dar neturi šio draudimo."),
    "insideTargetMarket": _same(True),
    "budget": _same(1_500),
    "segmentKind": lambda case, chance, now, seen: case.traits.get("segmentKind", "legal"),
    "segmentStatus": _same("any"),
    "segmentSector": lambda case, chance, now, seen: case.traits.get("segmentSector", "any"),
    "segmentSize": _same("any"),
    "onlyWithoutProduct": _same(True),
    "holdOutPercent": _same(10),
    "waveSize": _same(20),
    "stopPercent": _same(5),
    "headline": _text("Ar jūsų apsauga tebetinka?"),
    "messageA": _text("Palyginsime kelių draudikų sąlygas ir parodysime skirtumus."),
    "messageB": _text("Panašios įmonės sutaupė nekeisdamos apsaugos."),
    "headlineEn": _text("Does your cover still fit?"),
    "messageAEn": _text("We compare several insurers and show you the differences."),
    "messageBEn": _text("Companies like yours saved without giving up cover."),
    "materialCost": _same(420),
    "testEmail": _same("marketing@brokeris.example"),
    "conclusions": _text("Variantas B sulaukė daugiau atsakymų; kvietimą kartosime pavasarį."),
    "dismissReason": lambda case, chance, now, seen: chance.choice(("covered", "bad-moment")),
    "reason": lambda case, chance, now, seen: chance.choice(("price", "no-need")),
    "reasonText": _text("Šiuo metu nereikia.", "Apsauga pakankama."),
    "callBackAt": lambda case, chance, now, seen: soon(now, chance, (2, 6)),
    "elsewhereInsurer": _text("Kitas draudikas"),
    "elsewhereEndsOn": lambda case, chance, now, seen: day_in(now, chance.randint(60, 320)),
    "notNowUntil": lambda case, chance, now, seen: day_in(now, chance.randint(45, 120)),
    "needsText": _text("Padidėjo turto vertė, draudimo suma nepakankama."),
    "needsConfirmed": _same(True),
    "needsConfirmedBy": _same("email"),
    "needsPriority": _same("cover"),
    "addedSum": _added,
    "extraPremium": _extra,
    "endorsementPremium": lambda case, chance, now, seen: seen.get("premium"),
    "effectiveOn": lambda case, chance, now, seen: day_in(now, 1),
    "declineReason": _text("Rizika netinka draudikui."),
    "quotePremium": _quoted,
    "quoteCommission": lambda case, chance, now, seen: case.offered.commission,
    "quoteDeductible": lambda case, chance, now, seen: case.offered.deductible,
    "chosenInsurer": _chosen,
    "premium": _offered_premium,
    "commission": lambda case, chance, now, seen: case.offered.commission,
    "deductible": lambda case, chance, now, seen: case.offered.deductible,
    "instalments": _same(1),
    "offerValidUntil": lambda case, chance, now, seen: day_in(now, 30),
    "deviationReason": _text("Draudiko pasiūlyta įmoka."),
    "sumInsured": lambda case, chance, now, seen: (
        seen.get("sumInsured") or case.offered.sum_insured
    ),
    "covers": lambda case, chance, now, seen: list(case.offered.covers),
    "claimsInThreeYears": _same(0),
    "insuredObject": lambda case, chance, now, seen: case.offered.name,
    "plan": _text("Paskambinti, pasiūlyti trumpą apžvalgą."),
    "letterLanguage": lambda case, chance, now, seen: case.language,
    "recipientEmail": lambda case, chance, now, seen: case.email or "rastine@pastas.example",
    "contractNumber": lambda case, chance, now, seen: f"PVZ-{case.key}",
    "contractStart": lambda case, chance, now, seen: day_in(now, 5),
    "contractEnd": lambda case, chance, now, seen: day_in(now, 369),
    "contractPremium": lambda case, chance, now, seen: seen.get("premium"),
    "contractCommission": lambda case, chance, now, seen: seen.get("commission"),
    "contractDeductible": lambda case, chance, now, seen: seen.get("deductible"),
    "contractInstalments": lambda case, chance, now, seen: seen.get("instalments"),
    "signedOn": lambda case, chance, now, seen: day_in(now, 0),
    "signatureMethod": lambda case, chance, now, seen: chance.choice(("smart-id", "mobile-id")),
    "policyNumber": lambda case, chance, now, seen: f"PVZ-{case.key}",
    "satisfied": lambda case, chance, now, seen: chance.choice(("yes", "yes", "partly")),
    "breachAssessment": _same("no-risk"),
    "identityChecked": _same(True),
    "ownersChecked": _same(True),
    "sanctionsChecked": _same(True),
}
"""What is entered in a field, whichever form shows it."""


def entry(field: str, case: SampleCase, chance: Random, now: datetime, seen: Seen) -> object | None:
    """The value for a field that a form wants; None when nothing is known of it."""
    found = ENTRIES.get(field)
    return found(case, chance, now, seen) if found else None


def _root_cause(
    case: SampleCase, task: CreatedTask, chance: Random, now: datetime, seen: Seen
) -> Values:
    """Delays came from the approval of offers; of other causes the step is not told."""
    complaint = seen.get("complaint")
    steps = complaint.get("steps") if isinstance(complaint, Mapping) else None
    if case.traits.get("subject") != "delay" or not isinstance(steps, list):
        return {}
    offered = {str(each.get("value")) for each in steps if isinstance(each, Mapping)}
    return {"causeStep": SLOW_STEP} if SLOW_STEP in offered else {}


def _reaction(
    case: SampleCase, task: CreatedTask, chance: Random, now: datetime, seen: Seen
) -> Values:
    """Only consumers go to the Bank of Lithuania."""
    if case.kind == "natural":
        return {}
    return {task.outcome_variable: "accepts" if chance.random() < 0.86 else "disputes"}


RESULTS = {"root-cause": _root_cause, "complaint-reaction": _reaction}
"""What is entered beyond what the forms demand."""
