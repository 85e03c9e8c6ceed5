"""Writes XES (IEEE 1849-2016): each step's life from scheduled to complete, streamed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from lxml import etree

from broker_crm.analysis.eventlogs.attributes import (
    OF_CASE,
    OF_STEP,
    Attribute,
    instant,
    text,
    told,
)
from broker_crm.analysis.eventlogs.moments import Moment
from broker_crm.analysis.eventlogs.pseudonyms import Names
from broker_crm.analysis.eventlogs.stories import Step, Story

VERSION = "1849.2016"
EXTENSIONS = (
    ("Concept", "concept", "http://www.xes-standard.org/concept.xesext"),
    ("Lifecycle", "lifecycle", "http://www.xes-standard.org/lifecycle.xesext"),
    ("Time", "time", "http://www.xes-standard.org/time.xesext"),
    ("Organizational", "org", "http://www.xes-standard.org/org.xesext"),
    ("Cost", "cost", "http://www.xes-standard.org/cost.xesext"),
    ("BrokerCrm", "crm", "urn:broker-crm:xes-extension:1"),
)
CLASSIFIERS = (
    ("Activity", "concept:name"),
    ("ActivityAndLifecycle", "concept:name lifecycle:transition"),
    ("Resource", "org:resource"),
)
EARLIEST = "1970-01-01T00:00:00+00:00"
ENDS = ("complete", "ate_abort")
CURRENCY = "EUR"
FORBIDDEN = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML can't hold."""


def write(lots: Iterable[Sequence[Story]], file: Path, names: Names) -> int:
    """Write a log.

    Args:
        lots: cases, some at a time.
        file: to be written.
        names: what cases and people are called.

    Returns:
        The number of events.
    """
    events = 0
    with etree.xmlfile(str(file), encoding="utf-8") as document:
        document.write_declaration()
        with document.element("log", {"xes.version": VERSION, "xes.features": ""}):
            for node in _head():
                document.write(node)
            for lot in lots:
                for story in lot:
                    trace = _trace(story, names)
                    events += sum(1 for node in trace if node.tag == "event")
                    document.write(trace)
                    document.write("\n")
            document.flush()
    return events


def _head() -> list[Any]:
    nodes = [
        etree.Element("extension", {"name": name, "prefix": prefix, "uri": uri})
        for name, prefix, uri in EXTENSIONS
    ]
    of_trace = etree.Element("global", {"scope": "trace"})
    _put(of_trace, "string", "concept:name", "-")
    of_event = etree.Element("global", {"scope": "event"})
    for kind, key, value in (
        ("string", "concept:name", "-"),
        ("string", "lifecycle:transition", "complete"),
        ("date", "time:timestamp", EARLIEST),
    ):
        _put(of_event, kind, key, value)
    nodes += [of_trace, of_event]
    nodes += [
        etree.Element("classifier", {"name": name, "scope": "event", "keys": keys})
        for name, keys in CLASSIFIERS
    ]
    for key, value in (("concept:name", "broker_crm"), ("lifecycle:model", "standard")):
        nodes.append(etree.Element("string", {"key": key, "value": value}))
    return nodes


def _trace(story: Story, names: Names) -> Any:
    trace = etree.Element("trace")
    _put(trace, "string", "concept:name", names.record("case", story.id))
    _put_all(trace, OF_CASE, story, names)
    moments = [(moment, step) for step in story.steps for moment in step.life]
    moments.sort(key=lambda each: each[0].at)
    for moment, step in moments:
        event = _event(moment, step, names)
        event.tail = "\n"
        trace.append(event)
    return trace


def _event(moment: Moment, step: Step, names: Names) -> Any:
    event = etree.Element("event")
    id_ = names.record("step", step.id)
    _put(event, "string", "concept:name", step.step)
    _put(event, "string", "concept:instance", id_)
    _put(event, "string", "lifecycle:transition", moment.transition)
    _put(event, "date", "time:timestamp", instant(moment.at))
    if moment.person is not None:
        _put(event, "string", "org:resource", names.person(moment.person) or "")
        if step.team is not None and moment.person == step.person:
            _put(event, "string", "org:group", step.team)
    if step.group is not None:
        _put(event, "string", "org:role", step.group)
    if moment.transition in ENDS:
        _put_all(event, OF_STEP, step, names)
        if step.cost is not None:
            _put(event, "float", "cost:total", text(step.cost))
            _put(event, "string", "cost:currency", CURRENCY)
    else:
        _put(event, "string", "crm:stepName", step.name)
        if step.due_at is not None:
            _put(event, "date", "crm:dueAt", instant(step.due_at))
    return event


def _put_all(node: Any, attributes: tuple[Attribute, ...], of: Any, names: Names) -> None:
    for each in told(attributes, names):
        value = each.of(of, names)
        if value is not None:
            _put(node, each.kind, each.key, text(value))


def _put(node: Any, kind: str, key: str, value: str) -> None:
    etree.SubElement(node, kind, {"key": key, "value": FORBIDDEN.sub("", value)})
