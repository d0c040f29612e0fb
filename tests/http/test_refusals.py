"""Every fault of a request is refused with its own status and code, and each is named."""

import json
from collections.abc import Iterator
from typing import Any, Final

import pytest

from contract.documented import Service
from contract.service import JSON, NDJSON, PLAIN, PROBLEM, Answer
from ruletag.http.handling import is_host

WRITTEN: Final = "zq-Geheimnis-7"
DEEP: Final = 64


def listed(answer: Answer) -> list[str]:
    return [fault["pointer"] for fault in answer.json["errors"]]


# ------------------------------------------------------------------------ bodies

# name, body, status, code, pointers
BODIES: Final[list[tuple[str, bytes, int, str, list[str]]]] = [
    # no JSON
    ("empty", b"", 400, "not_json", []),
    ("white space", b" \r\n\t", 400, "not_json", []),
    ("not JSON", b"copper", 400, "not_json", []),
    ("a form", b"text=copper", 400, "not_json", []),
    ("single quotes", b"{'text': 'copper'}", 400, "not_json", []),
    ("cut short", b'{"text": "copp', 400, "not_json", []),
    ("cut short within an escape", b'{"text": "copp\\', 400, "not_json", []),
    ("trailing comma", b'{"text": "copper",}', 400, "not_json", []),
    ("trailing data", b'{"text": "copper"} x', 400, "not_json", []),
    ("two values", b'{"text": "copper"}{"text": "oil"}', 400, "not_json", []),
    ("a comment", b'{"text": "copper" /* no */}', 400, "not_json", []),
    ("a control character in a string", b'{"text": "a\nb"}', 400, "not_json", []),
    ("a wrong escape", b'{"text": "\\x41"}', 400, "not_json", []),
    ("half an escape", b'{"text": "\\u12"}', 400, "not_json", []),
    ("a byte order mark", b'\xef\xbb\xbf{"text": ""}', 400, "not_json", []),
    ("a NUL after it", b'{"text": ""}\0', 400, "not_json", []),
    ("a number with a leading zero", b'{"text": "", "id": 01}', 400, "not_json", []),
    ("NaN", b'{"text": "", "id": NaN}', 400, "not_json", []),
    ("Infinity", b'{"text": "", "id": Infinity}', 400, "not_json", []),
    ("-Infinity", b'{"text": "", "id": -Infinity}', 400, "not_json", []),
    ("5,000 digits", b'{"text": "", "id": ' + b"1" * 5000 + b"}", 400, "not_json", []),
    # no UTF-8
    ("Latin-1", b'{"text": "caf\xe9"}', 400, "not_utf8", []),
    ("CESU-8", b'{"text": "\xed\xa0\xbd\xed\xb8\x80"}', 400, "not_utf8", []),
    ("overlong", b'{"text": "\xc0\xaf"}', 400, "not_utf8", []),
    ("beyond Unicode", b'{"text": "\xf4\x90\x80\x80"}', 400, "not_utf8", []),
    ("UTF-16", '{"text": ""}'.encode("utf-16"), 400, "not_utf8", []),
    ("UTF-16 without a mark", '{"text": ""}'.encode("utf-16-le"), 400, "not_json", []),
    ("UTF-32", '{"text": ""}'.encode("utf-32"), 400, "not_utf8", []),
    # too deep, a member twice
    ("nested 65 deep", b"[" * 65 + b"]" * 65, 400, "too_deep", []),
    ("nested 2,000 deep", b'{"a":' * 2000 + b"1" + b"}" * 2000, 400, "too_deep", []),
    ("nested 100,000 deep", b"[" * 100_000, 400, "too_deep", []),
    ("deep after a string", b'{"text": "\\"]]]", "x": ' + b"[" * 65, 400, "too_deep", []),
    ("a member twice", b'{"text": "", "text": ""}', 400, "duplicate_member", []),
    ("a member twice, by escape", b'{"text": "", "te\\u0078t": ""}', 400, "duplicate_member", []),
    ("a member twice within", b'{"text": {"a": 1, "a": 2}}', 400, "duplicate_member", []),
    ("half a pair twice", b'{"\\ud800": 1, "\\ud800": 2}', 400, "duplicate_member", []),
    # the wrong content
    ("null", b"null", 422, "invalid_request", [""]),
    ("a list", b"[]", 422, "invalid_request", [""]),
    ("a string", b'"x"', 422, "invalid_request", [""]),
    ("a number", b"5", 422, "invalid_request", [""]),
    ("true", b"true", 422, "invalid_request", [""]),
    ("nested 64 deep", b"[" * 64 + b"]" * 64, 422, "invalid_request", [""]),
    ("no member", b"{}", 422, "invalid_request", ["/text"]),
    ("text null", b'{"text": null}', 422, "invalid_request", ["/text"]),
    ("text a number", b'{"text": 5}', 422, "invalid_request", ["/text"]),
    ("text a list", b'{"text": ["copper"]}', 422, "invalid_request", ["/text"]),
    ("text an object", b'{"text": {"text": "x"}}', 422, "invalid_request", ["/text"]),
    ("text true", b'{"text": true}', 422, "invalid_request", ["/text"]),
    ("title null", b'{"text": "", "title": null}', 422, "invalid_request", ["/title"]),
    ("id a list", b'{"text": "", "id": []}', 422, "invalid_request", ["/id"]),
    ("id true", b'{"text": "", "id": true}', 422, "invalid_request", ["/id"]),
    ("id a fraction", b'{"text": "", "id": 1.5}', 422, "invalid_request", ["/id"]),
    ("id 1e400", b'{"text": "", "id": 1e400}', 422, "invalid_request", ["/id"]),
    ("offsets unknown", b'{"text": "", "offsets": "utf-16"}', 422, "invalid_request", ["/offsets"]),
    ("offsets null", b'{"text": "", "offsets": null}', 422, "invalid_request", ["/offsets"]),
    ("evidence unknown", b'{"text": "", "evidence": "x"}', 422, "invalid_request", ["/evidence"]),
    ("evidence true", b'{"text": "", "evidence": true}', 422, "invalid_request", ["/evidence"]),
    (
        "categories a string",
        b'{"text": "", "categories": "smuggling"}',
        422,
        "invalid_request",
        ["/categories"],
    ),
    (
        "categories of numbers",
        b'{"text": "", "categories": [1, "smuggling"]}',
        422,
        "invalid_request",
        ["/categories"],
    ),
    ("if_rules a number", b'{"text": "", "if_rules": 1}', 422, "invalid_request", ["/if_rules"]),
    ("half a pair", b'{"text": "a\\ud83d"}', 422, "invalid_request", ["/text"]),
    ("the other half", b'{"text": "\\ude00a"}', 422, "invalid_request", ["/text"]),
    ("a pair turned round", b'{"text": "\\ude00\\ud83d"}', 422, "invalid_request", ["/text"]),
    (
        "half a pair in two places",
        b'{"text": "\\ud83d", "title": "\\ud83d"}',
        422,
        "invalid_request",
        ["/text", "/title"],
    ),
    ("half a pair in the id", b'{"text": "", "id": "\\ud800"}', 422, "invalid_request", ["/id"]),
    (
        "members with / and ~",
        b'{"text": "", "a/b~c": 1}',
        422,
        "invalid_request",
        ["/a~1b~0c"],
    ),
    (
        "many faults",
        b'{"txt": "", "offsets": 8, "id": {}, "categories": {}, "x": null}',
        422,
        "invalid_request",
        ["/text", "/txt", "/offsets", "/id", "/categories", "/x"],
    ),
    (
        "categories that are not there",
        b'{"text": "", "categories": ["x", "smuggling", "", "*", "smug*", "comm.*", "Economy"]}',
        422,
        "invalid_request",
        [f"/categories/{i}" for i in (0, 2, 3, 4, 5, 6)],
    ),
    (
        "half a pair as a category",
        b'{"text": "", "categories": ["\\ud800"]}',
        422,
        "invalid_request",
        ["/categories/0"],
    ),
]


@pytest.mark.parametrize(
    ("body", "status", "code", "pointers"), [pytest.param(*row, id=name) for name, *row in BODIES]
)
def test_bodies(service: Service, body: bytes, status: int, code: str, pointers: list[str]) -> None:
    answer = service.post("/v1/tag", body, JSON)

    assert (answer.status, answer.json["code"], listed(answer)) == (status, code, pointers)
    assert (answer.media_type, answer.json["instance"]) == (PROBLEM, "/v1/tag")


def test_half_a_pair_as_a_member(service: Service) -> None:
    answer = service.post("/v1/tag", b'{"text": "", "\\ud800": 1}', JSON)

    assert (answer.status, answer.json["code"]) == (422, "invalid_request")
    assert len(listed(answer)) == 1


# Bodies that look odd and are right.
ACCEPTED: Final = [
    ("an escaped pair", b'{"text": "\\ud83d\\ude00 oil"}', 1),
    ("NUL in the text", b'{"text": "\\u0000oil\\u0000"}', 1),
    ("brackets in a string", b'{"text": "oil ' + b"[{" * 1000 + b'"}', 1),
    ("quotes and backslashes", b'{"text": "oil ' + b'\\"\\\\[' * 1000 + b'"}', 1),
    ("a string that ends in a backslash", b'{"text": "oil \\\\", "title": "[[["}', 1),
    ("white space around", b' \r\n\t{"text" : "oil"}\n ', 1),
    ("an escaped member name", b'{"te\\u0078t": "oil"}', 1),
    ("nulls for what may be left out", b'{"text": "oil", "id": null, "categories": null}', 1),
    ("CR LF", b'{"text": "oil\\r\\n\\r\\noil"}', 2),
]


@pytest.mark.parametrize(
    ("body", "count"), [pytest.param(*row, id=name) for name, *row in ACCEPTED]
)
def test_bodies_that_are_right(service: Service, body: bytes, count: int) -> None:
    answer = service.post("/v1/tag", body, JSON)

    assert answer.status == 200
    assert len(answer.json["categories"][0]["evidence"]) == count


@pytest.mark.parametrize(
    ("body", "name"),
    [
        (b'{"txet": ""}', "text"),
        (b'{"text": "", "category": []}', "categories"),
        (b'{"text": "", "offset": "utf8"}', "offsets"),
        (b'{"text": "", "Title": ""}', "title"),
        (b'{"text": "", "ifrules": ""}', "if_rules"),
        (b'{"text": "", "categories": ["smugling"]}', "smuggling"),
        (b'{"text": "", "categories": ["commodity.fuel"]}', "commodities.fuel"),
    ],
)
def test_the_nearest_known_name_is_given(service: Service, body: bytes, name: str) -> None:
    answer = service.post("/v1/tag", body, JSON)

    assert any(f"did you mean `{name}`?" in fault["detail"] for fault in answer.json["errors"])


def test_what_is_allowed_is_said(service: Service) -> None:
    answer = service.post("/v1/tag", b'{"zzz": 1, "evidence": 1, "offsets": ""}', JSON)

    told = " ".join(fault["detail"] for fault in answer.json["errors"])
    for allowed in ("all, first, none", "codepoint, utf16, utf8", "known: ", "the text to tag"):
        assert allowed in told


def test_no_more_than_a_hundred_faults_are_listed(service: Service) -> None:
    body = json.dumps({f"x{i}": 1 for i in range(50_000)}).encode()
    many = json.dumps({"text": "", "categories": [f"x{i}" for i in range(1000)]}).encode()

    for sent in (body, many):
        answer = service.post("/v1/tag", sent, JSON)
        assert (answer.status, len(listed(answer))) == (422, 100)
        assert len(answer.body) < 20_000


def test_long_names_are_cut(service: Service) -> None:
    body = json.dumps({"text": "", "n" * 100_000: 1, "categories": ["c" * 100_000]}).encode()

    answer = service.post("/v1/tag", body, JSON)

    assert answer.status == 422
    assert len(answer.body) < 2000


# name, body; each holds these words where a text stands
TELLING: Final = [
    ("not JSON", f'{{"text": "{WRITTEN}'.encode()),
    ("a wrong escape", f'{{"text": "{WRITTEN}\\x"}}'.encode()),
    ("not JSON at all", WRITTEN.encode()),
    ("not UTF-8", f'{{"text": "{WRITTEN}'.encode() + b'\xff"}'),
    ("text a list", f'{{"text": ["{WRITTEN}"]}}'.encode()),
    ("half a pair", f'{{"text": "{WRITTEN}\\ud800"}}'.encode()),
    ("an unknown member", f'{{"text": "{WRITTEN}", "x": "{WRITTEN}"}}'.encode()),
    ("a wrong option", f'{{"text": "", "offsets": "{WRITTEN}"}}'.encode()),
    ("a wrong title", f'{{"text": "", "title": ["{WRITTEN}"]}}'.encode()),
    ("a text twice", f'{{"text": "{WRITTEN}", "text": "{WRITTEN}"}}'.encode()),
    ("other rules", f'{{"text": "{WRITTEN}", "if_rules": "sha256:0"}}'.encode()),
    ("too long", f'{{"text": "{WRITTEN}'.encode() + b"a" * 1_000_000 + b'"}'),
]


@pytest.mark.parametrize("body", [pytest.param(body, id=name) for name, body in TELLING])
def test_the_text_is_never_repeated(service: Service, body: bytes) -> None:
    answer = service.post("/v1/tag", body, JSON)
    line = service.post("/v1/tag/batch", body, NDJSON)

    assert answer.status >= 400
    assert WRITTEN.encode() not in answer.body
    assert WRITTEN.encode() not in line.body


# ----------------------------------------------------------------- raw text, query

# name, target, body, status, code, pointers
QUERIES: Final[list[tuple[str, str, bytes, int, str, list[str]]]] = [
    ("not UTF-8", "", b"caf\xe9", 400, "not_utf8", []),
    ("CESU-8", "", b"\xed\xa0\xbd\xed\xb8\x80", 400, "not_utf8", []),
    ("UTF-16", "", "oil".encode("utf-16"), 400, "not_utf8", []),
    ("an unknown parameter", "?offset=utf8", b"", 422, "invalid_request", ["?offset"]),
    ("the text as a parameter", "?text=oil", b"", 422, "invalid_request", ["?text"]),
    ("a parameter without a name", "?=1", b"", 422, "invalid_request", ["?"]),
    ("a parameter twice", "?id=1&id=2", b"", 422, "invalid_request", ["?id"]),
    ("an unknown unit", "?offsets=utf32", b"", 422, "invalid_request", ["?offsets"]),
    ("an unknown amount", "?evidence=", b"", 422, "invalid_request", ["?evidence"]),
    ("an unknown category", "?categories=x", b"", 422, "invalid_request", ["?categories"]),
    ("no category", "?categories=", b"", 422, "invalid_request", ["?categories"]),
    ("two faults", "?offsets=x&evidence=y", b"", 422, "invalid_request", ["?offsets", "?evidence"]),
    ("two unknown", "?x=1&y=2", b"", 422, "invalid_request", ["?x", "?y"]),
    ("a title that is not UTF-8", "?title=%ff", b"", 400, "not_utf8", []),
    ("a name that is not UTF-8", "?%ff=1", b"", 400, "not_utf8", []),
    ("half a pair", "?title=%ED%A0%80", b"", 400, "not_utf8", []),
]


@pytest.mark.parametrize(
    ("query", "body", "status", "code", "pointers"),
    [pytest.param(*row, id=name) for name, *row in QUERIES],
)
def test_queries(  # noqa: PLR0913, PLR0917 - a row of the table
    service: Service, query: str, body: bytes, status: int, code: str, pointers: list[str]
) -> None:
    answer = service.post(f"/v1/tag{query}", body, PLAIN)

    assert (answer.status, answer.json["code"], listed(answer)) == (status, code, pointers)


@pytest.mark.parametrize("target", ["/v1/tag", "/v1/tag/batch"])
def test_json_takes_its_options_in_the_body(service: Service, target: str) -> None:
    answer = service.post(f"{target}?offsets=utf8", b'{"text": "", "documents": []}', JSON)

    assert (answer.status, listed(answer)) == (422, ["?offsets"])
    assert "known: ;" not in answer.json["detail"]
    assert not answer.json["detail"].endswith("known: ")


# ------------------------------------------------------------------------- batch

# name, target, body, content type, status, code, pointers
BATCHES: Final[list[tuple[str, str, bytes, str, int, str, list[str]]]] = [
    ("no documents", "", b"{}", JSON, 422, "invalid_request", ["/documents"]),
    ("not an object", "", b"[]", JSON, 422, "invalid_request", [""]),
    ("documents null", "", b'{"documents": null}', JSON, 422, "invalid_request", ["/documents"]),
    ("documents a map", "", b'{"documents": {}}', JSON, 422, "invalid_request", ["/documents"]),
    ("a text", "", b'{"text": ""}', JSON, 422, "invalid_request", ["/documents", "/text"]),
    ("not JSON", "", b"{", JSON, 400, "not_json", []),
    ("not UTF-8", "", b"\xff", JSON, 400, "not_utf8", []),
    (
        "an unknown category",
        "",
        b'{"documents": [], "categories": ["x"]}',
        JSON,
        422,
        "invalid_request",
        ["/categories/0"],
    ),
    (
        "an unknown unit",
        "",
        b'{"documents": [], "offsets": "x"}',
        JSON,
        422,
        "invalid_request",
        ["/offsets"],
    ),
    ("a parameter that is no option", "?id=1", b"", NDJSON, 422, "invalid_request", ["?id"]),
    (
        "a category in the query",
        "?categories=x",
        b"",
        NDJSON,
        422,
        "invalid_request",
        ["?categories"],
    ),
    ("a unit in the query", "?offsets=x", b"", NDJSON, 422, "invalid_request", ["?offsets"]),
]


@pytest.mark.parametrize(
    ("query", "body", "content_type", "status", "code", "pointers"),
    [pytest.param(*row, id=name) for name, *row in BATCHES],
)
def test_batches(  # noqa: PLR0913, PLR0917 - a row of the table
    service: Service,
    query: str,
    body: bytes,
    content_type: str,
    status: int,
    code: str,
    pointers: list[str],
) -> None:
    answer = service.post(f"/v1/tag/batch{query}", body, content_type)

    assert (answer.status, answer.json["code"], listed(answer)) == (status, code, pointers)


# --------------------------------------------------------------------- media types

TYPES: Final = [
    ("/v1/tag", "", 415),
    ("/v1/tag", "application/x-www-form-urlencoded", 415),
    ("/v1/tag", "multipart/form-data; boundary=x", 415),
    ("/v1/tag", "text/html", 415),
    ("/v1/tag", "application/x-ndjson", 415),
    ("/v1/tag", "application/json-patch+json", 415),
    ("/v1/tag", "application/json; charset=latin-1", 415),
    ("/v1/tag", "text/plain; charset=utf-16", 415),
    ("/v1/tag", "json", 415),
    ("/v1/tag", "application/json, text/plain", 415),
    ("/v1/tag", ";", 415),
    ("/v1/tag", "application/json", 200),
    ("/v1/tag", "application/json; charset=utf-8", 200),
    ("/v1/tag", 'Application/JSON;charset="UTF-8"', 200),
    ("/v1/tag", "application/json ; CHARSET=Utf-8 ", 200),
    ("/v1/tag", "application/json; profile=x", 200),
    ("/v1/tag", "text/plain", 200),
    ("/v1/tag/batch", "text/plain", 415),
    ("/v1/tag/batch", "application/ndjson", 415),
    ("/v1/tag/batch", "application/x-ndjson; charset=utf-8", 200),
    ("/v1/tag/batch", "application/json", 200),
]


@pytest.mark.parametrize(("target", "content_type", "status"), TYPES)
def test_media_types(service: Service, target: str, content_type: str, status: int) -> None:
    body = b'{"documents": []}' if target.endswith("batch") else b'{"text": ""}'
    headers = {"Content-Type": content_type} if content_type else {}

    answer = service.ask("POST", target, body, headers)

    assert answer.status == status
    if status == 415:
        assert answer.json["code"] == "unsupported_media_type"
        assert JSON in answer.headers["accept-post"]
        assert JSON in answer.json["detail"] or "UTF-8" in answer.json["detail"]


@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip, br", "x"])
def test_an_encoding_that_is_not_known(service: Service, encoding: str) -> None:
    answer = service.post("/v1/tag", b'{"text": ""}', JSON, Content_Encoding=encoding)

    assert answer.status == 415


def test_no_encoding_may_be_named(service: Service) -> None:
    answer = service.post("/v1/tag", b'{"text": ""}', JSON, Content_Encoding="identity")

    assert answer.status == 200


ACCEPTS: Final = [
    ("application/json", 200),
    ("*/*", 200),
    ("application/*", 200),
    ("Application/JSON;q=0.1", 200),
    ("text/html, application/xhtml+xml, */*;q=0.8", 200),
    ("application/problem+json, application/json", 200),
    ("", 200),
    ("text/html", 406),
    ("application/xml", 406),
    ("application/x-ndjson", 406),
    ("text/*, image/png", 406),
    ("application/json;q=0", 406),
    ("*/*;q=0.000", 406),
    ("application/json;q=0, */*", 406),
    ("nonsense", 406),
]


@pytest.mark.parametrize(("accept", "status"), ACCEPTS)
def test_accept(service: Service, accept: str, status: int) -> None:
    asked = [
        service.post("/v1/tag", b"oil", PLAIN, Accept=accept),
        service.post("/v1/tag/batch", b'{"documents": []}', JSON, Accept=accept),
        service.ask("GET", "/v1/rules", headers={"Accept": accept}),
        service.ask("GET", "/v1/categories", headers={"Accept": accept}),
    ]

    assert {answer.status for answer in asked} == {status}
    assert status == 200 or {answer.json["code"] for answer in asked} == {"not_acceptable"}


@pytest.mark.parametrize(
    ("accept", "status"),
    [("application/x-ndjson", 200), ("application/*", 200), ("application/json", 406)],
)
def test_accept_of_a_stream(service: Service, accept: str, status: int) -> None:
    assert service.post("/v1/tag/batch", b"", NDJSON, Accept=accept).status == status


def test_probes_answer_whatever_is_accepted(service: Service) -> None:
    for path in ("/livez", "/readyz", "/openapi.json"):
        assert service.ask("GET", path, headers={"Accept": "text/html"}).status == 200


# ------------------------------------------------------------------ paths, methods

NOWHERE: Final = [
    "/v1", "/v1/", "/v1/tag/", "/v1/tag/batch/", "/v1/tags", "/V1/TAG", "/livez/",
    "//v1/tag", "//livez", "///livez", "/v1//tag", "/v1/../livez", "/v1/%2e%2e/livez", "/../livez",
    "/%00", "/livez%00", "/%ff", "/%ed%a0%80", "/livez%0d%0aX-Bad:%201", "/livez;x=1", "/livez%2f",
    "/%2flivez", "/.env", "/static/x", "/v1/rules/../../etc/passwd", "/v1/tag%20", "/" + "a" * 3000,
]  # fmt: skip


@pytest.mark.parametrize("path", NOWHERE)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_there_is_nothing(service: Service, method: str, path: str) -> None:
    answer = service.ask(method, path)

    assert (answer.status, answer.json["code"]) == (404, "not_found")
    assert "x-bad" not in answer.headers


METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND", "QUERY")


def wrong_methods(service: Service) -> Iterator[tuple[str, str, set[str]]]:
    for path, operations in service.document["paths"].items():
        for method in METHODS:
            if method.lower() not in operations:
                yield method, path, {name.upper() for name in operations}


def test_methods_that_a_path_does_not_take(service: Service) -> None:
    for method, path, taken in wrong_methods(service):
        answer = service.ask(method, path)
        allowed = {name.strip() for name in answer.headers["allow"].split(",")}
        assert (answer.status, answer.json["code"]) == (405, "method_not_allowed")
        assert allowed - {"HEAD", "OPTIONS"} == taken


def test_ten_thousand_distinct_paths_cost_nothing(flask_service: Service) -> None:
    for i in range(10_000):
        assert flask_service.client.ask("GET", f"/{i}").status == 404


def test_every_refusal_tells_its_code_as_a_type(service: Service) -> None:
    answer: dict[str, Any] = service.post("/v1/tag", b"", JSON).json

    assert answer["type"] == "urn:ruletag:problem:not_json"
    assert answer["title"] == "Bad Request"


# ------------------------------------------------------------------ the HTTP around it

# name, the header Host, whether it is taken
HOSTS: Final = [
    ("a name", "news.example", True),
    ("a name of one letter", "x", True),
    ("a name with a port", "news.example:8080", True),
    ("a port of nothing", "news.example:", True),
    ("capitals, digits, an underscore", "News_1.EXAMPLE.", True),
    ("an escape", "caf%C3%A9.example", True),
    ("IPv4", "127.0.0.1:80", True),
    ("IPv6", "[::1]", True),
    ("IPv6 with a port", "[2001:db8::192.0.2.1]:8080", True),
    ("an address of times to come", "[v1.a:b]", True),
    ("two words, a path, a user", "a b/c@d", False),
    ("a space", "a b", False),
    ("a path", "x/y", False),
    ("a user", "user@x", False),
    ("a query", "x?y", False),
    ("a fragment", "x#y", False),
    ("a port that is no number", "x:http", False),
    ("a port below nothing", "x:-1", False),
    ("two ports", "x:1:2", False),
    ("a port alone", ":80", False),
    ("IPv6 without brackets", "::1", False),
    ("no IPv6", "[1:2]", False),
    ("a bracket that is not closed", "[::1", False),
    ("IPv6 with a zone", "[fe80::1%25eth0]", False),
    ("something behind the brackets", "[::1]x", False),
    ("half an escape", "x%4", False),
    ("a quotation mark", 'x"y', False),
    ("a backslash", "x\\y", False),
    ("letters that are no ASCII", "caf\xe9.example", False),
    ("digits that are no ASCII", "x:\xb2", False),
    ("two hosts in one", "a, b", False),
]


@pytest.mark.parametrize(
    ("host", "expected"), [pytest.param(*row, id=name) for name, *row in HOSTS]
)
def test_which_hosts_are_taken(
    flask_service: Service,
    host: str,
    expected: bool,  # noqa: FBT001 - a row
) -> None:
    for method, target in (("GET", "/livez"), ("GET", "/nowhere"), ("OPTIONS", "/v1/tag")):
        answer = flask_service.client.ask(method, target, b"", {"Host": host})

        assert (answer.status == 400) is not expected
        assert is_host(host) is expected


# name, the header Transfer-Encoding, whether it is taken
CODINGS: Final = [
    ("chunked", "chunked", True),
    ("in capitals, with a space", " Chunked", True),
    ("compressed", "gzip, chunked", False),
    ("compressed alone", "gzip", False),
    ("as it is", "identity, chunked", False),
    ("chunked twice", "chunked, chunked", False),
    ("with a parameter", "chunked;q=1", False),
    ("empty", "", False),
]


@pytest.mark.parametrize(
    ("coding", "expected"), [pytest.param(*row, id=name) for name, *row in CODINGS]
)
def test_which_transfer_codings_are_taken(
    flask_service: Service,
    coding: str,
    expected: bool,  # noqa: FBT001 - a row
) -> None:
    headers = {"Content-Type": PLAIN, "Transfer-Encoding": coding}

    answer = flask_service.ask("POST", "/v1/tag", b"copper", headers)

    assert answer.status == (200 if expected else 501)
    assert expected or answer.json["code"] == "unsupported_transfer_coding"
