"""What a stored simulation and a check of the model show, in words and figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import url_for
from sqlalchemy.orm import Session

from broker_crm.analysis.models import SimulationRun
from broker_crm.analysis.simulation import stored
from broker_crm.analysis.simulation.settings import read_query
from broker_crm.analysis.simulation.versions import published_model, version_of
from broker_crm.people.models import User
from broker_crm.web import staff, times
from broker_crm.web.analyse.what_if import words
from broker_crm.web.analyse.what_if.asking import naming
from broker_crm.web.answers import figures, labels, pictures, scope
from broker_crm.web.wording import word

Told = Mapping[str, Any]
SMALL = 20
OF_PEOPLE = ("overload", "busy")
"""Warnings that name a person."""
LEAST_DAYS = 0.05
"""Smaller differences are none to anybody."""


def run(session: Session, user: User, found: SimulationRun) -> dict[str, Any]:
    """One run: how it stands, and what came of it."""
    base = {**line(session, user, found), "check": None, "outcome": None}
    if found.result is None:
        return base
    version = version_of(session, found.process_key, found.version)
    known = naming(session, version, published_model(session, version))
    changes = bool(read_query(found.query).changes)
    return {
        **base,
        "outcome": _outcome(outcome_for(user, found.result["outcome"]), known, changes),
        "check": check(session, found.result["check"], known),
    }


def line(session: Session, user: User, found: SimulationRun) -> dict[str, Any]:
    """A run in a list."""
    version = version_of(session, found.process_key, found.version)
    known = naming(session, version, published_model(session, version))
    changes = [words.change(each, known) for each in read_query(found.query).changes]
    return {
        "id": found.id,
        "address": url_for("what_if.show", run_id=found.id),
        "again": f"{url_for('what_if.form')}?{found.query}",
        "process": labels.label(session, "process", found.process_key),
        "version": found.version,
        "changes": changes,
        "status": found.status,
        "status_word": word(words.STATUS, found.status),
        "tone": words.STATUS_TONE[found.status],
        "percent": round(100 * found.progress),
        "problem": words.problem(found.problem) if found.problem else "",
        "owner": staff.name(session, found.owner),
        "asked": times.when(found.asked_at),
        "replications": read_query(found.query).replications,
        "deletable": may_delete(user, found),
    }


def outcome_for(user: User, told: Told) -> Told:
    """An outcome as stored, without single people for those who see none of colleagues."""
    if not scope.own_only(user):
        return told
    of_people = [[code, each["key"]] for code in OF_PEOPLE for each in told["people"]]
    warnings = [each for each in told["warnings"] if list(each) not in of_people]
    return {**told, "people": [], "warnings": warnings}


def may_delete(user: User, found: SimulationRun) -> bool:
    """One's own; who leads may take away any."""
    return found.owner == user.login or staff.leads(user)


def last_check(session: Session, process: str, version: int) -> dict[str, Any] | None:
    """The newest check of a version's model as the page shows it; None where none was asked for."""
    found = stored.last_check(session, process, version)
    if found is None:
        return None
    version_row = version_of(session, process, version)
    known = naming(session, version_row, published_model(session, version_row))
    told = check(session, found.result, known) if found.result else None
    return {
        "status": found.status,
        "status_word": word(words.STATUS, found.status),
        "tone": words.STATUS_TONE[found.status],
        "percent": round(100 * found.progress),
        "when": times.when(found.ended_at or found.asked_at),
        "told": told,
    }


def check(session: Session, told: Told, known: Mapping[str, str]) -> dict[str, Any]:
    """A check: the verdict in a word and a colour, and its table."""
    rows = [_checked(each, known) for each in told["checks"]]
    failing = [_checked(each, known) for each in told["failing"]]
    waits = [each for each in told["checks"] if each["step"] and each["n"] >= SMALL]
    return {
        "verdict": word(words.VERDICT, told["verdict"]),
        "code": told["verdict"],
        "tone": words.TONE[told["verdict"]],
        "learned": figures.number(told["learned"]),
        "checked": figures.number(told["checked"]),
        "rows": [row for row in rows if not row["step"]],
        "waits": [row for row in rows if row["step"]],
        "failing": [
            f"{row['step']}: {row['name']}" if row["step"] else row["name"] for row in failing
        ],
        "missed": sum(not row["kept"] and not row["few"] for row in rows if row["step"]),
        "judged": len(waits),
        "spared": told["spared"],
        "distance": figures.figure(told["distance"], "days"),
        "repeated": figures.figure(told["repeated"], "days"),
        "nearer": told["repeated"] is None or (told["distance"] or 0) <= told["repeated"],
        "replications": told["replications"],
    }


def _checked(told: Told, known: Mapping[str, str]) -> dict[str, Any]:
    unit = words.CHECKED_UNIT.get(told["what"], "days")
    low, high, observed = told["low"], told["high"], told["observed"]
    slack = 1e-9 + 0.005 * max(abs(low), abs(high))
    return {
        "name": word(words.CHECKED, told["what"]),
        "step": known.get(told["step"], told["step"]) if told["step"] else "",
        "observed": figures.figure(observed, unit),
        "interval": figures.interval((low, high), unit),
        "n": figures.number(told["n"]),
        "few": told["n"] < SMALL,
        "judged": told["what"] != "cases",
        "kept": low - slack <= observed <= high + slack,
    }


def _outcome(told: Told, known: Mapping[str, str], changes: bool) -> dict[str, Any]:
    clear = [_line(each, known) for each in told["figures"]]
    return {
        "sentence": words.sentence([_raw(each) for each in told["figures"]], changes),
        "changes": changes,
        "figures": clear,
        "waits": [_line(each, known) for each in told["waits"]],
        "late": [_line(each, known) for each in told["late"]],
        "groups": [_load(each, words.GROUP) for each in told["groups"]],
        "people": [_load(each, known) for each in told["people"]],
        "warnings": [words.warning(code, about, known) for code, about in told["warnings"]],
        "cases": figures.number(told["cases"]),
        "versions": ", ".join(str(each) for each in told["versions"]),
        "pace": figures.figure(told["pace"], "share"),
        "replications": figures.number(told["replications"]),
        "simulated": figures.number(told["simulated"]),
    }


def exported(user: User, found: SimulationRun, known: Mapping[str, str]) -> list[list[Any]]:
    """The figures of a run for a spreadsheet."""
    rows: list[list[Any]] = []
    outcome = outcome_for(user, found.result["outcome"]) if found.result else {}
    for part in ("figures", "waits", "late", "groups", "people"):
        for each in outcome.get(part, ()):
            row: list[Any] = [_name(each["key"], known), each["unit"]]
            for side in ("today", "changed", "difference"):
                estimate = each[side] or {}
                row += [
                    figures.exported(estimate.get(name), each["unit"])
                    for name in ("mean", "low", "high")
                ]
            rows.append(row)
    return rows


def _raw(told: Told) -> dict[str, Any]:
    difference = told["difference"]
    clear = difference is not None and difference["low"] * difference["high"] > 0
    return {**told, "clear": clear}


def _line(told: Told, known: Mapping[str, str]) -> dict[str, Any]:
    unit = told["unit"]
    return {
        "name": _name(told["key"], known),
        "sure": _raw(told)["clear"],
        **{side: _estimate(told[side], unit) for side in ("today", "changed")},
        "difference": _difference(told["difference"], unit),
    }


def _name(key: str, known: Mapping[str, Any]) -> str:
    if key in words.FIGURE:
        return word(words.FIGURE, key)
    if key in words.GROUP and key not in known:
        return word(words.GROUP, key)
    if key.startswith("+"):
        group, _dash, number = key[1:].rpartition("-")
        return f"+{number} ({word(words.GROUP, group)})"
    return str(known.get(key, key))


def _load(told: Told, known: Mapping[str, Any]) -> dict[str, Any]:
    sides: Sequence[Told | None] = (told["today"], told["changed"])
    return {
        "name": _name(told["key"], known),
        "bars": [
            {
                "bar": pictures.load(each["mean"]),
                "above": each["mean"] >= 1,
                "figure": figures.figure(each["mean"], "load"),
            }
            if each
            else None
            for each in sides
        ],
    }


def _estimate(told: Told | None, unit: str) -> dict[str, str] | None:
    if told is None:
        return None
    return {
        "mean": figures.figure(told["mean"], unit),
        "interval": figures.interval((told["low"], told["high"]), unit),
    }


def _difference(told: Told | None, unit: str) -> dict[str, str] | None:
    if told is None:
        return None
    scale, shown = (100.0, "points") if unit in ("share", "load") else (1.0, unit)

    def signed(value: float) -> str:
        if unit == "days" and abs(value) < LEAST_DAYS:
            return figures.figure(0, unit)
        text = figures.figure(scale * value, shown) if value >= 0 else ""
        if value < 0:
            text = f"−{figures.figure(-scale * value, shown)}"
        return f"+{text}" if value > 0 else text

    return {
        "mean": signed(told["mean"]),
        "interval": f"{signed(told['low'])} … {signed(told['high'])}",
    }
