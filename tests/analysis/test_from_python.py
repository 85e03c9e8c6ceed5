"""The blocks of the page on Python run as they stand, on a small past of two versions."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from broker_crm.analysis.opening import opened
from broker_crm.db import connect
from broker_crm.definitions.models import ResourceKind
from broker_crm.definitions.publish import publish_bundle
from broker_crm.definitions.published import latest_version
from broker_crm.definitions.republish import published_bundle
from broker_crm.people.models import User

from .story import SALE, Story

PAGE = Path(__file__).parents[2] / "docs" / "analysis-from-python.md"
SAMPLE = "sqlite:///var/broker_crm.sqlite3"


@pytest.mark.damages
def test_the_blocks_of_the_page_run(
    factory: sessionmaker[Session], furnished_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with factory.begin() as session:
        Story(session, 1, cases=130)
        bundle = published_bundle(session, latest_version(session, SALE).id)
        files = tuple(
            replace(file, content=file.content.replace(b"2. Skambutis", b"2. Pokalbis"))
            if file.kind is ResourceKind.DIAGRAM
            else file
            for file in bundle.files
        )
        assert publish_bundle(session, replace(bundle, files=files), "designer", "Kitas vardas")
        Story(session, 2, cases=130)
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert len(blocks) == 8
    program = "\n".join(blocks)
    assert program.count(SAMPLE) == 1
    exec(program.replace(SAMPLE, furnished_url), {})
    told = capsys.readouterr().out
    assert "conversations ended in interest" in told
    assert "130 and 130 cases" in told and "working days, of 130 cases" in told
    assert re.search(r"(none|tendency|clear) among \d+ conversations", told)
    assert re.search(r"\d+ calls", told)
    assert re.search(r"^commission \S+ → \S+ eur", told, re.MULTILINE)


def test_who_keeps_the_columns_open_holds_nobody_up(
    factory: sessionmaker[Session], furnished_url: str
) -> None:
    with opened(furnished_url) as columns:
        assert columns.rows("SELECT count(*) AS n FROM task", {})
        with connect(furnished_url, patience=1).begin() as other:
            other.exec_driver_sql("UPDATE user_account SET phone = phone")
        assert columns.session.scalar(select(User.login).limit(1))
