"""The page of the weekly report, the same as PDF, and subscribing to it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import get_locale
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from broker_crm import clock
from broker_crm.analysis import subscriptions
from broker_crm.analysis.subscriptions import SubscriptionRefused
from broker_crm.outreach import pdf
from broker_crm.web import database, files, times
from broker_crm.web.answers import addresses, asked, kept_filters, weekly
from broker_crm.web.errors import NotFound
from broker_crm.web.sign_in import person
from broker_crm.web.wording import Words, word

WEEK = "week"
WEEKDAYS: Words = {
    "0": _l("Monday"),
    "1": _l("Tuesday"),
    "2": _l("Wednesday"),
    "3": _l("Thursday"),
    "4": _l("Friday"),
    "5": _l("Saturday"),
    "6": _l("Sunday"),
}
REFUSALS: Words = {
    "no-weekday": _l("Choose a day of the week."),
    "too-long": _l("These filters are too long to be saved."),
}

blueprint = Blueprint("reports", __name__)


@blueprint.get("/reports/weekly")
def show() -> ResponseReturnValue:
    session, user = database.current(), person()
    query, monday = _asked()
    pairs = kept_filters.pairs(query)
    kept = subscriptions.subscription_of(session, user.login)
    this_week = times.today() - timedelta(days=times.today().weekday())
    return render_template(
        "reports/weekly.html",
        report=weekly.report(session, user, query, monday),
        questions=addresses.of_list(pairs),
        days={"from": monday.isoformat(), "to": (monday + timedelta(days=6)).isoformat(), **pairs},
        pdf=_address("reports.as_pdf", monday, query),
        earlier=_address("reports.show", monday - subscriptions.WEEK, query),
        later=_address("reports.show", monday + subscriptions.WEEK, query)
        if monday < this_week
        else None,
        query=query,
        subscribed={
            "day": word(WEEKDAYS, str(kept.weekday)),
            "filters": "; ".join(kept_filters.words(session, kept.query)),
            "same": kept.query == query,
        }
        if kept
        else None,
        weekday=kept.weekday if kept else 0,
        weekdays=[(int(key), str(name)) for key, name in WEEKDAYS.items()],
    )


@blueprint.get("/reports/weekly.pdf")
def as_pdf() -> ResponseReturnValue:
    query, monday = _asked()
    told = weekly.report(database.current(), person(), query, monday)
    content = weekly.drawn(told, str(get_locale()), clock.now())
    return files.download(f"{weekly.week_name(monday)}.pdf", pdf.MEDIA_TYPE, content)


@blueprint.post("/reports/weekly/subscription")
def subscribe() -> ResponseReturnValue:
    query = _filters(kept_filters.pairs(request.form.get("query", "")))
    day = request.form.get("weekday", "")
    try:
        with database.writing() as session:
            subscriptions.subscribe(
                session, person().login, query, int(day) if day in WEEKDAYS else -1
            )
    except SubscriptionRefused as refused:
        flash(word(REFUSALS, refused.code), "bad")
    else:
        flash(_("The report comes by mail every week."), "good")
    return redirect(addresses.made("reports.show", kept_filters.pairs(query)), 303)


@blueprint.post("/reports/weekly/unsubscription")
def unsubscribe() -> ResponseReturnValue:
    with database.writing() as session:
        subscriptions.unsubscribe(session, person().login)
    flash(_("The report comes no more."), "good")
    return redirect(addresses.made("reports.show", {}), 303)


def _asked() -> tuple[str, date]:
    """Kept filters and the Monday of the week; the last whole week where none is named."""
    given = request.args.to_dict()
    name = given.pop(WEEK, "")
    monday = weekly.monday_of(name) if name else subscriptions.week_before(times.today())
    if monday is None or not asked.OLDEST <= monday <= times.today():
        raise NotFound
    return _filters(given), monday


def _filters(given: dict[str, str]) -> str:
    told = asked.read(database.current(), given)
    if told.errors:
        raise NotFound
    return kept_filters.kept(told.query)


def _address(endpoint: str, monday: date, query: str) -> str:
    told: dict[str, Any] = {WEEK: weekly.week_name(monday), **kept_filters.pairs(query)}
    return addresses.made(endpoint, told)
