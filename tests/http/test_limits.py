"""Each limit is tested at its value and one above it; within them nothing costs much."""

import gzip
import json
import time
import tracemalloc
from collections.abc import Callable
from typing import Final

import pytest
from werkzeug.test import create_environ, run_wsgi_app

from contract.documented import Service
from contract.pace import pace
from contract.rules import RULES, store_with
from contract.service import JSON, NDJSON, PLAIN, Answer, Body
from ruletag.http.app import create_app
from ruletag.limits import LIMITS

# As bytes, or chunked without a Content-Length.
SENDINGS: Final[list[Callable[[bytes], Body]]] = [
    lambda body: body,
    lambda body: [body[i : i + 65536] for i in range(0, len(body), 65536)],
]
sendings = pytest.mark.parametrize("sent", SENDINGS, ids=["Content-Length", "chunked"])


def padded(body: bytes, size: int) -> bytes:
    return body + b" " * (size - len(body))


def outcome(answer: Answer) -> tuple[int, str]:
    return answer.status, answer.json.get("code", "")


def test_the_limits_are_those_in_force(service: Service) -> None:
    shown = service.ask("GET", "/v1/rules").json["limits"]

    assert (shown["body"], shown["line"]) == (1_048_576, 1_048_576)
    assert (shown["batch_body"], shown["documents"]) == (16_777_216, 1000)
    assert (shown["text"], shown["json_depth"]) == (1_000_000, 64)
    assert (shown["request_id"], shown["matches"]) == (64, 10_000)


@sendings
@pytest.mark.parametrize(("more", "expected"), [(0, (200, "")), (1, (413, "body_too_large"))])
def test_a_body(
    service: Service, sent: Callable[[bytes], Body], more: int, expected: tuple[int, str]
) -> None:
    raw = "é".encode() * (LIMITS.body // 2) + b"a" * more
    as_json = padded(b'{"text": "oil"}', LIMITS.body + more)

    assert outcome(service.post("/v1/tag", sent(raw), PLAIN)) == expected
    assert outcome(service.post("/v1/tag", sent(as_json), JSON)) == expected


@sendings
@pytest.mark.parametrize(("more", "expected"), [(0, (200, "")), (1, (413, "body_too_large"))])
def test_the_body_of_a_batch(
    service: Service, sent: Callable[[bytes], Body], more: int, expected: tuple[int, str]
) -> None:
    body = padded(b'{"documents": [{"text": "oil"}]}', LIMITS.batch_body + more)

    assert outcome(service.post("/v1/tag/batch", sent(body), JSON)) == expected


@sendings
def test_a_body_far_over_the_limit(service: Service, sent: Callable[[bytes], Body]) -> None:
    answer = service.post("/v1/tag", sent(b"a" * 4 * LIMITS.body), PLAIN)

    assert outcome(answer) == (413, "body_too_large")


@pytest.mark.parametrize(("more", "expected"), [(0, (200, "")), (1, (413, "text_too_long"))])
def test_a_text(service: Service, more: int, expected: tuple[int, str]) -> None:
    text = "a" * (LIMITS.text + more)
    title = {"text": "", "title": text}

    assert outcome(service.post("/v1/tag", text.encode(), PLAIN)) == expected
    assert outcome(service.post("/v1/tag", json.dumps({"text": text}).encode(), JSON)) == expected
    assert outcome(service.post("/v1/tag", json.dumps(title).encode(), JSON)) == expected


@pytest.mark.parametrize(("more", "status"), [(0, 200), (1, 413)])
def test_a_text_in_a_batch(service: Service, more: int, status: int) -> None:
    wide = "😀" * (LIMITS.text + more)  # four million bytes
    body = json.dumps({"documents": [{"text": wide}]}, ensure_ascii=False).encode()

    result = service.post("/v1/tag/batch", body, JSON).json["results"][0]

    assert result.get("error", {"status": 200})["status"] == status


@pytest.mark.parametrize(("more", "expected"), [(0, (200, "")), (1, (413, "too_many_documents"))])
def test_documents(service: Service, more: int, expected: tuple[int, str]) -> None:
    body = json.dumps({"documents": [{"text": ""}] * (LIMITS.documents + more)}).encode()

    assert outcome(service.post("/v1/tag/batch", body, JSON)) == expected


@pytest.mark.parametrize(("more", "code"), [(0, "invalid_request"), (1, "too_deep")])
def test_depth(service: Service, more: int, code: str) -> None:
    depth = LIMITS.json_depth + more
    nested = b"[" * depth + b"]" * depth
    mapped = b'{"a":' * depth + b"1" + b"}" * depth
    # The brackets beside each other do not add up.
    wide = b"[" + b"[]," * 500 + nested[1:]

    for body in (nested, mapped, wide):
        assert service.post("/v1/tag", body, JSON).json["code"] == code
        (line,) = service.post("/v1/tag/batch", body, NDJSON).lines
        assert line["error"]["code"] == code


@sendings
@pytest.mark.parametrize("end", [b"\n", b"\r\n", b""])
@pytest.mark.parametrize(("more", "code"), [(0, None), (1, "line_too_long"), (2, "line_too_long")])
def test_a_line(
    service: Service, sent: Callable[[bytes], Body], end: bytes, more: int, code: str | None
) -> None:
    line = padded(b'{"text": "oil", "id": 1}', LIMITS.line + more)
    after = b'{"text": "oil", "id": 2}\n' if end else b""

    answers = service.post("/v1/tag/batch", sent(line + end + after), NDJSON).lines

    assert answers[0].get("error", {}).get("code") == code
    assert [answer["id"] for answer in answers[1:]] == ([2] if after else [])


def test_a_line_far_over_the_limit_is_passed_over(service: Service) -> None:
    long = b"a" * (5 * LIMITS.line + 3)
    good = b'{"text":"oil","id":1}'

    answers = service.post("/v1/tag/batch", b"\n".join([long, good, long, good]), NDJSON).lines

    assert [answer["id"] for answer in answers] == [None, 1, None, 1]


@pytest.mark.parametrize(("more", "complete"), [(0, True), (1, False)])
def test_matches(service: Service, more: int, complete: bool) -> None:  # noqa: FBT001 - a row
    body = b"oil " * (LIMITS.matches + more)

    answer = service.post("/v1/tag", body, PLAIN).json

    assert answer["complete"] is complete
    assert answer["truncated"] == ([] if complete else ["matches"])
    assert sum(len(c.get("evidence", ())) for c in answer["categories"]) == LIMITS.matches


@pytest.mark.parametrize(("more", "complete"), [(0, True), (1, False)])
def test_a_cut_answer_says_so_however_little_is_asked_for(
    service: Service,
    more: int,
    complete: bool,  # noqa: FBT001 - a row
) -> None:
    body = json.dumps({"text": "oil " * (LIMITS.matches + more), "evidence": "none"}).encode()

    assert service.post("/v1/tag", body, JSON).json["complete"] is complete


# ----------------------------------------------------------------------- hostility

MILLION: Final = 1_000_000
ESCAPES: Final = b"[]" * 65 + b'"' + b'\\"' * 20_000

# name, target, body, content type; each within every limit
HOSTILE: Final[list[tuple[str, str, bytes, str]]] = [
    ("one letter", "/v1/tag", b"a" * MILLION, PLAIN),
    ("one keyword", "/v1/tag", b"smuggling " * 100_000, PLAIN),
    ("one keyword without end", "/v1/tag", b"smuggle" * 140_000, PLAIN),
    ("one combining mark", "/v1/tag", "\u0300".encode() * 520_000, PLAIN),
    ("one Hangul keyword", "/v1/tag", "밀수".encode() * 170_000, PLAIN),
    ("empty lines", "/v1/tag", b"\r\n" * 500_000, PLAIN),
    ("hyphens at line ends", "/v1/tag", b"cop-\nper " * 110_000, PLAIN),
    ("both ends of a gap", "/v1/tag", b"strip membership " * 58_000, PLAIN),
    ("one end of a gap", "/v1/tag", b"strip strip strip membership\n\n" * 33_000, PLAIN),
    ("full stops", "/v1/tag", b"U.S. " * 200_000, PLAIN),
    ("an unfinished string of escapes", "/v1/tag", ESCAPES, JSON),
    ("an unfinished string of quotes", "/v1/tag", b"[]" * 65 + b'"a' * 20_001, JSON),
    ("brackets", "/v1/tag", b"[" + b"[]," * 349_000 + b"[]]", JSON),
    ("a string of brackets", "/v1/tag", b'{"text":"' + b"[" * (MILLION - 9) + b'"}', JSON),
    ("members", "/v1/tag", json.dumps({f"{i:x}": 0 for i in range(80_000)}).encode(), JSON),
    (
        "categories that are nearly there",
        "/v1/tag",
        json.dumps({"text": "", "categories": ["commoditiez.meta"] * 50_000}).encode(),
        JSON,
    ),
    (
        "the same categories for many documents",
        "/v1/tag/batch",
        json.dumps(
            {"documents": [{"text": ""}] * 1000, "categories": ["economy"] * 20_000}
        ).encode(),
        JSON,
    ),
    (
        "members that are nearly known in each document",
        "/v1/tag/batch",
        json.dumps({"documents": [{f"titl{i}": 0 for i in range(100)}] * 200}).encode(),
        JSON,
    ),
    ("short lines", "/v1/tag/batch", b"0\n" * 20_000, NDJSON),
    ("empty lines", "/v1/tag/batch", b"\n" * MILLION, NDJSON),
]


@pytest.mark.parametrize(
    ("target", "body", "content_type"), [pytest.param(*row, id=name) for name, *row in HOSTILE]
)
def test_hostile_bodies_cost_little(
    flask_service: Service, target: str, body: bytes, content_type: str
) -> None:
    started = time.process_time()

    answer = flask_service.client.ask("POST", target, body, {"Content-Type": content_type})

    # The figure to hold is a second; a machine in use may take twice as long.
    assert time.process_time() - started < 2 * pace()
    assert answer.status < 500


def test_many_documents_full_of_matches_are_not_held_in_memory() -> None:
    app = create_app(store_with(RULES))
    body = json.dumps({"documents": [{"text": "oil " * 2000}] * 100}).encode()
    environ = create_environ("/v1/tag/batch", method="POST", data=body, content_type=JSON)

    tracemalloc.start()
    pieces, status, _ = run_wsgi_app(app, environ)
    size = sum(len(piece) for piece in pieces)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    # A full batch is ten times as large; the figure to hold is 64 MB.
    assert status.startswith("200")
    assert peak < 16 * 1024 * 1024, f"{peak:,} bytes held for an answer of {size:,}"


@pytest.mark.parametrize(("more", "expected"), [(0, (200, "")), (1, (413, "draft_too_long"))])
def test_draft_rules(service: Service, more: int, expected: tuple[int, str]) -> None:
    draft = "categories: {x: [é]}#"
    padding = "é" * ((LIMITS.draft - len(draft.encode())) // 2)
    rules = draft + padding
    rules += "a" * (LIMITS.draft - len(rules.encode()) + more)

    answer = service.post("/v1/tag", json.dumps({"text": "é", "rules": rules}).encode(), JSON)

    assert outcome(answer) == expected


@pytest.mark.parametrize(("more", "code"), [(0, "invalid_request"), (1, "too_many_values")])
def test_values_of_a_body(service: Service, more: int, code: str) -> None:
    values = b",".join([b"1"] * (LIMITS.json_values - 1 + more))
    body = b'{"text": ",,,", "categories": [%s]}' % values

    assert service.post("/v1/tag", body, JSON).json["code"] == code


def test_commas_of_texts_are_no_values(service: Service) -> None:
    body = json.dumps({"text": "," * (LIMITS.json_values + 5)}).encode()

    assert service.post("/v1/tag", body, JSON).status == 200


def test_a_stream_that_unpacks_to_far_more_than_was_sent(service: Service) -> None:
    body = gzip.compress(b"\n" * 10_000_000)
    headers = {"Content-Type": NDJSON, "Content-Encoding": "gzip"}

    answer = service.ask("POST", "/v1/tag/batch", body, headers)

    assert [line["error"]["code"] for line in answer.lines] == ["body_too_large"]
