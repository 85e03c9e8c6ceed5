"""The API described in OpenAPI 3.1, at /api/openapi.json."""

from __future__ import annotations

from functools import cache
from typing import Any

from flask import Response

from broker_crm.analysis.comparison import Verdict
from broker_crm.process.models import PauseReason
from broker_crm.web.analyse.comparison.sides import BY
from broker_crm.web.api.bodies import answer

TEXT = {"type": "string"}
MAYBE_TEXT = {"type": ["string", "null"]}
MAYBE_NUMBER = {"type": ["number", "null"]}
IDENTIFIER = {"type": "string", "format": "uuid"}
MAYBE_IDENTIFIER = {"type": ["string", "null"], "format": "uuid"}
INSTANT = {"type": "string", "format": "date-time"}
MAYBE_INSTANT = {"type": ["string", "null"], "format": "date-time"}
WHOLE = {"type": "integer"}
MAYBE_WHOLE = {"type": ["integer", "null"]}
VARIABLES = {"type": "object", "additionalProperties": True}

DAY = {"type": "string", "format": "date"}
_FILTERS: dict[str, Any] = {
    "from": DAY,
    "to": DAY,
    "period": {"enum": ["month", "quarter", "year", "12-months", "all"]},
    "process": TEXT,
    "version": WHOLE,
    "step": TEXT,
    "product": TEXT,
    "complexity": {"enum": ["A", "B", "C"]},
    "price_band": {"enum": ["P1", "P2", "P3", "P4"]},
    "client_kind": {"enum": ["legal", "natural", "foreign"]},
    "vip": {"enum": ["yes", "no"]},
    "sector": TEXT,
    "size": TEXT,
    "region": TEXT,
    "team": TEXT,
    "person": TEXT,
    "by": {"type": "string", "description": "One of the question's breakdowns"},
    "against": {"type": "string", "description": "Q13: key of the team to compare with"},
}


def description() -> Response:
    return answer(document())


ADDRESSES = [("/openapi.json", "GET", description)]


@cache
def document() -> dict[str, Any]:
    """The whole description."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "broker_crm",
            "version": "1",
            "description": "Tasks, process instances, messages, managers' questions. Instants"
            " are ISO 8601 in UTC; sentences follow Accept-Language, Lithuanian or English.",
        },
        "security": [{"bearer": []}],
        "paths": _paths(),
        "components": {
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
            "schemas": _schemas(),
        },
    }


def _paths() -> dict[str, Any]:
    task_id = _path_parameter("task_id")
    instance_id = _path_parameter("instance_id")
    return {
        "/api/openapi.json": {
            "get": {
                "operationId": "description",
                "summary": "This description",
                "security": [],
                "responses": {"200": {"description": "OpenAPI 3.1"}},
            }
        },
        "/api/process-instances": {
            "post": _operation(
                "start",
                "Start a process",
                {"201": _json("Started", _ref("StartedInstance"))},
                takes=_object({"process": TEXT, "variables": VARIABLES}, ["process"]),
                parameters=[_header("Idempotency-Key", {"type": "string", "maxLength": 200})],
                refused=(400, 403, 409, 422),
            )
        },
        "/api/process-instances/{instance_id}": {
            "get": _operation(
                "instance",
                "An instance with its tasks and events",
                {"200": _json("The instance", _ref("InstanceWithHistory"))},
                parameters=[instance_id],
                refused=(404,),
            )
        },
        "/api/process-instances/{instance_id}/cancel": {
            "post": _operation(
                "cancel",
                "Cancel an instance; managers only",
                {"200": _json("The instance", _ref("Instance"))},
                takes=_object({"reason": TEXT}, ["reason"]),
                parameters=[instance_id],
                refused=(400, 403, 404, 409, 422),
            )
        },
        "/api/tasks": {
            "get": _operation(
                "tasks",
                "Tasks of the caller, of the caller's groups, or all that the caller may see",
                {"200": _json("A page", _ref("TaskPage"))},
                parameters=[
                    _query("scope", {"enum": ["mine", "group", "all"], "default": "mine"}),
                    _query("status", {"enum": ["open", "completed", "cancelled"]}),
                    _query("process", TEXT),
                    _query("step", TEXT),
                    _query("search", TEXT),
                    _query("limit", {"type": "integer", "minimum": 1, "maximum": 200}),
                    _query("cursor", TEXT),
                ],
                refused=(400,),
            )
        },
        "/api/tasks/{task_id}": {
            "get": _operation(
                "task",
                "One task",
                {"200": _json("The task", _ref("Task"))},
                parameters=[task_id],
                refused=(404,),
            )
        },
        "/api/tasks/{task_id}/claim": _task_command("claim", "Take a task from the queue", task_id),
        "/api/tasks/{task_id}/release": _task_command(
            "release", "Give a task back to the queue", task_id
        ),
        "/api/tasks/{task_id}/complete": {
            "post": _operation(
                "complete",
                "Complete a task; a second completion changes nothing and is answered by 409",
                {"200": _json("What it led to", _ref("Completion"))},
                takes=_object({"variables": VARIABLES, "minutes": {"type": "number"}}, []),
                parameters=[task_id],
                refused=(400, 403, 404, 409, 422),
            )
        },
        **_steering(task_id, instance_id),
        "/api/answers": {
            "get": _operation(
                "questions",
                "The managers' questions that the caller may ask",
                {"200": _json("The questions", _ref("Questions"))},
                refused=(403,),
            )
        },
        "/api/answers/{question_id}": {
            "get": _operation(
                "question",
                "The answer to one question; the last 12 months unless a period is told. Product"
                " managers ask of their own products, salespeople of themselves",
                {"200": _json("The answer", _ref("Answer"))},
                parameters=[
                    {
                        "name": "question_id",
                        "in": "path",
                        "required": True,
                        "schema": {"enum": [f"Q{number}" for number in range(1, 15)]},
                    },
                    *(_query(name, schema) for name, schema in _FILTERS.items()),
                ],
                refused=(403, 404, 422),
            )
        },
        "/api/comparison": {
            "get": _operation(
                "comparison",
                "Two versions of a process, or two other sides of it, compared; all time unless a"
                " period is told, the latest two versions unless sides are told. Differences are"
                " B less A, in working days, shares or EUR, in the common mix of segments",
                {"200": _json("The comparison", _ref("Comparison"))},
                parameters=[
                    *(
                        _query(name, schema)
                        for name, schema in _FILTERS.items()
                        if name not in ("by", "version", "step")
                    ),
                    _query(
                        "by",
                        {"enum": list(BY)},
                    ),
                    _query("a", {"type": "string", "description": "The earlier side"}),
                    _query("b", {"type": "string", "description": "The later side"}),
                    *(_query(name, DAY) for name in ("a_from", "a_to", "b_from", "b_to")),
                    _query(
                        "adjust",
                        {
                            "enum": [
                                "none",
                                "product",
                                "client_kind",
                                "sector",
                                "size",
                                "region",
                                "vip",
                                "complexity",
                            ]
                        },
                    ),
                ],
                refused=(403, 404, 422),
            )
        },
        **_analysis(),
        **_simulations(),
        "/api/experiments": {
            "get": _operation(
                "experiments",
                "Experiments on processes and texts, those in force first",
                {
                    "200": _json(
                        "The experiments",
                        _object({"items": {"type": "array", "items": _ref("Experiment")}}),
                    )
                },
                refused=(403,),
            )
        },
        "/api/experiments/{experiment_id}": {
            "get": _operation(
                "experiment",
                "How an experiment stands; figures only as its planned looks gave them",
                {"200": _json("The experiment", _ref("Experiment"))},
                parameters=[_path_parameter("experiment_id")],
                refused=(403, 404),
            )
        },
        "/api/messages": {
            "post": _operation(
                "message",
                "Deliver a message to the instance that waits for it; managers only",
                {"200": _json("How many took it", _object({"delivered": WHOLE}, ["delivered"]))},
                takes=_object(
                    {"name": TEXT, "correlation_key": TEXT, "variables": VARIABLES}, ["name"]
                ),
                refused=(400, 403, 409, 422),
            )
        },
    }


def _simulations() -> dict[str, Any]:
    number = {"name": "run_id", "in": "path", "required": True, "schema": WHOLE}
    return {
        "/api/simulations": {
            "post": _operation(
                "simulate",
                "Ask for a simulation of a quarter, as things are and with changes such as"
                " 'wait:Task_FirstCall:0.5'; a worker computes it",
                {"202": _json("The simulation, waiting", _ref("Simulation"))},
                takes=_object(
                    {
                        "process": TEXT,
                        "version": WHOLE,
                        "changes": {"type": "array", "items": TEXT},
                        "replications": WHOLE,
                    },
                    ["process"],
                ),
                refused=(400, 403, 404, 422),
            ),
            "get": _operation(
                "simulations",
                "The newest simulations, without their results",
                {"200": _json("The simulations", _object({"items": _list_of("Simulation")}))},
                refused=(403,),
            ),
        },
        "/api/simulations/{run_id}": {
            "get": _operation(
                "simulation",
                "How a simulation stands; its result with the check of the model once it is done",
                {"200": _json("The simulation", _ref("Simulation"))},
                parameters=[number],
                refused=(403, 404),
            )
        },
    }


def _list_of(name: str) -> dict[str, Any]:
    return {"type": "array", "items": _ref(name)}


def _analysis() -> dict[str, Any]:
    filters = [_query(name, schema) for name, schema in _FILTERS.items() if name != "by"]
    return {
        "/api/bottlenecks": {
            "get": _operation(
                "bottlenecks",
                "Where cases of a process wait, for whom and why: cases that ended in the last 12"
                " months unless a period is told, of the process of which most ended unless one is",
                {"200": _json("The steps", _ref("Bottlenecks"))},
                parameters=[
                    *filters,
                    _query("queues", {"enum": ["step", "lane", "person"], "default": "step"}),
                ],
                refused=(403, 422),
            )
        },
        "/api/paths": {
            "get": _operation(
                "paths",
                "Which paths cases took, which step follows which, and how many cases went as the"
                " diagram of their version allows",
                {"200": _json("The paths", _ref("Paths"))},
                parameters=[
                    *filters,
                    _query("loops", {"enum": ["once"], "description": "Each step once"}),
                    _query("variant", TEXT),
                    _query("most", {"enum": ["1", "3", "5", "10", "20", "all"]}),
                ],
                refused=(403, 422),
            )
        },
    }


def _steering(task_id: dict[str, Any], instance_id: dict[str, Any]) -> dict[str, Any]:
    event_id = {"name": "event_id", "in": "path", "required": True, "schema": WHOLE}
    reason = {"reason": TEXT}
    why = {"enum": list(PauseReason)}
    told = {"200": _json("The event that tells of it", _ref("Event"))}
    refused = (400, 403, 404, 409, 422)

    def task(name: str, summary: str, takes: dict[str, Any] | None) -> dict[str, Any]:
        answers = {"200": _json("The task", _ref("Task"))}
        return {
            "post": _operation(
                name, summary, answers, takes=takes, parameters=[task_id], refused=refused
            )
        }

    return {
        "/api/tasks/{task_id}/pause": task(
            "pause",
            "Pause a task; its assignee and managers only",
            _object({"reason": why, "note": TEXT}, ["reason"]),
        ),
        "/api/tasks/{task_id}/resume": task(
            "resume", "Resume a task; its due date moves later by the office hours paused", None
        ),
        "/api/tasks/{task_id}/due": task(
            "change_due",
            "Give a task another due date, later than now; managers only",
            _object({"due_at": INSTANT} | reason),
        ),
        "/api/tasks/{task_id}/hand-over": task(
            "hand_over",
            "Hand a task over to a person of its group; managers only",
            _object({"to": TEXT} | reason),
        ),
        "/api/tasks/{task_id}/move": task(
            "move",
            "Move the case from this task to another step; answers with the new task. Past an "
            "approval only with `skip_approvals`",
            _object(
                {"element": TEXT, "skip_approvals": {"type": "boolean"}} | reason,
                ["element", *reason],
            ),
        ),
        "/api/process-instances/{instance_id}/variables": {
            "post": _operation(
                "correct",
                "Give a variable of a running case another value of its type; managers only",
                told,
                takes=_object({"name": TEXT, "value": True} | reason),
                parameters=[instance_id],
                refused=refused,
            )
        },
        "/api/process-instances/{instance_id}/events/{event_id}/undo": {
            "post": _operation(
                "undo",
                "Take back what an event of steering tells of; managers only",
                told,
                parameters=[instance_id, event_id],
                refused=refused,
            )
        },
    }


def _schemas() -> dict[str, Any]:
    opened = {
        "id": IDENTIFIER,
        "instance": IDENTIFIER,
        "element": TEXT,
        "name": TEXT,
        "step": TEXT,
        "form": MAYBE_TEXT,
        "assignee": MAYBE_TEXT,
        "group": MAYBE_TEXT,
        "due_at": MAYBE_INSTANT,
        "loop": WHOLE,
        "outcomes": {"type": "array", "items": TEXT},
        "outcome_variable": TEXT,
    }
    task = opened | {
        "status": {"enum": ["open", "completed", "cancelled"]},
        "client": MAYBE_WHOLE,
        "created_at": INSTANT,
        "claimed_at": MAYBE_INSTANT,
        "started_at": MAYBE_INSTANT,
        "first_due_at": MAYBE_INSTANT,
        "paused": MAYBE_TEXT,
        "completed_at": MAYBE_INSTANT,
        "completed_by": MAYBE_TEXT,
        "outcome": MAYBE_TEXT,
        "standard_working_days": MAYBE_NUMBER,
        "standard_minutes": MAYBE_NUMBER,
        "standard_cost": MAYBE_NUMBER,
    }
    instance = {
        "id": IDENTIFIER,
        "process": TEXT,
        "version": WHOLE,
        "title": TEXT,
        "status": {"enum": ["active", "completed", "cancelled"]},
        "outcome": MAYBE_TEXT,
        "reason": MAYBE_TEXT,
        "client": MAYBE_WHOLE,
        "product": MAYBE_WHOLE,
        "owner": MAYBE_TEXT,
        "started_at": INSTANT,
        "started_by": MAYBE_TEXT,
        "ended_at": MAYBE_INSTANT,
    }
    event = {
        "id": WHOLE,
        "kind": TEXT,
        "at": INSTANT,
        "actor": MAYBE_TEXT,
        "element": MAYBE_TEXT,
        "name": MAYBE_TEXT,
        "task": MAYBE_IDENTIFIER,
        "measure": MAYBE_TEXT,
        "value": True,
        "outcome": MAYBE_TEXT,
        "reason": MAYBE_TEXT,
        "late_days": MAYBE_WHOLE,
    }
    finished = {
        "id": IDENTIFIER,
        "title": TEXT,
        "finished": {"type": "boolean"},
        "outcome": MAYBE_TEXT,
    }
    error = {
        "code": TEXT,
        "message": TEXT,
        "errors": {
            "type": "object",
            "additionalProperties": {"type": "array", "items": TEXT},
        },
        "incident": IDENTIFIER,
    }
    opened_list = {"type": "array", "items": _ref("OpenedTask")}
    return {
        "OpenedTask": _object(opened),
        "Task": _object(task),
        "TaskPage": _object(
            {
                "items": {"type": "array", "items": _object(task | {"title": TEXT})},
                "total": WHOLE,
                "next": MAYBE_TEXT,
            }
        ),
        "Instance": _object(instance),
        "Event": _object(event),
        "StartedInstance": _object(instance | {"tasks": opened_list}),
        "InstanceWithHistory": _object(
            instance
            | {
                "tasks": {"type": "array", "items": _ref("Task")},
                "events": {"type": "array", "items": _ref("Event")},
            }
        ),
        "Questions": _object(
            {
                "items": {
                    "type": "array",
                    "items": _object(
                        {
                            "id": TEXT,
                            "question": TEXT,
                            "breakdowns": {"type": "array", "items": TEXT},
                            "link": TEXT,
                        }
                    ),
                }
            }
        ),
        "Answer": _object(_answer(), [name for name in _answer() if name != "lines"]),
        "Bottlenecks": _object(_bottlenecks()),
        "Paths": _object(_paths_taken()),
        "Comparison": _object(_comparison()),
        "Simulation": _simulation(),
        "Experiment": _object(_experiment()),
        "Completion": _object({"instance": _object(finished), "tasks": opened_list}),
        "Error": _object(error, ["code", "message"]),
    }


def _comparison() -> dict[str, Any]:
    anything = {"type": "object", "additionalProperties": True}
    limits = {"type": ["array", "null"], "items": MAYBE_NUMBER}
    side = _object(
        {
            "value": MAYBE_NUMBER,
            "n": WHOLE,
            "interval": limits,
            "hits": MAYBE_WHOLE,
            "running": WHOLE,
            "young": WHOLE,
        }
    )
    figure = _object(
        {
            "measure": TEXT,
            "unit": {"enum": ["days", "share", "eur"]},
            "a": side,
            "b": side,
            "difference": MAYBE_NUMBER,
            "interval": limits,
            "crude": MAYBE_NUMBER,
            "of_mix": MAYBE_NUMBER,
            "chance": MAYBE_NUMBER,
            "crude_chance": MAYBE_NUMBER,
            "q": MAYBE_NUMBER,
            "verdict": {"enum": list(Verdict)},
            "needed": MAYBE_WHOLE,
            "noticed": MAYBE_NUMBER,
            "test": TEXT,
            "people": {"type": "boolean"},
            "horizon": MAYBE_NUMBER,
            "ninth": {"type": ["object", "null"]},
            "delta": {"type": ["object", "null"]},
            "odds_ratio": MAYBE_NUMBER,
            "differing": MAYBE_NUMBER,
            "left_out": WHOLE,
        }
    )
    step = _object(
        {
            "element": TEXT,
            "element_a": TEXT,
            "step": TEXT,
            "name": TEXT,
            "state": {"enum": ["both", "added", "removed"]},
            "changed": {"type": "array", "items": TEXT},
            "figures": {"type": "array", "items": figure},
            "outcomes": {"type": "array", "items": anything},
        }
    )
    return {
        "process": TEXT,
        "by": TEXT,
        "sentence": TEXT,
        "sides": {"type": "array", "items": anything},
        "both": WHOLE,
        "tested": WHOLE,
        "mix": anything,
        "whole": {"type": "array", "items": figure},
        "steps": {"type": "array", "items": step},
    }


def _simulation() -> dict[str, Any]:
    required = {
        "id": WHOLE,
        "process": TEXT,
        "version": WHOLE,
        "changes": {"type": "array", "items": TEXT},
        "replications": WHOLE,
        "status": {"enum": ["waiting", "running", "done", "failed"]},
        "progress": {"type": "number"},
        "problem": TEXT,
        "owner": MAYBE_TEXT,
        "asked_at": INSTANT,
        "ended_at": MAYBE_INSTANT,
        "link": TEXT,
    }
    result = {
        "type": ["object", "null"],
        "additionalProperties": True,
        "description": "outcome: figures, waits, late, groups, people, each today, changed and"
        " difference with mean, low and high (95 %); check: the model against its past",
    }
    return _object({**required, "result": result}, list(required))


def _bottlenecks() -> dict[str, Any]:
    rows = {"type": "array", "items": {"type": "object", "additionalProperties": True}}
    return {
        "process": MAYBE_TEXT,
        "sentence": TEXT,
        "cases": WHOLE,
        "open": WHOLE,
        "days": {"type": "number", "description": "Working days of a case, on average"},
        "steps": rows,
        "between": rows,
        "lanes": rows,
        "people": rows,
        "queues": rows,
        "utilisation": rows,
    }


def _paths_taken() -> dict[str, Any]:
    rows = {"type": "array", "items": {"type": "object", "additionalProperties": True}}
    return {
        "process": MAYBE_TEXT,
        "sentence": TEXT,
        "cases": WHOLE,
        "variant_count": WHOLE,
        "variants": rows,
        "steps": rows,
        "moves": rows,
        "conformance": _object({"cases": WHOLE, "fitting": WHOLE, "leaving": rows, "items": rows}),
    }


def _answer() -> dict[str, Any]:
    anything = {"type": "object", "additionalProperties": True}
    return {
        "id": TEXT,
        "question": TEXT,
        "sentence": TEXT,
        "value": MAYBE_NUMBER,
        "unit": {"enum": ["share", "days", "count", "eur", "ratio", "load"]},
        "n": WHOLE,
        "interval": {"type": ["array", "null"], "items": MAYBE_NUMBER},
        "small": {"type": "boolean", "description": "Fewer than 20 cases: don't rely on it"},
        "about": anything,
        "ignored": {
            "type": "array",
            "items": TEXT,
            "description": "Filters that were given and say nothing about what is counted",
        },
        "facts": anything,
        "by": TEXT,
        "columns": {"type": "object", "additionalProperties": TEXT},
        "rows": {"type": "array", "items": anything},
        "trend": {
            "type": "array",
            "items": _object({"month": DAY, "value": MAYBE_NUMBER, "n": WHOLE}),
        },
        "cases": _object(
            {
                "total": WHOLE,
                "hidden": WHOLE,
                "items": {
                    "type": "array",
                    "items": _object(
                        {
                            "instance": IDENTIFIER,
                            "task": MAYBE_IDENTIFIER,
                            "value": MAYBE_NUMBER,
                        }
                    ),
                },
            }
        ),
        "lines": {
            **_object(
                {
                    "total": WHOLE,
                    "hidden": WHOLE,
                    "items": {"type": "array", "items": anything},
                }
            ),
            "description": "Q9 and Q10: the lines of offers behind the figure, each with a link to"
            " its offer where the caller may open it",
        },
    }


def _experiment() -> dict[str, Any]:
    arm = {
        "arm": {"enum": ["a", "b"]},
        "version": WHOLE,
        "cases": WHOLE,
        "drawn": WHOLE,
        "running": MAYBE_WHOLE,
        "moved": WHOLE,
    }
    look = {
        "number": WHOLE,
        "at": INSTANT,
        "n_a": WHOLE,
        "n_b": WHOLE,
        "a": MAYBE_NUMBER,
        "b": MAYBE_NUMBER,
        "difference": MAYBE_NUMBER,
        "interval": {"type": "array", "items": MAYBE_NUMBER},
        "verdict": TEXT,
        "last": {"type": "boolean"},
    }
    return {
        "id": IDENTIFIER,
        "name": TEXT,
        "process": TEXT,
        "compared": {"enum": ["version", "letter", "script", "document"]},
        "template": MAYBE_TEXT,
        "state": {"enum": ["draft", "running", "paused", "stopped", "ended"]},
        "stopped": MAYBE_TEXT,
        "decision": {"enum": ["a", "b", "undecided", None]},
        "sentence": TEXT,
        "measure": {"enum": ["won", "conversion", "late", "meeting", "cycle"]},
        "step": MAYBE_TEXT,
        "horizon_days": WHOLE,
        "smallest_difference": {"type": "number"},
        "needed": WHOLE,
        "measured": WHOLE,
        "share_b": WHOLE,
        "unit": {"enum": ["case", "client", "salesperson"]},
        "started_at": MAYBE_INSTANT,
        "ended_at": MAYBE_INSTANT,
        "mismatch": MAYBE_NUMBER,
        "arms": {"type": "array", "items": _object(arm)},
        "looks": {"type": "array", "items": _object(look)},
    }


def _task_command(operation: str, summary: str, parameter: dict[str, Any]) -> dict[str, Any]:
    answers = {"200": _json("The task", _ref("Task"))}
    return {
        "post": _operation(
            operation, summary, answers, parameters=[parameter], refused=(403, 404, 409)
        )
    }


def _operation(
    name: str,
    summary: str,
    answers: dict[str, Any],
    *,
    takes: dict[str, Any] | None = None,
    parameters: list[dict[str, Any]] | None = None,
    refused: tuple[int, ...] = (),
) -> dict[str, Any]:
    errors = {str(status): _json("Refused", _ref("Error")) for status in (401, *refused)}
    made: dict[str, Any] = {
        "operationId": name,
        "summary": summary,
        "responses": answers | errors,
    }
    if parameters:
        made["parameters"] = parameters
    if takes:
        made["requestBody"] = {
            "required": bool(takes.get("required")),
            "content": {"application/json": {"schema": takes}},
        }
    return made


def _object(properties: dict[str, Any], required: list[str] | None = None) -> dict[str, Any]:
    """An object; all of its members are required unless told otherwise."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties) if required is None else required,
        "additionalProperties": False,
    }


def _json(text: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": text, "content": {"application/json": {"schema": schema}}}


def _ref(name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{name}"}


def _path_parameter(name: str) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "schema": IDENTIFIER}


def _header(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": "header", "required": False, "schema": schema}


def _query(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": False, "schema": schema}
