"""Every example in `docs/api.md` is real: its commands are run on the rules it shows."""

import json
import re
import shlex
from pathlib import Path
from typing import Any, Final, NamedTuple

import pytest

from contract.documented import Service
from contract.rules import store_with
from contract.service import JSON, InProcess
from ruletag.http.app import create_app

API_MD: Final = (Path(__file__).parents[2] / "docs" / "api.md").read_text(encoding="utf-8")
BLOCKS: Final = re.findall(r"^```(\w+)\n(.*?)^```$", API_MD, re.DOTALL | re.MULTILINE)
DIGEST: Final = re.compile(r"sha256:[0-9a-f]{64}")


class Command(NamedTuple):
    """A curl command, and the answer shown for it."""

    target: str
    headers: dict[str, str]
    body: bytes | None
    kind: str
    shown: str


def command(written: str, kind: str, shown: str) -> Command:
    words = iter(shlex.split(written)[2:])
    target, headers, body = "", {}, None
    for word in words:
        if word == "-H":
            name, _, value = next(words).partition(": ")
            headers[name] = value
        elif word == "--data-binary":
            body = next(words).encode()
        else:
            assert word.startswith("localhost:8080/"), word
            target = word.removeprefix("localhost:8080")
    return Command(target, headers, body, kind, shown)


COMMANDS: Final = [
    command(block, *BLOCKS[i + 1])
    for i, (language, block) in enumerate(BLOCKS)
    if language == "console"
]


@pytest.fixture(scope="module")
def documented() -> Service:
    rules = next(block for language, block in BLOCKS if language == "yaml")
    return Service(InProcess(create_app(store_with({"goods.yaml": rules}))))


def values(kind: str, text: str) -> list[Any]:
    shortened = DIGEST.sub("sha256:…", text)
    return [
        json.loads(part) for part in ([shortened] if kind == "json" else shortened.splitlines())
    ]


@pytest.mark.parametrize("example", COMMANDS, ids=lambda example: example.target)
def test_the_answers_shown_are_real(documented: Service, example: Command) -> None:
    method = "GET" if example.body is None else "POST"

    answer = documented.ask(method, example.target, example.body or b"", example.headers)

    assert values(example.kind, answer.body.decode()) == values(example.kind, example.shown)


def test_every_block_is_run() -> None:
    answers = [language for language, _ in BLOCKS if language in {"json", "ndjson"}]

    assert len(answers) == len(COMMANDS) > 4
    assert {language for language, _ in BLOCKS} == {"yaml", "console", "json", "ndjson"}


def test_the_positions_shown_are_real(documented: Service) -> None:
    rows = re.findall(r"^\| `(\w+)` \| (\d+) \| (\d+) \| ", API_MD, re.MULTILINE)

    assert len(rows) == 3
    for unit, start, end in rows:
        sent = json.dumps({"text": "😀 copper", "offsets": unit}).encode()
        answer = documented.post("/v1/tag", sent, JSON).json
        (piece,) = answer["categories"][0]["evidence"]
        assert (piece["start"], piece["end"]) == (int(start), int(end))


def test_the_options_are_those_of_a_request(documented: Service) -> None:
    table = API_MD.partition("| option |")[2].partition("\n\n")[0]
    named = re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)

    properties = documented.document["components"]["schemas"]["TagRequest"]["properties"]
    assert set(named) == set(properties)
