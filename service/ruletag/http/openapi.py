"""The OpenAPI 3.1 document, made from the same types that decode and encode."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import msgspec

from ruletag.http import wire
from ruletag.http.api import JSON, NDJSON, PROBLEM_JSON, SCHEMA_JSON, TEXT
from ruletag.text.offsets import UNITS
from ruletag.version import VERSION


@dataclass(frozen=True, slots=True)
class Operation:
    """What one route takes and gives, for the document and for the router.

    ``handler`` is the name of a method of `ruletag.http.api.Api`, or empty for
    the document itself. ``bodies`` and ``answers`` map media types to types.
    """

    method: str
    path: str
    handler: str
    summary: str
    answer: type[msgspec.Struct] | None
    bodies: tuple[tuple[str, type[msgspec.Struct] | None], ...] = ()
    query: tuple[str, ...] = ()
    refusals: tuple[int, ...] = ()
    headers: tuple[str, ...] = ()
    streams: bool = False
    path_id: str = ""
    media: str = JSON


_BODY_REFUSALS: Final = (400, 406, 409, 413, 415, 422, 500, 503)
_OPTIONS: Final = ("categories", "offsets", "evidence", "if_rules")
_RULESET: Final = ("Ruleset", "Ruleset-Generation")

OPERATIONS: Final = (
    Operation(
        "POST",
        "/v1/tag",
        "post_tag",
        "Tag one text: JSON, or the raw text with its options as query parameters.",
        wire.TagAnswer,
        ((JSON, wire.TagRequest), (TEXT, None)),
        ("title", "id", *_OPTIONS),
        _BODY_REFUSALS,
        (*_RULESET, "Server-Timing"),
    ),
    Operation(
        "POST",
        "/v1/tag/batch",
        "post_batch",
        "Tag many texts: JSON, or NDJSON in and out, one line a document, in order.",
        wire.BatchAnswer,
        ((JSON, wire.BatchRequest), (NDJSON, wire.Document)),
        _OPTIONS,
        _BODY_REFUSALS,
        _RULESET,
        streams=True,
    ),
    Operation(
        "POST",
        "/v1/explain",
        "post_explain",
        "Why a text is given categories, and why not.",
        wire.ExplainAnswer,
        ((JSON, wire.ExplainRequest),),
        (),
        _BODY_REFUSALS,
        _RULESET,
    ),
    Operation(
        "GET",
        "/v1/rules",
        "get_rules",
        "The rules in force, and the last edit if it was refused.",
        wire.RulesAnswer,
        refusals=(406, 500, 503),
        headers=(*_RULESET, "ETag"),
    ),
    Operation(
        "GET",
        "/v1/categories",
        "get_categories",
        "The categories in force.",
        wire.CategoriesAnswer,
        refusals=(406, 500, 503),
        headers=_RULESET,
    ),
    Operation(
        "GET",
        "/v1/categories/{id}",
        "get_category",
        "One category, with its rule in plain English.",
        wire.CategoryDescription,
        refusals=(404, 406, 500, 503),
        headers=_RULESET,
        path_id="the id of a category",
    ),
    Operation(
        "GET",
        "/v1/schema",
        "get_schema",
        "The JSON Schema of rule files, for editors.",
        None,
        refusals=(406, 500),
        media=SCHEMA_JSON,
    ),
    Operation(
        "GET",
        "/livez",
        "get_livez",
        "Whether the process is alive.",
        wire.HealthAnswer,
        refusals=(500,),
    ),
    Operation(
        "GET",
        "/readyz",
        "get_readyz",
        "Whether rules are in force.",
        wire.HealthAnswer,
        query=("verbose",),
        refusals=(500,),
    ),
    Operation("GET", "/openapi.json", "", "This document.", None, refusals=(500,)),
)

_PARAMETERS: Final[dict[str, dict[str, Any]]] = {
    "title": {"description": "judged as a paragraph before the text", "schema": {"type": "string"}},
    "id": {"description": "comes back in the answer", "schema": {"type": "string"}},
    "categories": {
        "description": "judge only these; `economy.*` is `economy` and all below it",
        "schema": {"type": "array", "items": {"type": "string"}},
        "explode": False,
    },
    "offsets": {
        "description": "the unit of all positions in the answer",
        "schema": {"enum": list(UNITS), "default": "codepoint"},
    },
    "evidence": {
        "description": "how much evidence the answer holds",
        "schema": {"enum": ["all", "first", "none"], "default": "all"},
    },
    "if_rules": {
        "description": "refuse with 409 when another digest is in force",
        "schema": {"type": "string"},
    },
    "verbose": {
        "description": "list the checks",
        "schema": {"type": "string"},
        "allowEmptyValue": True,
    },
}
_HEADERS: Final = {
    "Ruleset": "the digest of the rules that answered",
    "Ruleset-Generation": "how many rule sets this process has put in force",
    "Server-Timing": "milliseconds spent tagging and encoding",
    "ETag": "changes when the rules in force or the last refusal do",
    "X-Request-ID": "the caller's id, or a new one",
}
_REFUSALS: Final = {
    400: "not JSON, not UTF-8, NaN, a member twice, too deep",
    404: "there is no such category",
    406: "the answer cannot be had in the media types accepted",
    409: "other rules are in force than `if_rules` asks for",
    413: "the body, a line, a text or a batch is too large",
    415: "the body is of another media type or encoding",
    422: "the right syntax with the wrong content; every fault is listed",
    500: "a fault of ruletag itself",
    503: "no rules are in force yet",
}


@cache
def openapi_document() -> bytes:
    """Give the document as JSON."""
    return msgspec.json.format(msgspec.json.encode(_document()), indent=2)


def _document() -> dict[str, Any]:
    kinds = {o.answer for o in OPERATIONS if o.answer} | {
        kind for o in OPERATIONS for _, kind in o.bodies if kind
    }
    extra = {wire.ErrorAnswer, wire.ProblemDetails}
    _, schemas = msgspec.json.schema_components(
        sorted(kinds | extra, key=lambda kind: kind.__name__),
        ref_template="#/components/schemas/{name}",
    )
    paths: dict[str, Any] = {}
    for operation in OPERATIONS:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "ruletag",
            "version": VERSION,
            "description": "Tags text by editable keyword rules, with the exact evidence.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "paths": paths,
        "components": {"schemas": schemas},
    }


def _operation(operation: Operation) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": operation.handler or "get_openapi",
        "summary": operation.summary,
        "responses": {"200": _answer(operation)} | _refusals(operation),
    }
    parameters = [{"name": name, "in": "query", **_PARAMETERS[name]} for name in operation.query]
    if operation.path_id:
        in_path = {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
        parameters.append(in_path | {"description": operation.path_id})
    if parameters:
        described["parameters"] = parameters
    if operation.bodies:
        content = {
            media: {"schema": _schema(kind) if kind else {"type": "string"}}
            for media, kind in operation.bodies
        }
        described["requestBody"] = {"required": True, "content": content}
    return described


def _answer(operation: Operation) -> dict[str, Any]:
    schema = _schema(operation.answer) if operation.answer else {"type": "object"}
    content: dict[str, Any] = {operation.media: {"schema": schema}}
    if operation.streams:
        lines = [_schema(wire.TagAnswer), _schema(wire.ErrorAnswer)]
        content[NDJSON] = {"schema": {"anyOf": lines}}
    return {
        "description": operation.summary,
        "content": content,
        "headers": _headers((*operation.headers, "X-Request-ID")),
    }


def _refusals(operation: Operation) -> dict[str, Any]:
    refusals: dict[str, Any] = {
        str(status): {
            "description": _REFUSALS[status],
            "content": {PROBLEM_JSON: {"schema": _schema(wire.ProblemDetails)}},
        }
        for status in operation.refusals
    }
    if operation.handler == "get_rules":
        refusals["304"] = {"description": "nothing has changed since the ETag given"}
    if operation.handler == "get_readyz":
        content = {JSON: {"schema": _schema(wire.HealthAnswer)}}
        refusals["503"] = {"description": "no rules are in force yet", "content": content}
    return refusals


def _headers(names: Iterable[str]) -> dict[str, Any]:
    return {name: {"description": _HEADERS[name], "schema": {"type": "string"}} for name in names}


def _schema(kind: type[msgspec.Struct]) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{kind.__name__}"}
