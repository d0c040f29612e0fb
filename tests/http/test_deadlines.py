"""What takes too long over HTTP is answered as far as it came, or refused: never waited for."""

import gzip
import json
import threading
from pathlib import Path
from typing import Any, Final

import pytest

from contract.documented import Service
from contract.rules import store_with
from contract.service import JSON, NDJSON, PLAIN, InProcess
from ruletag.http import handling
from ruletag.http.api import Api, Deadlines
from ruletag.http.app import flask_app
from ruletag.http.editing import Editing
from ruletag.http.openapi import YAML
from ruletag.matching.compiler import CompiledRules
from ruletag.serving.drafts import Drafts

SHORT: Final = 0.03  # seconds
MANY: Final = "categories: {" + ", ".join(f"c{i}: [x, y]" for i in range(1_000)) + "}"
SLOW_TEXT: Final = "x y " * 150
SLOW_CONTEXTS: Final = """\
cues: {negated: {reach: 50, before: [zip], after: [zap]}}
categories: {a: {match: [w], ignore: [negated]}}
"""
SLOW_TO_COMPILE: Final = "categories: {a: [" + ",".join(f"w{i}" for i in range(9_000)) + "]}"


def service(**seconds: float) -> Service:
    store = store_with({"a.yaml": MANY})
    deadlines = Deadlines(**seconds)
    handlers = [
        Api(store, Drafts(), deadlines=deadlines),
        Editing(Path("gone"), store, takes_drafts=True, deadlines=deadlines),
    ]
    return Service(InProcess(flask_app(handling.Service(handlers))))


@pytest.fixture(scope="module")
def hasty() -> Service:
    """Give a service that spends no time on anything."""
    return service(text=SHORT)


def rules_in_force() -> CompiledRules:
    active = store_with({"a.yaml": MANY}).current
    assert active is not None
    return active.rules


def encoded(value: Any) -> bytes:  # noqa: ANN401 - any JSON
    return json.dumps(value).encode()


def is_cut(answer: dict[str, Any]) -> bool:
    return not answer["complete"] and "deadline" in answer["truncated"]


def test_a_text_is_answered_as_far_as_it_came(hasty: Service) -> None:
    answer = hasty.post("/v1/tag?evidence=none", SLOW_TEXT.encode(), PLAIN)

    assert answer.status == 200
    assert is_cut(answer.json)
    assert len(answer.json["categories"]) < 1_000


def test_so_is_each_text_of_a_batch(hasty: Service) -> None:
    documents = [{"text": SLOW_TEXT}, {"text": ""}, {"text": SLOW_TEXT}]

    batch = hasty.post("/v1/tag/batch", encoded({"documents": documents}), JSON)
    stream = hasty.post("/v1/tag/batch", b"\n".join(map(encoded, documents)), NDJSON)

    assert [is_cut(result) for result in batch.json["results"]] == [True, False, True]
    assert [is_cut(line) for line in stream.lines] == [True, False, True]


# name, path, body, content type, code
REFUSED: Final = [
    (
        "a draft that tags slowly",
        "/v1/tag",
        encoded({"text": "zip w zap " * 48_000, "rules": SLOW_CONTEXTS}),
        JSON,
        "draft_too_slow",
    ),
    (
        "a draft that compiles slowly",
        "/v1/tag",
        encoded({"text": "", "rules": SLOW_TO_COMPILE}),
        JSON,
        "draft_too_slow",
    ),
    (
        "a draft to explain by",
        "/v1/explain",
        encoded({"text": "", "categories": ["a"], "rules": SLOW_TO_COMPILE}),
        JSON,
        "draft_too_slow",
    ),
    ("a check", "/v1/rules/check", SLOW_TO_COMPILE.encode(), YAML, "draft_too_slow"),
    (
        "an explanation",
        "/v1/explain",
        encoded({"text": SLOW_TEXT, "categories": [f"c{i}" for i in range(1_000)]}),
        JSON,
        "explanation_too_slow",
    ),
]


@pytest.mark.parametrize(
    ("path", "body", "kind", "code"), [pytest.param(*case, id=name) for name, *case in REFUSED]
)
def test_what_is_of_no_use_by_halves_is_refused(
    hasty: Service, path: str, body: bytes, kind: str, code: str
) -> None:
    packed = hasty.ask("POST", path, gzip.compress(body), {
        "Content-Type": kind, "Content-Encoding": "gzip"})  # fmt: skip

    assert (packed.status, packed.json["code"]) == (422, code)


def test_a_batch_has_a_deadline_of_its_own() -> None:
    documents = [{"id": i, "text": SLOW_TEXT} for i in range(9)]
    body = gzip.compress(encoded({"documents": documents, "evidence": "none"}))
    headers = {"Content-Type": JSON, "Content-Encoding": "gzip"}

    answer = service(text=60, batch=SHORT).ask("POST", "/v1/tag/batch", body, headers)

    results = answer.json["results"]
    assert answer.status == 200
    assert [result["id"] for result in results] == list(range(9))
    assert not is_cut(results[0])
    assert {result["error"]["code"] for result in results[1:]} == {"not_judged"}
    assert {result["error"]["status"] for result in results[1:]} == {503}


def test_a_stream_has_no_deadline_for_all_of_it() -> None:
    lines = b"\n".join(encoded({"text": SLOW_TEXT}) for _ in range(9))

    answer = service(text=60, batch=SHORT).post("/v1/tag/batch?evidence=none", lines, NDJSON)

    assert [is_cut(line) for line in answer.lines] == [False] * 9


def test_no_draft_waits_for_another_to_be_compiled() -> None:
    in_force = rules_in_force()
    drafts, waiting = Drafts(), threading.Event()
    other: list[CompiledRules] = []

    class InForce:
        """Rules in force that are slow to say what they are, to one who compiles beside them."""

        digest = "sha256:slow"

        @property
        def rule_set(self) -> object:
            """Let another draft be compiled meanwhile."""
            quick = threading.Thread(
                target=lambda: other.append(drafts.compiled("categories: {b: [y]}", in_force)),
                daemon=True,
            )
            quick.start()
            quick.join(10)
            waiting.set()
            return in_force.rule_set

    drafts.compiled("categories: {a: [x]}", InForce())  # type: ignore[arg-type]

    assert waiting.is_set()
    assert [rules.categories[0].id for rules in other] == ["b"]
