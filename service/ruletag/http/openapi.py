"""The OpenAPI 3.1 document, made from the same types that decode and encode."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, Literal

import msgspec

from ruletag.http import catalogue, explanations, refusals, wire
from ruletag.http.api import JSON, NDJSON, PROBLEM_JSON, SCHEMA_JSON, TEXT
from ruletag.text.offsets import UNITS
from ruletag.version import VERSION

YAML: Final = "application/yaml"
CSV: Final = "text/csv"
OPENMETRICS: Final = "application/openmetrics-text"
_NO_CONTENT: Final = 204
_UNAUTHORIZED: Final = 401
_UNPROCESSABLE: Final = 422

Access = Literal["open", "metrics", "caller", "admin"]


@dataclass(frozen=True, slots=True)
class Operation:
    """What one route takes and gives, for the document and for the router.

    ``handler`` is the name of a method of one of the objects that answer, or empty
    for the document itself. ``bodies`` map media types to types; no type is plain
    text. What stands in the path is ``{id}``, or ``{file}`` where it may hold
    slashes. ``access`` says who may call.
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
    in_path: str = ""
    media: tuple[str, ...] = (JSON,)
    statuses: tuple[int, ...] = (200,)
    in_headers: tuple[str, ...] = ()
    access: Access = "caller"


_BODY_REFUSALS: Final = (400, 406, 408, 409, 413, 415, 422, 500, 501, 503)
_EDIT_REFUSALS: Final = (403, 404, 409, 412, 422, 428, 500, 503)
_FILE: Final = "the name of a file in the rule folder; below sub-folders with `/`"
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
        explanations.ExplainAnswer,
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
        catalogue.RulesAnswer,
        refusals=(406, 500, 503),
        headers=(*_RULESET, "ETag"),
        in_headers=("If-None-Match",),
    ),
    Operation(
        "GET",
        "/v1/rules/{file}",
        "get_rule_file",
        "One file of the rule folder, as it lies there.",
        None,
        refusals=(404, 500, 503),
        headers=("ETag",),
        in_path=_FILE,
        media=(YAML, TEXT, CSV),
        in_headers=("If-None-Match",),
    ),
    Operation(
        "PUT",
        "/v1/rules/{file}",
        "put_rule_file",
        "Write one file of this instance's rule folder, if the rules can be used with it.",
        catalogue.EditAnswer,
        ((YAML, None), (TEXT, None), (CSV, None)),
        refusals=(*_EDIT_REFUSALS, 400, 408, 413, 415, 501, 507),
        headers=("ETag", "Ruleset-Next"),
        in_path=_FILE,
        statuses=(200, 201),
        in_headers=("If-Match", "If-None-Match"),
        access="admin",
    ),
    Operation(
        "DELETE",
        "/v1/rules/{file}",
        "delete_rule_file",
        "Remove one file of this instance's rule folder, if the rules can be used without it.",
        None,
        refusals=_EDIT_REFUSALS,
        headers=("Ruleset-Next",),
        in_path=_FILE,
        statuses=(204,),
        in_headers=("If-Match",),
        access="admin",
    ),
    Operation(
        "POST",
        "/v1/rules/check",
        "post_check",
        "What is wrong with a rule file, and what is doubtful; changes nothing.",
        catalogue.CheckAnswer,
        ((YAML, None),),
        refusals=(400, 404, 406, 408, 413, 415, 422, 500, 501, 503),
    ),
    Operation(
        "GET",
        "/v1/categories",
        "get_categories",
        "The categories in force.",
        catalogue.CategoriesAnswer,
        refusals=(406, 500, 503),
        headers=_RULESET,
    ),
    Operation(
        "GET",
        "/v1/categories/{id}",
        "get_category",
        "One category, with its rule in plain English.",
        catalogue.CategoryDescription,
        refusals=(404, 406, 500, 503),
        headers=_RULESET,
        in_path="the id of a category",
    ),
    Operation(
        "GET",
        "/v1/schema",
        "get_schema",
        "The JSON Schema of rule files, for editors.",
        None,
        refusals=(406, 500, 503),
        media=(SCHEMA_JSON,),
    ),
    Operation(
        "GET",
        "/livez",
        "get_livez",
        "Whether the process is alive.",
        catalogue.HealthAnswer,
        refusals=(500,),
        access="open",
    ),
    Operation(
        "GET",
        "/readyz",
        "get_readyz",
        "Whether rules are in force.",
        catalogue.HealthAnswer,
        query=("verbose",),
        refusals=(500,),
        access="open",
    ),
    Operation(
        "GET",
        "/metrics",
        "get_metrics",
        "Figures for Prometheus, of all processes of this instance.",
        None,
        refusals=(404, 500, 503),
        media=(TEXT, OPENMETRICS),
        access="metrics",
    ),
    Operation("GET", "/openapi.json", "", "This document.", None, refusals=(500, 503)),
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
    "ETag": "changes when what is answered does",
    "Ruleset-Next": "the digest of the rules that will be in force",
    "WWW-Authenticate": "how a token may be sent",
    "X-Request-ID": "the caller's id, or a new one",
}
_REFUSALS: Final = {
    400: "not JSON, not UTF-8, NaN, a member twice, too deep, broken off; no good header Host; "
    "a token in the URL",
    401: "no token, or one that is not known here",
    403: "a token that may not edit rules",
    404: "there is no such thing, or it is turned off",
    406: "the answer cannot be had in the media types accepted",
    408: "the body came too slowly",
    409: "other rules are in force than `if_rules` asks for; a file that cannot be edited here",
    412: "the file is another by now",
    413: "the body, a line, a text or a batch is too large",
    415: "the body is of another media type or encoding",
    422: "the right syntax with the wrong content, every fault is listed; or it takes too long",
    428: "which version of the file is meant must be said, with `If-Match` or `If-None-Match: *`",
    500: "a fault of ruletag itself",
    501: "a transfer coding other than `chunked`",
    503: "no rules are in force yet, or too many requests are at work",
    507: "the disk of the rule folder is full",
}
_ASKED: Final = {
    "If-Match": "the `ETag` of the file as it was read",
    "If-None-Match": "an `ETag` that is known already; `*` to make a new file",
}
_SCHEMES: Final = {
    "bearer": {"type": "http", "scheme": "bearer"},
    "basic": {"type": "http", "scheme": "basic", "description": "the token is the password"},
}


@cache
def openapi_document(operations: tuple[Operation, ...] = OPERATIONS) -> bytes:
    """Give the document of these operations as JSON."""
    return msgspec.json.format(msgspec.json.encode(_document(operations)), indent=2)


def _document(operations: tuple[Operation, ...]) -> dict[str, Any]:
    kinds = {o.answer for o in operations if o.answer} | {
        kind for o in operations for _, kind in o.bodies if kind
    }
    extra: set[type[msgspec.Struct]] = {wire.ErrorAnswer, refusals.ProblemDetails}
    if any(operation.access == "admin" for operation in operations):
        extra.add(catalogue.EditRefusal)
    _, schemas = msgspec.json.schema_components(
        sorted(kinds | extra, key=lambda kind: kind.__name__),
        ref_template="#/components/schemas/{name}",
    )
    paths: dict[str, Any] = {}
    for operation in operations:
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
        "components": {"schemas": schemas, "securitySchemes": _SCHEMES},
    }


def _operation(operation: Operation) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": operation.handler or "get_openapi",
        "summary": operation.summary,
        "responses": {
            **{str(status): _answer(operation, status) for status in operation.statuses},
            **_refusals(operation),
        },
        "security": _security(operation),
    }
    parameters = _parameters(operation)
    if parameters:
        described["parameters"] = parameters
    if operation.bodies:
        content = {
            media: {"schema": _schema(kind) if kind else {"type": "string"}}
            for media, kind in operation.bodies
        }
        described["requestBody"] = {"required": True, "content": content}
    return described


def _parameters(operation: Operation) -> list[dict[str, Any]]:
    parameters = [{"name": name, "in": "query", **_PARAMETERS[name]} for name in operation.query]
    text = {"schema": {"type": "string"}}
    if operation.in_path:
        name = operation.path.rpartition("{")[2].removesuffix("}")
        in_path = {"name": name, "in": "path", "required": True, **text}
        parameters.append(in_path | {"description": operation.in_path})
    parameters += (
        {"name": name, "in": "header", "description": _ASKED[name], **text}
        for name in operation.in_headers
    )
    return parameters


def _security(operation: Operation) -> list[dict[str, list[str]]]:
    """Say what must come along: where no tokens are configured, nothing but for edits."""
    if operation.access == "open":
        return []
    tokens: list[dict[str, list[str]]] = [{name: []} for name in _SCHEMES]
    return tokens if operation.access == "admin" else [{}, *tokens]


def _answer(operation: Operation, status: int) -> dict[str, Any]:
    described = {
        "description": operation.summary,
        "headers": _headers((*operation.headers, "X-Request-ID")),
    }
    if status == _NO_CONTENT:
        return described
    content: dict[str, Any] = {
        media: {"schema": _answer_schema(operation, media)} for media in operation.media
    }
    if operation.streams:
        lines = [_schema(wire.TagAnswer), _schema(wire.ErrorAnswer)]
        content[NDJSON] = {"schema": {"anyOf": lines}}
    return described | {"content": content}


def _answer_schema(operation: Operation, media: str) -> dict[str, str]:
    if operation.answer is not None:
        return _schema(operation.answer)
    return {"type": "object" if media.endswith("json") else "string"}


def _refusals(operation: Operation) -> dict[str, Any]:
    statuses = {*operation.refusals, 400}
    if operation.access != "open":
        statuses.add(401)
    described = {str(status): _refusal(operation, status) for status in sorted(statuses)}
    if "If-None-Match" in operation.in_headers and operation.method == "GET":
        described["304"] = {"description": "nothing has changed since the ETag given"}
    if operation.handler == "get_readyz":
        content = {JSON: {"schema": _schema(catalogue.HealthAnswer)}}
        described["503"] = {
            "description": "no rules are in force yet, or it stops",
            "content": content,
        }
    return described


def _refusal(operation: Operation, status: int) -> dict[str, Any]:
    is_of_edit = operation.access == "admin" and status == _UNPROCESSABLE
    kind = catalogue.EditRefusal if is_of_edit else refusals.ProblemDetails
    described: dict[str, Any] = {
        "description": _REFUSALS[status],
        "content": {PROBLEM_JSON: {"schema": _schema(kind)}},
    }
    if status == _UNAUTHORIZED:
        described["headers"] = _headers(["WWW-Authenticate"])
    return described


def _headers(names: Iterable[str]) -> dict[str, Any]:
    return {name: {"description": _HEADERS[name], "schema": {"type": "string"}} for name in names}


def _schema(kind: type[msgspec.Struct]) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{kind.__name__}"}
