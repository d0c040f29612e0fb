"""Whatever is sent, the answer is a documented one, and never a fault of ours."""

import json
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import quote_from_bytes

from hypothesis import given, settings
from hypothesis import strategies as st

from contract.documented import Service
from contract.service import JSON, NDJSON, PLAIN, Answer, Body

# Any characters, and halves of surrogate pairs, which are hardly ever drawn among them.
strings = st.text(max_size=8) | st.text(st.sampled_from("\ud800\udbff\udc00a"), max_size=3)
numbers = (
    st.integers()
    | st.integers(-(10**320), 10**320)
    | st.floats(allow_nan=False, allow_infinity=False)
)
anything = st.recursive(
    st.none() | st.booleans() | numbers | strings,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(strings, inner, max_size=4),
    max_leaves=12,
)
words = st.sampled_from(
    ["copper", "oil", "smuggled", "밀수", "😀", "\r\n", "\0", "\u0301", " ", "."]
)
texts = st.lists(words | strings, max_size=8).map("".join)
options: Final = {
    "categories": st.lists(st.sampled_from(["smuggling", "commodities.*", "x"]), max_size=3),
    "offsets": st.sampled_from(["codepoint", "utf16", "utf8", "utf32"]),
    "evidence": st.sampled_from(["all", "first", "none", ""]),
    "if_rules": st.none() | strings,
    "id": st.none() | strings | st.integers(),
    "title": texts,
}
# Requests that are right but for what hypothesis makes of single members.
nearly = st.fixed_dictionaries(
    {"text": texts}, optional={name: value | anything for name, value in options.items()}
) | st.dictionaries(st.sampled_from(["text", *options]) | strings, anything | texts, max_size=5)

bodies = (
    st.binary(max_size=200)
    | anything.map(lambda value: json.dumps(value).encode())
    | nearly.map(lambda value: json.dumps(value).encode())
    | st.lists(nearly, max_size=4).map(lambda many: json.dumps({"documents": many}).encode())
    | texts.map(lambda text: text.encode("utf-8", "surrogatepass"))
)
content_types = st.sampled_from([JSON, NDJSON, PLAIN, "", "text/plain; charset=latin-1", "x/y"])
targets = st.sampled_from(["/v1/tag", "/v1/tag/batch"])
header_values = st.text(st.characters(max_codepoint=255, exclude_categories=["Cc"]), max_size=20)


def well_answered(answer: Answer) -> None:
    assert 200 <= answer.status < 500, answer


@given(target=targets, body=bodies, content_type=content_types)
def test_any_body(flask_service: Service, target: str, body: bytes, content_type: str) -> None:
    well_answered(flask_service.post(target, body, content_type))


@given(value=anything | nearly, target=targets)
def test_any_json(flask_service: Service, value: object, target: str) -> None:
    well_answered(flask_service.post(target, json.dumps(value).encode(), JSON))


@settings(max_examples=40)
@given(target=targets, body=bodies, content_type=content_types)
def test_any_body_over_the_network(
    service: Service, target: str, body: bytes, content_type: str
) -> None:
    well_answered(service.post(target, body, content_type))


@given(
    query=st.binary(max_size=30).map(quote_from_bytes)
    | st.dictionaries(st.sampled_from([*options, "verbose"]), st.binary(max_size=8)).map(
        lambda pairs: "&".join(f"{name}={quote_from_bytes(v)}" for name, v in pairs.items())
    ),
    target=st.sampled_from(["/v1/tag", "/v1/tag/batch", "/v1/rules", "/readyz"]),
)
def test_any_query(flask_service: Service, query: str, target: str) -> None:
    content_type = NDJSON if target.endswith("batch") else PLAIN
    method = "POST" if "tag" in target else "GET"

    well_answered(
        flask_service.ask(method, f"{target}?{query}", b"", {"Content-Type": content_type})
    )


@given(path=st.binary(max_size=20).map(quote_from_bytes))
def test_any_path(flask_service: Service, path: str) -> None:
    well_answered(flask_service.ask("GET", f"/{path}"))


@given(
    headers=st.dictionaries(
        st.sampled_from(
            ["Accept", "Content-Type", "If-None-Match", "X-Request-ID", "Host", "Content-Encoding",
             "Traceparent", "X-Forwarded-For", "Cookie", "Range", "Origin"]
        ),
        header_values,
    )
)  # fmt: skip
def test_any_headers(flask_service: Service, headers: dict[str, str]) -> None:
    # A host that is no host is refused before any route is looked at.
    allowed = {200, 304, 400, 406}

    for answer in (
        flask_service.client.ask("GET", "/v1/rules", headers=headers),
        flask_service.client.ask("POST", "/v1/tag", b"oil", {"Content-Type": PLAIN} | headers),
    ):
        assert answer.status in allowed | {415}, answer


@given(
    lines=st.lists(nearly | anything | st.none(), max_size=6), end=st.sampled_from(["\n", "\r\n"])
)
def test_a_line_an_answer(flask_service: Service, lines: list[Any], end: str) -> None:
    body = end.join(json.dumps(line) for line in lines).encode()

    answers = flask_service.post("/v1/tag/batch", body, NDJSON).lines

    assert len(answers) == len(lines)
    for line, answer in zip(lines, answers, strict=True):
        if "error" not in answer:
            assert answer["id"] == line.get("id")


@given(documents=st.lists(nearly | anything, max_size=5))
def test_a_batch_is_its_lines(flask_service: Service, documents: list[Any]) -> None:
    whole = flask_service.post(
        "/v1/tag/batch", json.dumps({"documents": documents}).encode(), JSON
    ).json["results"]
    lines = b"\n".join(json.dumps(document).encode() for document in documents)

    assert whole == flask_service.post("/v1/tag/batch", lines, NDJSON).lines


@given(request=nearly)
def test_what_the_schema_allows_is_taken_and_nothing_else(
    flask_service: Service, request: dict[str, object]
) -> None:
    taken = flask_service.post("/v1/tag", json.dumps(request).encode(), JSON)

    described = flask_service.document["paths"]["/v1/tag"]["post"]["requestBody"]["content"]
    fits = flask_service.conforms(request, described[JSON]["schema"])
    if taken.status in {200, 409}:
        assert fits
    else:
        details = json.dumps(taken.json["errors"])
        assert not fits or any(
            reason in details for reason in ("surrogate", "there is no category")
        )


UNITS: Final[dict[str, Callable[[str], tuple[bytes, int]]]] = {
    "codepoint": lambda text: (text.encode("utf-32-le"), 4),
    "utf16": lambda text: (text.encode("utf-16-le"), 2),
    "utf8": lambda text: (text.encode(), 1),
}


@given(
    text=st.lists(words | st.text(max_size=4), max_size=20).map("".join),
    unit=st.sampled_from(sorted(UNITS)),
)
def test_positions_in_any_text(flask_service: Service, text: str, unit: str) -> None:
    sent: Body = json.dumps({"text": text, "offsets": unit}).encode()

    categories = flask_service.post("/v1/tag", sent, JSON).json["categories"]

    encoded, width = UNITS[unit](text)
    for piece in [piece for found in categories for piece in found.get("evidence", ())]:
        cut = encoded[piece["start"] * width : piece["end"] * width]
        assert cut == UNITS[unit](piece["text"])[0]
