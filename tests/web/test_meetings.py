"""A person's meetings on their page, as files, and as a feed behind a secret address."""

from __future__ import annotations

import re
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from broker_crm import clock
from broker_crm.crm.models import Meeting
from tests.web.conftest import Site


@pytest.fixture
def meeting(site: Site) -> UUID:
    with site.factory.begin() as session:
        planned = Meeting(
            client_id=site.client_id,
            instance_id=site.instance_id,
            organiser=site.owner,
            title="Pardavimas · UAB „Žvaigždė“",
            starts_at=clock.now() + timedelta(days=2),
            place="Biure",
            created_at=clock.now(),
        )
        session.add(planned)
        session.flush()
        return planned.id


def address_on(page: str) -> str:
    found = re.search(r'value="http://[^/]+(/calendar/[^"]+)"', page)
    assert found
    return found[1]


def test_the_page_lists_what_is_ahead_and_gives_each_as_a_file(site: Site, meeting: UUID) -> None:
    seller = site.visitor(site.owner)
    page = seller.get("/meetings").text
    assert "Biure" in page and f"/meetings/{meeting}.ics" in page
    file = seller.get(f"/meetings/{meeting}.ics")
    assert file.mimetype == "text/calendar"
    assert "attachment" in file.headers["Content-Disposition"]
    assert "SUMMARY:Pardavimas · UAB „Žvaigždė“" in file.text


def test_a_colleague_s_meeting_is_nobody_else_s(site: Site, meeting: UUID) -> None:
    colleague = site.visitor(site.colleague)
    colleague.get(f"/meetings/{meeting}.ics", 404)
    assert "Biure" not in colleague.get("/meetings").text
    site.visitor("manager").get(f"/meetings/{meeting}.ics")
    site.visitor(site.owner).get(f"/meetings/{uuid4()}.ics", 404)


def test_a_calendar_reads_the_feed_by_its_address_alone(site: Site, meeting: UUID) -> None:
    seller, stranger = site.visitor(site.owner), site.visitor()
    path = address_on(seller.post("/meetings/feed", 200).text)
    assert f"UID:{meeting}" in stranger.get(path).text
    assert path not in seller.get("/meetings").text, "the address is shown once"
    newer = address_on(seller.post("/meetings/feed", 200).text)
    stranger.get(path, 404)
    stranger.get(newer)
    seller.post("/meetings/feed/close")
    stranger.get(newer, 404)


@pytest.mark.parametrize("secret", ["x", "ž" * 50, "a" * 5000, "%00"])
def test_a_guessed_address_opens_nothing(site: Site, meeting: UUID, secret: str) -> None:
    site.visitor(site.owner).post("/meetings/feed", 200)
    site.visitor().get(f"/calendar/{secret}.ics", 404)


def test_a_feed_is_made_only_by_a_form_of_ours(site: Site) -> None:
    site.visitor(site.owner).post("/meetings/feed", 400, csrf=False)
