"""Every answer is one that the service's own OpenAPI document describes."""

import re
from typing import Any, Final

from jsonschema import Draft202012Validator

from contract.service import NDJSON, PROBLEM, Answer, Body, Client, Headers

REQUEST_ID: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")
# Paths that hold a name, and how the document writes them.
_TEMPLATES: Final = (
    (re.compile(r"/v1/categories/[^/]+"), "/v1/categories/{id}"),
    (re.compile(r"/v1/rules/.+"), "/v1/rules/{file}"),
)
# What any path may answer to any method, whether or not the document lists it.
UNLISTED: Final = {401, 404, 405}


class Service:
    """A client that checks each answer against the document before it gives it."""

    def __init__(self, client: Client, headers: Headers | None = None) -> None:
        self.client = client
        self.document: dict[str, Any] = client.ask("GET", "/openapi.json", b"", headers).json
        self._schemas = {
            name: _closed(schema) for name, schema in self.document["components"]["schemas"].items()
        }

    def ask(
        self, method: str, target: str, body: Body = b"", headers: Headers | None = None
    ) -> Answer:
        """Send one request, and check the answer against the document."""
        answer = self.client.ask(method, target, body, headers)
        self._check(answer)
        return answer

    def post(self, target: str, body: Body, content_type: str, **headers: str) -> Answer:
        """Post a body; underscores in header names stand for hyphens."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.ask("POST", target, body, {"Content-Type": content_type} | named)

    def conforms(self, value: object, schema: dict[str, Any]) -> bool:
        """Say whether a value is as the document's schema has it."""
        return not self._errors(value, schema)

    def _check(self, answer: Answer) -> None:
        told = f"{answer.method} {answer.target[:80]} → {answer.status}: {answer.body[:300]!r}"
        assert REQUEST_ID.fullmatch(answer.headers.get("x-request-id", "")), told
        assert answer.headers.get("x-content-type-options") == "nosniff", told
        if answer.media_type == PROBLEM and answer.method != "HEAD":
            assert answer.json["status"] == answer.status, told
            assert answer.json["type"].endswith(answer.json["code"]), told
        if answer.method == "OPTIONS" and answer.status < 300:
            is_preflight = "access-control-allow-methods" in answer.headers
            assert (answer.body, "allow" in answer.headers) == (b"", not is_preflight), told
            return
        operation = self._operation(answer)
        if operation is None:
            assert answer.status in UNLISTED, f"not documented: {told}"
            described = {"content": {PROBLEM: {"schema": _reference("ProblemDetails")}}}
        else:
            assert str(answer.status) in operation["responses"], f"not documented: {told}"
            described = operation["responses"][str(answer.status)]
        for name in described.get("headers", {}):
            assert name.lower() in answer.headers, f"{name} is missing: {told}"
        self._check_body(answer, described.get("content"), told)

    def _operation(self, answer: Answer) -> dict[str, Any] | None:
        paths = self.document["paths"]
        path = answer.path
        if path not in paths:  # a path as it stands goes before a template that it fits
            path = next((path for form, path in _TEMPLATES if form.fullmatch(answer.path)), "")
        method = "get" if answer.method == "HEAD" else answer.method.lower()
        operation: dict[str, Any] | None = paths.get(path, {}).get(method)
        return operation

    def _check_body(self, answer: Answer, content: dict[str, Any] | None, told: str) -> None:
        if content is None or answer.method == "HEAD":
            assert answer.body == b"", told
            return
        assert answer.media_type in content, f"{answer.media_type} is not documented: {told}"
        schema = content[answer.media_type]["schema"]
        for value in _values(answer):
            assert self._errors(value, schema) == [], told

    def _errors(self, value: object, schema: dict[str, Any]) -> list[str]:
        whole = {**_closed(schema), "components": {"schemas": self._schemas}}
        return [error.message for error in Draft202012Validator(whole).iter_errors(value)]


def _values(answer: Answer) -> list[Any]:
    if answer.media_type == NDJSON:
        return answer.lines
    return [answer.json] if answer.media_type.endswith("json") else [answer.body.decode()]


def _closed(schema: Any) -> Any:  # noqa: ANN401 - any JSON
    """Forbid what the schema does not name, so that no member is forgotten in the document."""
    if isinstance(schema, list):
        return [_closed(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {name: _closed(member) for name, member in schema.items()}
    if isinstance(closed.get("properties"), dict):
        closed.setdefault("additionalProperties", False)
    return closed


def _reference(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}
