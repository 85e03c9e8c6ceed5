"""The report of a week: questions in sentences with figures, intervals and small tables."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from broker_crm.outreach import pdf
from broker_crm.outreach.blocks import Block, BlockKind, Line, Sheet, Span
from broker_crm.people.models import User
from broker_crm.web import times
from broker_crm.web.answers import changes, figures, kept_filters, rows, scope
from broker_crm.web.answers.asked import Asked
from broker_crm.web.answers.dimensions import DIMENSION, heading
from broker_crm.web.answers.filters import OF_NOW
from broker_crm.web.answers.reply import Reply, reply
from broker_crm.web.answers.sentences.saying import question as words_of
from broker_crm.web.wording import word

TOLD = ("Q2", "Q3", "Q4", "Q5", "Q6", "Q8", "Q9", "Q10", "Q11", "Q12", "Q13")
ROWS = 5
COLUMNS = 4
_WEEK = re.compile(r"(\d{4})-W(\d{2})")


@dataclass(frozen=True, slots=True)
class Chapter:
    """One question of the report, in the reader's language.

    Attributes:
        id: of the question.
        question: in a manager's words.
        figure: with its sample, interval and caution, in one line; '' where nothing can be told.
        change: since the week before, in one line; '' where it can't change by the week.
        sentences: the answer.
        headings: of the table; empty without one.
        rows: of the table, the first ones.
    """

    id: str
    question: str
    figure: str
    change: str
    sentences: tuple[str, ...]
    headings: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """A week's report for one reader."""

    title: str
    about: str
    chapters: tuple[Chapter, ...]


def week_name(monday: date) -> str:
    """A week as an address has it, such as '2026-W47'."""
    year, week, _day = monday.isocalendar()
    return f"{year}-W{week:02}"


def monday_of(name: str) -> date | None:
    """The Monday of a week's name; None where there is no such week."""
    found = _WEEK.fullmatch(name)
    try:
        return date.fromisocalendar(int(found[1]), int(found[2]), 1) if found else None
    except ValueError:
        return None


def asked(session: Session, query: str, monday: date) -> Asked:
    """What kept filters ask about in a week; what is gone is told in `errors`."""
    return kept_filters.read(session, query, monday, monday + timedelta(days=6))


def report(session: Session, user: User, query: str, monday: date) -> Report:
    """The report of a week, within what the reader may know.

    Args:
        session: reads only.
        user: who reads, in the language that is spoken now.
        query: kept filters without errors.
        monday: first day of the week, in the office's time zone.
    """
    told = asked(session, query, monday)
    week_before = asked(session, query, monday - timedelta(days=7))
    last = monday + timedelta(days=6)
    return Report(
        _("Report of the week %(first)s – %(last)s", first=times.day(monday), last=times.day(last)),
        "; ".join(kept_filters.words(session, query)) or _("All the work that you may see."),
        tuple(
            _chapter(
                session,
                reply(session, user, each, told),
                None if each.id in OF_NOW else reply(session, user, each, week_before),
            )
            for each in scope.questions(user)
            if each.id in TOLD
        ),
    )


def drawn(told: Report, language: str, made_at: datetime) -> bytes:
    """The report as PDF."""
    return pdf.of_sheet(Sheet(tuple(_blocks(told))), language, made_at)


def _chapter(session: Session, found: Reply, before: Reply | None) -> Chapter:
    answer, said = found.answer, found.said
    parts = []
    if answer.value is not None:
        parts = [figures.figure(answer.value, answer.unit), f"n = {figures.number(answer.n)}"]
        if interval := figures.interval(answer.interval, answer.unit):
            parts.append(f"{_('95 %% interval').replace('%%', '%')} {interval}")
        if answer.small and answer.id not in OF_NOW:
            parts.append(_("few cases: don't rely on it yet"))
    if answer.id in OF_NOW:
        parts.append(_("as it is now, not in that week"))
    columns = [name for name in answer.columns if (answer.id, name) not in rows.TOLD_ELSEWHERE][
        :COLUMNS
    ]
    lines = [
        (
            rows.name_of(session, found, row),
            figures.number(row["n"]),
            *(figures.figure(row.get(name), answer.columns[name]) for name in columns),
        )
        for row in answer.rows[:ROWS]
    ]
    titles = (word(DIMENSION, answer.by), heading(answer.id, "n"))
    return Chapter(
        answer.id,
        words_of(answer.id),
        " · ".join(parts),
        "" if before is None else changes.since_the_week_before(answer, before.answer),
        tuple(text for text in (said.main, said.compared, said.rest, said.ignored) if text),
        (*titles, *(heading(answer.id, name) for name in columns)) if lines else (),
        tuple(lines),
    )


def _blocks(told: Report) -> list[Block]:
    found = [
        Block(BlockKind.HEADING, (_line(told.title),), level=1),
        Block(BlockKind.PARAGRAPH, (_line(told.about),)),
    ]
    for each in told.chapters:
        title = f"{each.id[1:]}. {each.question}"
        found.append(Block(BlockKind.HEADING, (_line(title),), level=2))
        if each.figure:
            found.append(Block(BlockKind.PARAGRAPH, (_line(each.figure, bold=True),)))
        if each.change:
            found.append(Block(BlockKind.PARAGRAPH, (_line(each.change),)))
        found += [Block(BlockKind.PARAGRAPH, (_line(text),)) for text in each.sentences]
        if each.rows:
            heads = tuple(_line(text, bold=True) for text in each.headings)
            lines = tuple(tuple(_line(text) for text in row) for row in each.rows)
            found.append(Block(BlockKind.TABLE, rows=(heads, *lines)))
    return found


def _line(text: str, *, bold: bool = False) -> Line:
    return (Span(text, bold=bold),)
