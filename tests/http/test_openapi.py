"""The OpenAPI document is valid, and says no more and no less than the service does."""

import json
import re
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import flask
import pytest
from openapi_spec_validator import validate

import ruletag
from contract.documented import Service
from contract.rules import RULES, store_with
from contract.service import JSON, NDJSON, PLAIN, Answer, Headers, InProcess
from ruletag.http import handling
from ruletag.http.api import Api, Request, Response
from ruletag.http.app import flask_app
from ruletag.http.editing import Editing
from ruletag.http.handling import DEFAULT, Terms
from ruletag.http.openapi import openapi_document
from ruletag.limits import LIMITS

API_MD: Final = (Path(__file__).parents[2] / "docs" / "api.md").read_text(encoding="utf-8")
SOURCES: Final = {
    path.name: path.read_text(encoding="utf-8")
    for room in ("http", "edge")
    for path in (Path(ruletag.__file__).parent / room).glob("*.py")
}
TYPED: Final = {"Content-Type": JSON}


def operations(service: Service) -> dict[tuple[str, str], dict[str, Any]]:
    return {
        (method.upper(), path): operation
        for path, described in service.document["paths"].items()
        for method, operation in described.items()
    }


def test_the_document_is_valid(service: Service) -> None:
    assert service.document["openapi"].startswith("3.1.")
    validate(service.document)


def test_the_document_is_the_same_on_both_servers(flask_service: Service, service: Service) -> None:
    assert service.document == flask_service.document


class Metrics:
    """Stands in for the figures."""

    def get_metrics(self, request: Request) -> Response:
        del request
        return Response(200, b"", "text/plain")


def everything(terms: Terms = DEFAULT) -> flask.Flask:
    """Give an application with every route."""
    store = store_with(RULES)
    handlers = [Api(store, None), Editing(Path("gone"), store, takes_drafts=True), Metrics()]
    return flask_app(handling.Service(handlers, terms))


@pytest.fixture(scope="module")
def whole() -> Service:
    """Give the service with every route, in this process."""
    return Service(InProcess(everything()))


def test_the_whole_document_is_valid(whole: Service) -> None:
    validate(whole.document)
    assert json.loads(openapi_document()) == whole.document


def test_every_route_is_in_the_document_and_the_other_way_round(whole: Service) -> None:
    app = everything()
    served = {
        (method, rule.rule.replace("<id_>", "{id}").replace("<path:file_>", "{file}"))
        for rule in app.url_map.iter_rules()
        for method in rule.methods or ()
        if method not in {"HEAD", "OPTIONS"}
    }

    assert served == set(operations(whole))


def test_operations_have_names_of_their_own(whole: Service) -> None:
    names = [operation["operationId"] for operation in operations(whole).values()]

    assert len(set(names)) == len(names)


def test_every_schema_is_used_and_every_one_used_is_there(whole: Service) -> None:
    named = set(re.findall(r"#/components/schemas/(\w+)", json.dumps(whole.document)))

    assert named == set(whole.document["components"]["schemas"])


# ------------------------------------------------------ every answer can be had

_BATCH: Final = "/v1/tag/batch"
_EXPLAIN: Final = "/v1/explain"
_REQUESTS: Final[dict[tuple[str, str, str], tuple[str, bytes, Headers]]] = {
    ("POST", "/v1/tag", "200"): ("", b'{"text": "oil"}', TYPED),
    ("POST", "/v1/tag", "400"): ("", b"{", TYPED),
    ("POST", "/v1/tag", "406"): ("", b'{"text": ""}', TYPED | {"Accept": "text/html"}),
    ("POST", "/v1/tag", "409"): ("", b'{"text": "", "if_rules": ""}', TYPED),
    ("POST", "/v1/tag", "413"): ("", b" " * (LIMITS.body + 1), TYPED),
    ("POST", "/v1/tag", "415"): ("", b"", {"Content-Type": "image/png"}),
    ("POST", "/v1/tag", "422"): ("", b"{}", TYPED),
    ("POST", "/v1/tag", "503"): ("", b'{"text": ""}', TYPED),
    ("POST", _BATCH, "200"): ("", b'{"documents": [{"text": "oil"}, 5]}', TYPED),
    ("POST", _BATCH, "400"): ("", b"{", TYPED),
    ("POST", _BATCH, "406"): ("", b'{"documents": []}', TYPED | {"Accept": "text/html"}),
    ("POST", _BATCH, "409"): ("", b'{"documents": [], "if_rules": ""}', TYPED),
    ("POST", _BATCH, "413"): ("", b'{"documents": [' + b"0," * 1000 + b"0]}", TYPED),
    ("POST", _BATCH, "415"): ("", b"", {"Content-Type": "text/plain"}),
    ("POST", _BATCH, "422"): ("", b"{}", TYPED),
    ("POST", _BATCH, "503"): ("", b'{"documents": []}', TYPED),
    ("POST", _EXPLAIN, "200"): ("", b'{"text": "oil", "categories": ["economy"]}', TYPED),
    ("POST", _EXPLAIN, "400"): ("", b"{", TYPED),
    ("POST", _EXPLAIN, "406"): (
        "",
        b'{"text": "", "categories": ["economy"]}',
        TYPED | {"Accept": "text/html"},
    ),
    ("POST", _EXPLAIN, "409"): (
        "",
        b'{"text": "", "categories": ["economy"], "if_rules": ""}',
        TYPED,
    ),
    ("POST", _EXPLAIN, "413"): ("", b" " * (LIMITS.body + 1), TYPED),
    ("POST", _EXPLAIN, "415"): ("", b"", {"Content-Type": "text/plain"}),
    ("POST", _EXPLAIN, "422"): ("", b"{}", TYPED),
    ("POST", _EXPLAIN, "503"): ("", b'{"text": "", "categories": ["economy"]}', TYPED),
    ("GET", "/v1/rules", "200"): ("", b"", {}),
    ("GET", "/v1/rules", "304"): ("", b"", {"If-None-Match": "{etag}"}),
    ("GET", "/v1/rules", "406"): ("", b"", {"Accept": "text/html"}),
    ("GET", "/v1/rules", "503"): ("", b"", {}),
    ("GET", "/v1/categories", "200"): ("", b"", {}),
    ("GET", "/v1/categories", "406"): ("", b"", {"Accept": "text/html"}),
    ("GET", "/v1/categories", "503"): ("", b"", {}),
    ("GET", "/v1/categories/{id}", "200"): ("", b"", {}),
    ("GET", "/v1/categories/{id}", "404"): ("x", b"", {}),
    ("GET", "/v1/categories/{id}", "406"): ("", b"", {"Accept": "text/html"}),
    ("GET", "/v1/categories/{id}", "503"): ("", b"", {}),
    ("GET", "/v1/schema", "200"): ("", b"", {}),
    ("GET", "/v1/schema", "406"): ("", b"", {"Accept": "text/html"}),
    ("GET", "/livez", "200"): ("", b"", {}),
    ("GET", "/readyz", "200"): ("?verbose", b"", {}),
    ("GET", "/readyz", "503"): ("?verbose", b"", {}),
    ("GET", "/openapi.json", "200"): ("", b"", {}),
}


# Have tests of their own.
_OTHER_ROUTES: Final = {"/v1/rules/{file}", "/v1/rules/check", "/metrics"}
_NOT_ASKED: Final = {
    "500",  # our own faults: a test that could make one would find a bug
    "401",  # see test_auth, as for a token in a URL
}


def answers_described(service: Service) -> set[tuple[str, str, str]]:
    return {
        (method, path, status)
        for (method, path), operation in operations(service).items()
        for status in operation["responses"]
        if path not in _OTHER_ROUTES and status not in _NOT_ASKED
    }


def test_every_answer_described_has_a_request_that_gets_it(flask_service: Service) -> None:
    tokens_in_url = {(method, path, "400") for method, path in operations(flask_service)}
    overloaded = {("GET", "/v1/schema", "503"), ("GET", "/openapi.json", "503")}

    left_out = answers_described(flask_service) - set(_REQUESTS)

    assert left_out <= {row for row in tokens_in_url if row[0] == "GET"} | overloaded
    assert set(_REQUESTS) <= answers_described(flask_service)


def test_every_route_but_those_of_health_may_be_overloaded(whole: Service) -> None:
    client = InProcess(everything(Terms(at_work=0, streams=0)))
    for (method, path), operation in operations(whole).items():
        answer = client.ask(method, path.replace("{id}", "economy").replace("{file}", "x.yaml"))

        is_open = not operation["security"]
        assert answer.status == (200 if is_open else 503)
        assert "503" in operation["responses"] or path == "/livez"
        if not is_open:
            assert answer.json["code"] == "overloaded"


def test_only_edits_need_a_token_everywhere(whole: Service) -> None:
    needs = {
        (method, path): operation["security"]
        for (method, path), operation in operations(whole).items()
    }

    assert {key for key, allowed in needs.items() if allowed and {} not in allowed} == {
        ("PUT", "/v1/rules/{file}"),
        ("DELETE", "/v1/rules/{file}"),
    }
    assert {path for (_, path), allowed in needs.items() if not allowed} == {"/livez", "/readyz"}


@pytest.mark.parametrize("key", _REQUESTS, ids=" ".join)
def test_every_answer_described_can_be_had(
    service: Service, service_without_rules: Service, key: tuple[str, str, str]
) -> None:
    method, path, status = key
    query, body, headers = _REQUESTS[key]
    asked = service_without_rules if status == "503" else service
    etag = service.ask("GET", "/v1/rules").headers["etag"]
    filled = {name: value.format(etag=etag) for name, value in headers.items()}

    target = path.replace("{id}", "economy") + query
    answer: Answer = asked.ask(method, target, body, filled)

    assert str(answer.status) == status


# ------------------------------------------------------- what may be sent

_SAMPLES: Final = {
    "title": "a%20title",
    "id": "a-17",
    "categories": "smuggling,commodities.*",
    "offsets": "utf16",
    "evidence": "first",
    "verbose": "",
}


def test_every_parameter_described_is_taken(service: Service) -> None:
    digest = service.ask("GET", "/v1/rules").json["digest"]
    samples = _SAMPLES | {"if_rules": digest}
    for (method, path), operation in operations(service).items():
        content_type = {"/v1/tag": PLAIN, _BATCH: NDJSON}.get(path, "")
        headers = {"Content-Type": content_type} if content_type else {}
        for parameter in operation.get("parameters", ()):
            if parameter["in"] != "query":
                continue
            target = f"{path}?{parameter['name']}={samples[parameter['name']]}"
            assert service.ask(method, target, b"", headers).status == 200


def test_every_media_type_described_is_taken(service: Service) -> None:
    for (method, path), operation in operations(service).items():
        for media_type in operation.get("requestBody", {"content": {}})["content"]:
            answer = service.ask(method, path, b"", {"Content-Type": media_type})
            assert answer.status != 415


@pytest.mark.parametrize(
    ("body", "fits"),
    [
        ({"text": ""}, True),
        ({"text": "", "title": "", "id": 1, "categories": [], "if_rules": None}, True),
        ({"text": "", "id": "a", "offsets": "utf8", "evidence": "none"}, True),
        ({}, False),
        ({"text": 1}, False),
        ({"text": "", "id": 1.5}, False),
        ({"text": "", "x": 1}, False),
        ({"text": "", "offsets": "x"}, False),
        ({"text": "", "categories": "x"}, False),
        ({"text": "", "categories": [1]}, False),
        ([], False),
    ],
)
def test_the_schema_of_a_request_is_what_is_taken(
    service: Service,
    body: object,
    fits: bool,  # noqa: FBT001 - a row
) -> None:
    described = operations(service)["POST", "/v1/tag"]["requestBody"]["content"][JSON]["schema"]

    assert service.conforms(body, described) is fits
    assert (service.post("/v1/tag", json.dumps(body).encode(), JSON).status == 200) is fits


# ---------------------------------------------------------------- docs/api.md


def codes_raised() -> set[tuple[str, str]]:
    """Give every status and code in the sources, wherever a refusal is made."""
    found: set[tuple[str, str]] = set()
    for source in SOURCES.values():
        found.update(re.findall(r'RequestError\(\s*(\d{3}),\s*"(\w+)"', source))
    return found


def test_the_document_for_people_names_every_path(whole: Service) -> None:
    for method, path in operations(whole):
        assert re.search(rf"^\| `{method} {re.escape(path)}` \|", API_MD, re.MULTILINE), path


def test_the_document_for_people_names_every_code() -> None:
    rows = re.findall(r"^\| (\d{3}) \| `(\w+)` \|", API_MD, re.MULTILINE)

    assert set(rows) == codes_raised()
    assert len(rows) == len(set(rows))


def test_the_document_for_people_names_every_limit() -> None:
    table = API_MD.partition("## Limits")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| `(\w+)` \| ([\d,]+) ", table, re.MULTILINE)

    assert {name: int(value.replace(",", "")) for name, value in rows} == asdict(LIMITS)


def test_the_document_for_people_names_every_member(whole: Service) -> None:
    schemas = whole.document["components"]["schemas"]
    for name in (
        *("TagRequest", "TagAnswer", "CategoryAnswer", "EvidenceAnswer", "PartAnswer"),
        *("ExplainRequest", "ExplainAnswer", "CategoryExplanation", "EntryAnswer"),
        *("ReasonAnswer", "PlaceAnswer"),
    ):
        for member in schemas[name]["properties"]:
            assert f"`{member}`" in API_MD or f'"{member}"' in API_MD, member


def test_the_document_for_people_names_every_header(whole: Service) -> None:
    for operation in operations(whole).values():
        for answer in operation["responses"].values():
            for name in answer.get("headers", ()):
                assert f"`{name}`" in API_MD, name


def test_the_document_for_people_is_short() -> None:
    assert len(API_MD.splitlines()) <= 400
