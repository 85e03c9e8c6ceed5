"""Readers of exported logs, written from the standards: nothing shared with the product."""

from __future__ import annotations

import csv
import json
import re
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
from lxml import etree

SCHEMAS = Path(__file__).parent / "schemas"
DATE_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")


@dataclass(frozen=True)
class Done:
    """A completed step as a file tells of it."""

    case: str
    step: str
    activity: str
    person: str | None
    scheduled: datetime | None
    started: datetime | None
    done: datetime
    late_days: int | None


def moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def number(text: str | None) -> int | None:
    return int(text) if text else None


def xes(file: Path) -> list[Done]:
    """Valid by the schema, or an assertion fails; steps paired by their instance."""
    document = etree.parse(str(file))
    schema = etree.XMLSchema(etree.parse(str(SCHEMAS / "xes-ieee-1849-2016.xsd")))
    schema.assertValid(document)
    found = []
    for trace in document.getroot().findall("trace"):
        case = _attributes(trace)["concept:name"]
        by_step: dict[str, dict[str, dict[str, str]]] = {}
        for event in trace.findall("event"):
            told = _attributes(event)
            instance = by_step.setdefault(told["concept:instance"], {})
            instance.setdefault(told["lifecycle:transition"], told)
        for step, life in by_step.items():
            if "complete" not in life:
                continue
            end = life["complete"]
            done = moment(end["time:timestamp"])
            assert done is not None
            found.append(
                Done(
                    case,
                    step,
                    end["concept:name"],
                    end.get("org:resource"),
                    moment(life["schedule"]["time:timestamp"]),
                    moment(life.get("start", {}).get("time:timestamp")),
                    done,
                    number(end.get("crm:lateDays")),
                )
            )
    return found


def xes_cases(file: Path) -> int:
    return len(etree.parse(str(file)).getroot().findall("trace"))


def _attributes(node: Any) -> dict[str, str]:
    return {child.get("key"): child.get("value") for child in node if child.get("key")}


def ocel_sqlite(file: Path) -> list[Done]:
    found = []
    with closing(sqlite3.connect(file)) as connection:
        connection.row_factory = sqlite3.Row
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        links: dict[str, dict[str, str]] = {}
        for row in connection.execute("SELECT * FROM event_object"):
            links.setdefault(row["ocel_event_id"], {})[row["ocel_qualifier"]] = row[
                "ocel_object_id"
            ]
        for type_, table in connection.execute("SELECT * FROM event_map_type").fetchall():
            for row in connection.execute(f"SELECT * FROM event_{table}"):
                about = links[row["ocel_id"]]
                done = moment(row["ocel_time"])
                assert done is not None
                found.append(
                    Done(
                        about["in"],
                        row["ocel_id"],
                        type_,
                        about.get("done by"),
                        moment(row["scheduled_at"]),
                        moment(row["started_at"]),
                        done,
                        row["late_days"],
                    )
                )
    return found


def ocel_json(file: Path) -> list[Done]:
    log = json.loads(file.read_bytes())
    check(log, json.loads((SCHEMAS / "schema_ocel2.json").read_bytes()), "log")
    ids = {each["id"] for each in log["objects"]}
    assert len(ids) == len(log["objects"])
    known = {each["name"] for each in log["eventTypes"]}
    found = []
    for event in log["events"]:
        assert event["type"] in known
        told = {each["name"]: each["value"] for each in event["attributes"]}
        about = {each["qualifier"]: each["objectId"] for each in event["relationships"]}
        assert set(about.values()) <= ids
        done = moment(event["time"])
        assert done is not None
        found.append(
            Done(
                about["in"],
                event["id"],
                event["type"],
                about.get("done by"),
                moment(told.get("scheduled_at")),
                moment(told.get("started_at")),
                done,
                number(told.get("late_days")),
            )
        )
    assert [each.done for each in found] == sorted(each.done for each in found)
    return found


def check(value: Any, schema: dict[str, Any], place: str) -> None:
    """The part of JSON Schema (draft 7) that the schema of OCEL uses."""
    kinds = {"object": dict, "array": list, "string": str}
    assert isinstance(value, kinds[schema["type"]]), place
    if schema.get("format") == "date-time":
        assert DATE_TIME.fullmatch(value), (place, value)
    for name in schema.get("required", ()):
        assert name in value, (place, name)
    for name, inner in schema.get("properties", {}).items():
        if name in value:
            check(value[name], inner, f"{place}.{name}")
    if schema["type"] == "array":
        for each in value:
            check(each, schema["items"], place)


def table(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as opened:
        return list(csv.DictReader(opened))


def disco(file: Path) -> list[Done]:
    return [
        Done(
            row["Case ID"],
            "",
            row["Activity"],
            row["Resource"] or None,
            moment(row["Schedule Timestamp"]),
            moment(row["Start Timestamp"]),
            datetime.fromisoformat(row["Complete Timestamp"]),
            number(row["late_days"]),
        )
        for row in table(file)
    ]


def celonis(file: Path) -> list[Done]:
    return [
        Done(
            row["CASE_KEY"],
            "",
            row["ACTIVITY"],
            row["RESOURCE"] or None,
            moment(row["SCHEDULED"]),
            moment(row["STARTTIME"]),
            datetime.fromisoformat(row["EVENTTIME"]),
            number(row["LATE_DAYS"]),
        )
        for row in table(file)
    ]


def parquet(folder: Path) -> list[Done]:
    with closing(duckdb.connect()) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        rows = connection.execute(
            "SELECT case_id, step_id, activity, resource, scheduled_at, started_at,"
            f" completed_at, late_days FROM '{folder}/steps.parquet'"
            " WHERE step_status = 'completed'"
        ).fetchall()
    return [Done(*row) for row in rows]


def values(file: Path) -> set[str]:
    """Every text in a file of any format."""
    if file.is_dir():
        with closing(duckdb.connect()) as connection:
            found: list[tuple[Any, ...]] = []
            for each in sorted(file.iterdir()):
                found += connection.execute(f"SELECT * FROM '{each}'").fetchall()
        return {str(value) for row in found for value in row if value is not None}
    if file.suffix == ".sqlite":
        with closing(sqlite3.connect(file)) as connection:
            return {
                str(value)
                for (name,) in connection.execute(
                    "SELECT name FROM sqlite_master WHERE type = 'table'"
                ).fetchall()
                for row in connection.execute(f"SELECT * FROM {name}")
                for value in row
                if value is not None
            }
    if file.suffix == ".csv":
        return {value for row in table(file) for value in row.values() if value}
    if file.suffix == ".json":
        return set(_texts(json.loads(file.read_bytes())))
    return {
        value for node in etree.parse(str(file)).iter() for value in node.attrib.values() if value
    }


def _texts(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [text for each in value.values() for text in _texts(each)]
    if isinstance(value, list):
        return [text for each in value for text in _texts(each)]
    return [str(value)]
