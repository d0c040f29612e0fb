"""`ruletag explain`: the report, its places, JSON, and the exit code."""

import json
from pathlib import Path
from typing import Final

import pytest
from click.testing import CliRunner, Result

from ruletag.cli.explain import explain

TEXT: Final = "They came.\n\nA man smuggled copper; another moved zinc."
REPORT: Final = """\
smuggling: tagged, score 1 (1 is needed)

  smuggle~ +1  rules/trade.yaml:8
    `smuggled` at 3:7 adds 1
      3:7  They came. A man [[smuggled]] copper; another moved zinc.

  move~ ... $metals  rules/trade.yaml:10
    `$metals` at 9:9
"""


def run(*arguments: str, text: str = TEXT, colour: bool = False) -> Result:
    variables = {"FORCE_COLOR": "1"} if colour else {}
    return CliRunner().invoke(explain, arguments, input=text, env=variables, color=colour)


def test_begins_with_the_verdict_and_quotes_places(rules: Path) -> None:
    result = run("smuggling")

    assert result.exit_code == 0, rules
    assert result.output.startswith(REPORT.partition("\n  move~")[0])
    assert "move~ ... $metals  rules/trade.yaml:10" in result.output
    assert "and 1 entry more of which nothing stands in the text" in result.output


@pytest.mark.usefixtures("rules")
def test_names_lines_and_columns() -> None:
    result = run("party", text="one\r\ntwo the wpk")

    assert (
        "    seen in other case: `wpk` at 2:9; its case must be exactly as written" in result.output
    )
    assert "      2:9  one two the [[wpk]]\n" in result.output


@pytest.mark.usefixtures("rules")
def test_a_title_is_quoted_as_such() -> None:
    result = run("goods.metals", "-", "--title", "A copper pipe")

    assert "      title:3  A [[copper]] pipe\n" in result.output


@pytest.mark.usefixtures("rules")
@pytest.mark.parametrize(
    ("selection", "ids"),
    [
        ("party", ["party"]),
        ("party,smuggling", ["party", "smuggling"]),
        ("goods.*", ["goods", "goods.metals"]),
        (" party , goods.metals ", ["goods.metals", "party"]),
    ],
    ids=["one", "two", "pattern", "spaces"],
)
def test_selects_categories(selection: str, ids: list[str]) -> None:
    answer = json.loads(run(selection, "--json").output)

    assert [category["category"] for category in answer["categories"]] == ids


@pytest.mark.usefixtures("rules")
def test_json_holds_reasons_and_places() -> None:
    answer = json.loads(run("goods.metals", "--json").output)

    entries = answer["categories"][0]["entries"]
    assert answer["rules"].startswith("sha256:")
    assert entries[0]["reasons"][0] == {
        "code": "counted",
        "detail": "`copper` at 3:16 adds 1",
        "places": [{"start": 27, "end": 33, "text": "copper"}],
    }


@pytest.mark.usefixtures("rules")
def test_colour() -> None:
    result = run("goods.metals", colour=True)

    assert result.output.startswith("\x1b[1;32mgoods.metals: tagged")
    assert "\x1b[1;36mcopper\x1b[0m" in result.output


@pytest.mark.usefixtures("rules")
def test_a_text_cannot_steer_the_terminal() -> None:
    result = run("goods.metals", text="\x1b[2J copper \x07")

    assert "\x1b" not in result.output
    assert "\x07" not in result.output


@pytest.mark.usefixtures("rules")
def test_an_empty_text() -> None:
    result = run("smuggling", text="")

    assert result.exit_code == 0
    assert result.output == (
        "smuggling: not tagged, nothing counts (score 0 of 1)\n"
        "\n3 entries of which nothing stands in the text\n"
    )


# name, arguments, what is said
REFUSED: Final = [
    ("an unknown category", ["smugling"], "did you mean `smuggling`?"),
    ("a list", ["party,$metals"], "`ruletag expand '$metals'` lists the words of a list"),
    ("no category", [","], "CATEGORY is empty"),
    ("a missing file", ["party", "missing.txt"], "missing.txt: no such file"),
    ("many documents", ["party", "corpus.jsonl"], "corpus.jsonl holds many documents"),
    ("a folder", ["party", "rules"], "rules: this is a folder"),
]


@pytest.mark.usefixtures("rules")
@pytest.mark.parametrize(
    ("arguments", "said"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED]
)
def test_refuses(arguments: list[str], said: str) -> None:
    result = run(*arguments)

    assert result.exit_code == 2
    assert said in result.output


@pytest.mark.usefixtures("rules")
def test_bytes_that_are_not_utf8_are_refused(home: Path) -> None:
    (home / "a.txt").write_bytes(b"copper \xff")

    result = run("party", "a.txt")

    assert result.exit_code == 2
    assert "not UTF-8: byte 7" in result.output
