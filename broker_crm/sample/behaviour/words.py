"""Remarks of sample clients, and days that people agree on."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random

from broker_crm.calendar import OFFICE, lithuanian_calendar
from broker_crm.sample.behaviour.case import Values

REMARKS = {
    "positive": (
        "Patiko, kad vienas kontaktas visiems klausimams.",
        "Nori greito atsakymo, sprendimą priima pats.",
        "Džiaugiasi, kad sąlygos paaiškintos paprastai.",
        "Rekomendavo pažįstamas įmonės vadovas.",
    ),
    "neutral": (
        "Palygins su dabartiniu draudiku.",
        "Sprendžia kartu su akcininkais.",
        "Prašė atsiųsti viską raštu.",
        "Svarbiausia – terminai ir mokėjimas dalimis.",
    ),
    "sceptical": (
        "Abejoja dėl išskaitos dydžio.",
        "Praėjusi žala buvo atmesta, todėl atsargus.",
        "Mano, kad draudimo suma per didelė.",
    ),
    "negative": (
        "Kaina per didelė.",
        "Nenori keisti draudiko.",
        "Nepatenkintas ankstesniu aptarnavimu.",
    ),
}
_CALENDAR = lithuanian_calendar(2015, 2045)


def remark(chance: Random, reaction: str) -> Values:
    """A reaction with a note."""
    return {"reaction": reaction, "notes": chance.choice(REMARKS[reaction])}


def soon(now: datetime, chance: Random, days: tuple[int, int]) -> str:
    """A quarter of an hour on a working day some days ahead, Vilnius time, as forms want it."""
    day = now.astimezone(OFFICE).date() + timedelta(days=chance.randint(*days))
    while not _CALENDAR.is_working(day):
        day += timedelta(days=1)
    hour, minute = chance.randint(9, 15), chance.choice((0, 15, 30, 45))
    return f"{day}T{hour:02d}:{minute:02d}"


def day_in(now: datetime, days: int) -> str:
    """The day some days ahead, as forms want it."""
    return (now.astimezone(OFFICE).date() + timedelta(days=days)).isoformat()
