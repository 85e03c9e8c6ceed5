"""Pages on which look-alike clients are compared, merged, told apart and parted again."""

from __future__ import annotations

import re

from sqlalchemy import select

from broker_crm.crm.models import Client
from tests.web.conftest import Site

TWIN = {"kind": "foreign", "language": "lt", "email": "kitas@twin.example", "anyway": "yes"}


def a_twin(site: Site) -> tuple[Client, Client]:
    """The site's client, and a second record of it written by a colleague."""
    with site.factory() as session:
        client = session.get_one(Client, site.client_id)
    bare = client.name.replace("UAB ", "").strip("„“")
    site.visitor("manager").post("/clients/new", form={**TWIN, "name": f"{bare}, UAB"})
    with site.factory() as session:
        twin = session.scalars(select(Client).where(Client.email == TWIN["email"])).one()
    return client, twin


def test_a_pair_is_listed_merged_with_a_preview_and_parted_again(site: Site) -> None:
    client, twin = a_twin(site)
    leader = site.visitor("manager")
    page = leader.get("/clients/duplicates").text
    assert client.name in page and "tas pats įmonės pavadinimas" in page
    assert twin.name in leader.get(f"/clients/{client.id}").text, "the client's page hints at it"
    address = f"/clients/{client.id}/merge/{twin.id}"
    page = leader.get(address).text
    assert "kitas@twin.example" in page
    found = re.search(r'name="seen" value="(\w+)"', page)
    assert found
    form = {"seen": found[1], "field-email": "merged", "field-name": "nonsense"}
    assert leader.post(address, form=form).location == f"/clients/{client.id}"
    with site.factory() as session:
        kept = session.get_one(Client, client.id)
        assert (kept.email, kept.name) == ("kitas@twin.example", client.name)
    assert leader.get(f"/clients/{twin.id}", 302).location == f"/clients/{client.id}"
    page = leader.get(f"/clients/{client.id}").text
    assert "Įrašai sujungti" in page and twin.name in page
    assert f'href="/clients/{twin.id}"' not in leader.get(f"/clients?q={twin.name[:8]}").text
    assert "jau sujungtas" in leader.get(address, follow_redirects=True).text
    page = leader.get("/clients/duplicates").text
    undo = re.search(r'action="(/clients/merges/\d+/undo)"', page)
    assert undo
    assert leader.post(undo[1]).location == f"/clients/{twin.id}"
    with site.factory() as session:
        assert session.get_one(Client, client.id).email == client.email
    assert "Atšaukta" in leader.get("/clients/duplicates").text
    trail = site.visitor("compliance").get("/data-protection/audit").text
    assert "Įrašai sujungti" in trail and "Įrašai atskirti" in trail


def test_two_clients_stay_two_and_a_change_meanwhile_is_told(site: Site) -> None:
    client, twin = a_twin(site)
    leader = site.visitor("asta")
    address = f"/clients/{client.id}/merge/{twin.id}"
    answer = leader.post(address, form={"seen": "0" * 16})
    assert answer.location == address
    assert "Kažkas tuo metu pakeitė" in leader.get(address).text
    pair = {"first": str(twin.id), "second": str(client.id)}
    leader.post("/clients/duplicates/apart", form=pair)
    assert twin.name not in leader.get("/clients/duplicates").text
    leader.post("/clients/duplicates/apart", 404, form={"first": "x", "second": str(twin.id)})
    leader.get(f"/clients/{client.id}/merge/99999", 404)
