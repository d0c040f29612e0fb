"""Every documented request is answered as `docs/api.md` and the OpenAPI document say."""

import json
from collections.abc import Iterator, Sequence
from typing import Any, Final

import pytest

from contract.documented import REQUEST_ID, Service
from contract.rules import RULES, store_with
from contract.service import JSON, NDJSON, PLAIN, InProcess, Server
from ruletag.http.app import create_app
from ruletag.problems import Location, Problem

Tagged = dict[str, Any]
TEXT: Final = "They smuggled copper at night.\nHe was stripped of his membership."
HANGUL: Final = "\u1106\u1175\u11af\u1109\u116e"  # 밀수, decomposed

# name, text, how many pieces of evidence are in it
TRICKY: Final = [
    ("plain letters", "copper, oil and a smuggler", 3),
    ("an emoji before", "😀 copper", 1),
    ("a family of emoji", "👩\u200d👩\u200d👧\u200d👦 copper 👩🏽\u200d🚀 oil", 2),
    ("decomposed Hangul", f"그는 {HANGUL}를 했다. copper", 2),
    ("CR LF", "copper\r\noil\r\n\r\n😀 smuggled\r\n", 3),
    ("combining marks", "e\u0301e\u0301 copper o\u0308 nickel", 2),
    ("letters that grow when folded", "İ ı ß ﬁ ẞ copper ŉ oil", 2),
    ("right to left", "שלום copper مرحبا oil", 2),
    ("beyond the basic plane", "𠮷𠮷 oil 𠮷 copper", 2),
    ("a soft hyphen and a zero width space", "cop\u00adper 😀 smug\u200bgled", 2),
    ("broken at a line end", "😀 smug-\r\ngling", 1),
    ("full width", "😀 ｃｏｐｐｅｒ", 1),
    ("NUL and other controls", "\0 copper \x01\x7f\x85 oil", 2),
    ("a gap", "😀 They stripped 𠮷 him of membership.", 1),
    ("a byte order mark", "\ufeffcopper", 1),
    ("line separators", "copper\u2028😀 oil\u2029nickel\x0bprice", 4),
    ("nothing", "", 0),
]
ENCODINGS: Final = {"codepoint": ("utf-32-le", 4), "utf16": ("utf-16-le", 2), "utf8": ("utf-8", 1)}


def tag(service: Service, text: str, **options: object) -> Tagged:
    answer = service.post("/v1/tag", json.dumps({"text": text, **options}).encode(), JSON)
    assert answer.status == 200, answer
    found: Tagged = answer.json
    return found


def evidence(answer: Tagged) -> list[Tagged]:
    return [piece for category in answer["categories"] for piece in category.get("evidence", ())]


def ids(answer: Tagged) -> list[str]:
    return [category["category"] for category in answer["categories"]]


def cut(text: str, span: Sequence[int], unit: str) -> str:
    start, end = span
    encoding, width = ENCODINGS[unit]
    return text.encode(encoding)[start * width : end * width].decode(encoding)


def span(piece: Tagged) -> tuple[int, int]:
    return piece["start"], piece["end"]


# ------------------------------------------------------------------ POST /v1/tag


def test_the_whole_answer(service: Service) -> None:
    answer = service.post("/v1/tag", b'{"text": "Nickel ore.", "id": "a-17"}', JSON)

    digest = answer.headers["ruleset"]
    assert answer.json == {
        "id": "a-17",
        "rules": digest,
        "offsets": "codepoint",
        "complete": True,
        "truncated": [],
        "categories": [
            {
                "category": "commodities.metals",
                "score": 1,
                "threshold": 1,
                "evidence": [
                    {
                        "start": 0,
                        "end": 6,
                        "text": "Nickel",
                        "keyword": "nickel",
                        "entry": "match[1]",
                        "source": "goods.yaml:2:39",
                        "sentence": [0, 11],
                        "contexts": [],
                        "counts": True,
                        "ids": ["HS-75"],
                    }
                ],
            },
            {"category": "commodities", "implied_by": ["commodities.metals"]},
        ],
        "drafts": [],
    }


def test_the_source_leads_to_the_keyword(service: Service) -> None:
    for piece in evidence(tag(service, TEXT)):
        file, line, column = piece["source"].split(":")
        assert (
            RULES[file].splitlines()[int(line) - 1][int(column) - 1 :].startswith(piece["keyword"])
        )


def test_the_label_and_the_severity_stand_in_the_answer(service: Service) -> None:
    found = tag(service, "a smuggler")["categories"][0]

    assert (found["category"], found["label"], found["severity"]) == (
        "smuggling",
        "Smuggling",
        "high",
    )


def test_categories_come_by_score_and_then_by_id(service: Service) -> None:
    answer = tag(service, "A smuggler of oil and copper went through customs. The price?")

    assert ids(answer) == [
        "smuggling",
        "commodities.fuel",
        "commodities.metals",
        "economy",
        "commodities",
    ]
    assert [c.get("score") for c in answer["categories"]] == [1.5, 1, 1, 1, None]


def test_evidence_comes_by_start(service: Service) -> None:
    starts = [piece["start"] for piece in evidence(tag(service, "oil, oil, oil"))]

    assert starts == [0, 5, 10]


def test_below_the_threshold_nothing_is_tagged(service: Service) -> None:
    assert ids(tag(service, "at night")) == []
    assert ids(tag(service, "customs at night")) == ["smuggling"]


def test_a_raw_text_gets_the_same_answer_as_json(service: Service) -> None:
    target = "/v1/tag?id=a-17&title=Oil%20%F0%9F%98%80&offsets=utf16&evidence=first&categories="
    target += "smuggling,commodities.*"
    sent = {
        "text": TEXT,
        "id": "a-17",
        "title": "Oil 😀",
        "offsets": "utf16",
        "evidence": "first",
        "categories": ["smuggling", "commodities.*"],
    }

    raw = service.post(target, TEXT.encode(), PLAIN)
    from_json = service.post("/v1/tag", json.dumps(sent).encode(), JSON)

    assert (raw.status, raw.body) == (200, from_json.body)


@pytest.mark.parametrize(
    "query",
    ["categories=smuggling,economy", "categories=smuggling&categories=economy"],
)
def test_categories_in_a_query(service: Service, query: str) -> None:
    answer = service.post(f"/v1/tag?{query}", b"a smuggler, the price of oil", PLAIN)

    assert ids(answer.json) == ["economy", "smuggling"]


def test_an_empty_text_has_no_categories(service: Service) -> None:
    assert tag(service, "")["categories"] == []
    assert service.post("/v1/tag", b"", PLAIN).json["categories"] == []


def test_the_same_text_gets_the_same_bytes(service: Service) -> None:
    first = {service.post("/v1/tag", TEXT.encode(), PLAIN).body for _ in range(5)}
    turned = service.post("/v1/tag", json.dumps({"id": None, "text": TEXT}).encode(), JSON).body

    assert first == {turned}


def test_all_servers_give_the_same_bytes(flask_service: Service, server: Server) -> None:
    over_network = server.client

    for _, text, _ in TRICKY:
        here = flask_service.post("/v1/tag", text.encode(), PLAIN)
        there = over_network.ask("POST", "/v1/tag", text.encode(), {"Content-Type": PLAIN})
        assert here.body == there.body


@pytest.mark.parametrize("id_", [None, "", "a", "😀", "\0\n", 0, -1, 2**53 + 1, 2**64, -(2**70)])
def test_the_id_comes_back_as_it_was(service: Service, id_: object) -> None:
    assert tag(service, "oil", id=id_)["id"] == id_


# ----------------------------------------------------------------------- offsets


@pytest.mark.parametrize("unit", ENCODINGS)
@pytest.mark.parametrize(("text", "count"), [pytest.param(t, n, id=name) for name, t, n in TRICKY])
def test_positions_cut_the_evidence_out_of_the_text(
    service: Service, text: str, count: int, unit: str
) -> None:
    answer = tag(service, text, offsets=unit)

    assert answer["offsets"] == unit
    found = evidence(answer)
    assert len(found) == count
    for piece in found:
        assert cut(text, span(piece), unit) == piece["text"]
        assert piece["text"] in cut(text, piece["sentence"], unit)


@pytest.mark.parametrize("unit", ENCODINGS)
def test_positions_of_parts(service: Service, unit: str) -> None:
    text = "😀 He was 𠮷 stripped 😀 of his membership."

    (piece,) = evidence(tag(service, text, offsets=unit))

    assert [part["text"] for part in piece["parts"]] == ["stripped", "membership"]
    for part in piece["parts"]:
        assert cut(text, span(part), unit) == part["text"]
    assert span(piece) == (piece["parts"][0]["start"], piece["parts"][1]["end"])


@pytest.mark.parametrize("unit", ENCODINGS)
def test_positions_in_the_title_count_from_the_title(service: Service, unit: str) -> None:
    title, text = "😀 A smuggler", "😀😀 another smuggler"

    first, second = evidence(tag(service, text, title=title, offsets=unit))

    assert (first["in"], "in" in second) == ("title", False)
    assert cut(title, span(first), unit) == "smuggler"
    assert cut(title, first["sentence"], unit) == title
    assert cut(text, span(second), unit) == "smuggler"
    assert cut(text, second["sentence"], unit) == text


def test_a_title_is_a_paragraph_of_its_own(service: Service) -> None:
    assert ids(tag(service, "of his membership", title="stripped")) == []
    assert ids(tag(service, "at night", title="customs")) == ["smuggling"]


# ---------------------------------------------------------------------- evidence


def test_all_evidence_unless_told_otherwise(service: Service) -> None:
    assert tag(service, "oil, oil") == tag(service, "oil, oil", evidence="all")
    assert len(evidence(tag(service, "oil, oil"))) == 2


def test_only_the_first_evidence(service: Service) -> None:
    answer = tag(service, "copper, oil, oil, copper", evidence="first")

    assert [(piece["text"], piece["start"]) for piece in evidence(answer)] == [
        ("oil", 8),
        ("copper", 0),
    ]


def test_no_evidence(service: Service) -> None:
    answer = tag(service, "oil and oil", evidence="none")

    assert ids(answer) == ["commodities.fuel", "commodities"]
    assert not any("evidence" in category for category in answer["categories"])


# -------------------------------------------------------------------- categories


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        (["smuggling"], ["smuggling"]),
        (["economy", "smuggling"], ["economy", "smuggling"]),
        (["smuggling", "smuggling"], ["smuggling"]),
        (["commodities.*"], ["commodities.fuel", "commodities.metals", "commodities"]),
        (["commodities.metals"], ["commodities.metals"]),
        (["commodities"], ["commodities"]),
        (["smuggling.*"], ["smuggling"]),
        (["party_discipline"], []),
    ],
)
def test_a_choice_of_categories(service: Service, chosen: list[str], expected: list[str]) -> None:
    text = "A smuggler sold copper and oil at this price."

    answer = tag(service, text, categories=chosen)

    everything = tag(service, text)["categories"]
    assert ids(answer) == expected
    # A choice leaves out; it changes nothing.
    assert [c for c in everything if c["category"] in expected] == answer["categories"]


# ------------------------------------------------------------ the rules asked for


def test_the_rules_asked_for_are_in_force(service: Service) -> None:
    digest = tag(service, "oil")["rules"]

    assert ids(tag(service, "oil", if_rules=digest)) == ["commodities.fuel", "commodities"]
    assert service.post(f"/v1/tag?if_rules={digest}", b"oil", PLAIN).status == 200
    assert service.post(f"/v1/tag/batch?if_rules={digest}", b'{"text":""}', NDJSON).status == 200


@pytest.mark.parametrize(
    ("target", "body", "content_type"),
    [
        ("/v1/tag", b'{"text": "oil", "if_rules": "sha256:0"}', JSON),
        ("/v1/tag?if_rules=sha256:0", b"oil", PLAIN),
        ("/v1/tag/batch", b'{"documents": [], "if_rules": "sha256:0"}', JSON),
        ("/v1/tag/batch?if_rules=sha256:0", b'{"text": "oil"}', NDJSON),
        ("/v1/tag", b'{"text": "oil", "if_rules": ""}', JSON),
    ],
)
def test_other_rules_are_in_force(
    service: Service, target: str, body: bytes, content_type: str
) -> None:
    digest = tag(service, "oil")["rules"]

    answer = service.post(target, body, content_type)

    assert (answer.status, answer.json["code"]) == (409, "other_rules")
    assert answer.headers["ruleset"] == digest
    assert digest in answer.json["detail"]


# ------------------------------------------------------------------------- batch


def batch(service: Service, documents: Sequence[object], **options: object) -> list[Tagged]:
    body = json.dumps({"documents": documents, **options}).encode()
    answer = service.post("/v1/tag/batch", body, JSON)
    assert answer.status == 200, answer
    results: list[Tagged] = answer.json["results"]
    return results


def stream(service: Service, body: bytes, query: str = "") -> list[Tagged]:
    answer = service.post(f"/v1/tag/batch{query}", body, NDJSON)
    assert (answer.status, answer.media_type) == (200, NDJSON)
    return answer.lines


def test_a_batch_gives_what_single_requests_give(service: Service) -> None:
    documents = [{"text": text, "id": name} for name, text, _ in TRICKY]
    single = [tag(service, offsets="utf16", **document) for document in documents]

    assert batch(service, documents, offsets="utf16") == single
    lines = b"".join(json.dumps(document).encode() + b"\n" for document in documents)
    assert stream(service, lines, "?offsets=utf16") == single


def test_a_batch_keeps_the_order(service: Service) -> None:
    documents = [{"text": "oil" if i % 3 else "copper", "id": i} for i in range(1000)]
    lines = "".join(json.dumps(document) + "\n" for document in documents).encode()

    assert [result["id"] for result in batch(service, documents)] == list(range(1000))
    assert [result["id"] for result in stream(service, lines)] == list(range(1000))


BAD: Final[list[tuple[str, object, int, list[str] | None]]] = [
    ("null", None, 422, [""]),
    ("a string", "oil", 422, [""]),
    ("a list", [], 422, [""]),
    ("no text", {"id": "b"}, 422, ["/text"]),
    ("a text that is a number", {"id": "b", "text": 5}, 422, ["/text"]),
    ("an unknown member", {"id": "b", "text": "", "txet": 1}, 422, ["/txet"]),
    ("an option of the batch", {"id": "b", "text": "", "offsets": "utf8"}, 422, ["/offsets"]),
    ("half a surrogate pair", {"id": "b", "text": "\ud800"}, 422, ["/text"]),
    ("half a surrogate pair in the id", {"id": "\udfff", "text": ""}, 422, ["/id"]),
    ("half a surrogate pair as a member", {"id": "b", "text": "", "\ud800": 1}, 422, None),
    ("several faults", {"id": True, "title": 1}, 422, ["/text", "/id", "/title"]),
    ("a text that is too long", {"id": "b", "text": "a" * 1_000_001}, 413, []),
]


@pytest.mark.parametrize(
    ("bad", "status", "pointers"), [pytest.param(*row, id=name) for name, *row in BAD]
)
def test_a_bad_document_has_its_error_in_its_place(
    service: Service,
    bad: object,
    status: int,
    pointers: list[str] | None,
) -> None:
    documents: list[object] = [{"text": "oil", "id": "a"}, bad, {"text": "oil", "id": "c"}]
    lines = b"\n".join(json.dumps(document).encode() for document in documents)

    for results in (batch(service, documents), stream(service, lines)):
        assert [result["id"] for result in results[::2]] == ["a", "c"]
        error = results[1]["error"]
        given = bad.get("id") if isinstance(bad, dict) else None
        assert results[1]["id"] == (given if given == "b" else None)
        assert (error["status"], error["instance"]) == (status, "/v1/tag/batch")
        if pointers is not None:
            assert [fault["pointer"] for fault in error["errors"]] == pointers


def test_an_empty_batch_has_an_empty_answer(service: Service) -> None:
    assert batch(service, []) == []
    assert stream(service, b"") == []


LINES: Final = [
    ("no last newline", b'{"text":"oil","id":1}\n{"text":"oil","id":2}', [1, 2]),
    ("CR LF", b'{"text":"oil","id":1}\r\n{"text":"oil","id":2}\r\n', [1, 2]),
    ("blank lines", b'\n\r\n{"text":"oil","id":1}\n  \n\t\n\n{"text":"oil","id":2}\n\n\n', [1, 2]),
    ("only blank lines", b"\n\r\n \n", []),
    ("spaces around", b'  {"text":"oil","id":1}  \n', [1]),
    ("a line that is not JSON", b'{"text":"oil","id":1}\n{oops\n{"text":"","id":3}', [1, None, 3]),
    ("a line that is not UTF-8", b'{"text":"\xff","id":1}\n{"text":"","id":2}', [None, 2]),
    ("a line with NUL", b'\0\n{"text":"","id":2}', [None, 2]),
    ("two values on a line", b'{"text":"","id":1}{"text":"","id":2}\n', [None]),
    ("a member twice", b'{"text":"","text":""}\n{"text":"","id":2}', [None, 2]),
    ("too deep", b"[" * 100_000 + b'\n{"text":"","id":2}', [None, 2]),
    ("NaN", b'{"text":"","id":NaN}\n{"text":"","id":2}', [None, 2]),
    ("a line separator is no line end", '{"text":"a\u2028b\x85c","id":1}\n'.encode(), [1]),
    ("an array over several lines", b'[\n{"text":"oil"}\n]', [None, None, None]),
]


@pytest.mark.parametrize(
    ("body", "expected"), [pytest.param(*row, id=name) for name, *row in LINES]
)
def test_lines(service: Service, body: bytes, expected: list[object]) -> None:
    if expected == [None, None, None]:
        assert [("error" in line) for line in stream(service, body)] == [True, False, True]
        return
    assert [line["id"] for line in stream(service, body)] == expected
    assert [("error" in line) for line in stream(service, body)] == [i is None for i in expected]


def test_a_stream_may_come_in_pieces_of_any_size(service: Service) -> None:
    body = b'{"text":"oil \xf0\x9f\x98\x80","id":1}\r\n\n{"text":"copper","id":2}'
    for size in (1, 2, 7, 1000):
        pieces = [body[i : i + size] for i in range(0, len(body), size)]
        answer = service.post("/v1/tag/batch", pieces, NDJSON)
        assert [line["id"] for line in answer.lines] == [1, 2]


def test_options_hold_for_the_whole_batch(service: Service) -> None:
    for results in (
        batch(service, [{"text": "oil, copper"}], categories=["commodities.*"], evidence="none"),
        stream(service, b'{"text":"oil, copper"}', "?categories=commodities.*&evidence=none"),
    ):
        assert ids(results[0]) == ["commodities.fuel", "commodities.metals", "commodities"]
        assert evidence(results[0]) == []


# ------------------------------------------------------------------- draft rules


def test_draft_rules_are_judged_instead(service: Service) -> None:
    draft = "categories: {mine: [oil], drafted: {status: draft, match: [oil]}}"

    answer = tag(service, "oil", rules=draft)

    assert ids(answer) == ["mine"]
    assert [category["category"] for category in answer["drafts"]] == ["drafted"]
    assert answer["categories"][0]["evidence"][0]["source"] == "draft.yaml:1:21"
    assert answer["rules"] != tag(service, "oil")["rules"]


def test_categories_are_chosen_from_the_draft(service: Service) -> None:
    draft = "categories: {mine: [oil], other: [oil]}"

    assert ids(tag(service, "oil", rules=draft, categories=["other"])) == ["other"]


def test_bad_draft_rules_are_refused_with_every_problem(service: Service) -> None:
    body = {"text": "oil", "rules": "categories: {a: [sm*], b: {mach: [x]}}"}

    answer = service.post("/v1/tag", json.dumps(body).encode(), JSON)

    assert (answer.status, answer.json["code"]) == (422, "invalid_rules")
    assert [(fault["pointer"], fault["detail"][:22]) for fault in answer.json["errors"]] == [
        ("/rules", "draft.yaml:1:18: E304 "),
        ("/rules", "draft.yaml:1:28: E201 "),
    ]


def test_draft_rules_can_be_turned_off() -> None:
    service = Service(InProcess(create_app(store_with(RULES), takes_drafts=False)))
    body = b'{"text": "oil", "rules": "categories: {mine: [oil]}"}'

    answer = service.post("/v1/tag", body, JSON)

    assert (answer.status, answer.json["code"]) == (422, "invalid_request")
    assert "RULETAG_DRAFTS" in answer.json["detail"]


# ---------------------------------------------------------------- rules in force


def test_the_rules_in_force_are_described(service: Service) -> None:
    answer = service.ask("GET", "/v1/rules").json

    assert [file["name"] for file in answer["files"]] == sorted(RULES)
    assert answer["counts"]["files"] == len(RULES)
    assert answer["counts"]["categories"] == len(answer["categories"]) == 5
    assert answer["categories"] == sorted(answer["categories"])
    assert (answer["generation"], answer["refused"]) == (1, None)
    assert answer["digest"] == tag(service, "")["rules"]


def test_the_categories_are_described(service: Service) -> None:
    answer = service.ask("GET", "/v1/categories").json

    by_id = {category["id"]: category for category in answer["categories"]}
    assert list(by_id) == sorted(by_id)
    assert by_id["smuggling"] == {
        "id": "smuggling",
        "threshold": 1,
        "entries": 5,
        "label": "Smuggling",
        "description": "Goods moved in secret.",
        "severity": "high",
    }


@pytest.mark.parametrize("target", ["/v1/rules", "/v1/categories"])
def test_the_digest_stands_in_the_headers(service: Service, target: str) -> None:
    digest = tag(service, "")["rules"]

    headers = service.ask("GET", target).headers

    assert (headers["ruleset"], headers["ruleset-generation"]) == (digest, "1")


IF_NONE_MATCH: Final = [
    ("the tag", "{0}", 304),
    ("the tag among others", '"x", {0}', 304),
    ("the tag without a space", '"x",{0},"y"', 304),
    ("the tag made weak by a proxy", "W/{0}", 304),
    ("any tag", "*", 304),
    ("another tag", '"x"', 200),
    ("the tag without quotes", "sha256:0", 200),
    ("nothing", "", 200),
]


@pytest.mark.parametrize(
    ("sent", "status"), [pytest.param(*row, id=name) for name, *row in IF_NONE_MATCH]
)
def test_if_none_match(service: Service, sent: str, status: int) -> None:
    tagged = service.ask("GET", "/v1/rules").headers["etag"]
    assert tagged.startswith('"sha256:')

    answer = service.ask("GET", "/v1/rules", headers={"If-None-Match": sent.format(tagged)})

    assert (answer.status, answer.headers["etag"].removeprefix("W/")) == (status, tagged)
    assert (answer.body == b"") == (status == 304)


def test_a_refused_edit_is_shown_and_changes_the_tag() -> None:
    store = store_with(RULES)
    service = Service(InProcess(create_app(store)))
    before = service.ask("GET", "/v1/rules").headers["etag"]

    # A file name that is not UTF-8 comes from the file system like this.
    store.refuse((Problem(Location("x\udcff.yaml", 1, 2), "E101", "no YAML"),))

    after = service.ask("GET", "/v1/rules", headers={"If-None-Match": before})
    assert after.status == 200
    assert after.json["refused"]["problems"][0]["code"] == "E101"
    assert tag(service, "oil")["rules"] == after.json["digest"]
    verbose = service.ask("GET", "/readyz?verbose")
    assert (verbose.status, verbose.json["status"]) == (200, "ready")
    assert [check["status"] for check in verbose.json["checks"]] == ["pass", "warn"]
    assert verbose.json["checks"][1]["problems"][0]["file"].startswith("x")


# ------------------------------------------------------------------------ health


def test_health(service: Service) -> None:
    assert service.ask("GET", "/livez").json == {"status": "alive"}
    assert service.ask("GET", "/readyz").json == {"status": "ready"}
    checks = service.ask("GET", "/readyz?verbose").json["checks"]
    assert [check["status"] for check in checks] == ["pass", "pass"]


def test_without_rules_it_is_alive_and_not_ready(service_without_rules: Service) -> None:
    assert service_without_rules.ask("GET", "/livez").status == 200
    assert service_without_rules.ask("GET", "/openapi.json").status == 200
    for target in ("/readyz", "/readyz?verbose"):
        answer = service_without_rules.ask("GET", target)
        assert (answer.status, answer.json["status"]) == (503, "not ready")
        assert int(answer.headers["retry-after"]) > 0
    checks = service_without_rules.ask("GET", "/readyz?verbose").json["checks"]
    assert checks[0]["status"] == "fail"


@pytest.mark.parametrize(
    ("method", "target", "content_type"),
    [
        ("POST", "/v1/tag", JSON),
        ("POST", "/v1/tag", PLAIN),
        ("POST", "/v1/tag/batch", JSON),
        ("POST", "/v1/tag/batch", NDJSON),
        ("GET", "/v1/rules", ""),
        ("GET", "/v1/categories", ""),
    ],
)
def test_without_rules_there_are_no_answers(
    service_without_rules: Service, method: str, target: str, content_type: str
) -> None:
    headers = {"Content-Type": content_type} if content_type else {}

    answer = service_without_rules.ask(method, target, headers=headers)

    assert (answer.status, answer.json["code"]) == (503, "not_ready")
    assert int(answer.headers["retry-after"]) > 0


# ----------------------------------------------------------------- every request


@pytest.mark.parametrize("id_", ["a", "A.b_c-9", "-", "0" * 64])
def test_a_request_id_is_kept(service: Service, id_: str) -> None:
    for target in ("/livez", "/nothing"):
        answer = service.ask("GET", target, headers={"X-Request-ID": id_})
        assert answer.headers["x-request-id"] == id_


@pytest.mark.parametrize(
    "id_", ["", "a" * 65, "a b", "a,b", "a/b", "<b>", "é", '"', "a\tb", "%0d%0a", "x" * 8000]
)
def test_a_request_id_that_may_do_harm_is_replaced(service: Service, id_: str) -> None:
    sent = {"X-Request-ID": id_}

    found = {service.ask("GET", "/livez", headers=sent).headers["x-request-id"] for _ in "ab"}

    assert len(found) == 2
    assert all(REQUEST_ID.fullmatch(new) and new != id_ for new in found)


def test_headers_of_an_answer(service: Service) -> None:
    headers = service.post("/v1/tag", b"oil", PLAIN).headers

    assert headers["cache-control"] == "no-store"
    assert headers["content-type"] == JSON
    assert headers["server-timing"].startswith("tag;dur=")
    assert float(headers["server-timing"].partition("=")[2]) >= 0
    assert "traceparent" not in headers


def readable(service: Service) -> Iterator[str]:
    for path, operations in service.document["paths"].items():
        if "get" in operations:
            yield path


def test_head_is_get_without_the_body(service: Service) -> None:
    for path in readable(service):
        get, head = service.ask("GET", path), service.ask("HEAD", path)
        assert (head.status, head.body) == (get.status, b"")
        assert head.headers["content-length"] == get.headers["content-length"]
        assert head.headers["content-type"] == get.headers["content-type"]


def test_options_names_the_methods(service: Service) -> None:
    for path, operations in service.document["paths"].items():
        answer = service.ask("OPTIONS", path)
        named = {method.strip().lower() for method in answer.headers["allow"].split(",")}
        assert answer.status in {200, 204}
        assert named - {"head", "options"} == set(operations)
