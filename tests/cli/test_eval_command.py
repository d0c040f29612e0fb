"""`ruletag eval`: tables, errors, comparison, JSON, and the exit code."""

import json
from pathlib import Path
from typing import Final

import pytest
from click.testing import CliRunner, Result

from cli.conftest import Terminal
from ruletag.cli.eval_ import eval_

SAMPLE: Final = Path(__file__).parent.parent / "data" / "gold_sample.jsonl"
ROOT: Final = Path(__file__).parent.parent.parent
DOCUMENTS: Final[list[dict[str, object]]] = [
    {"id": "one", "text": "They smuggled copper.", "labels": ["smuggling", "goods.metals"]},
    {"id": "two", "text": "A copper pipe.", "labels": []},
    {
        "id": "three",
        "text": "Long ago. They ran contraband.",
        "labels": ["smuggling"],
        "evidence": [{"category": "smuggling", "quote": "contraband"}],
    },
    {"id": "four", "text": "구리 밀수", "labels": ["smuggling"], "borderline": ["goods.metals"]},
]


def write(path: Path, documents: list[dict[str, object]]) -> Path:
    lines = (json.dumps(document, ensure_ascii=False) for document in documents)
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


@pytest.fixture
def gold(home: Path, rules: Path) -> str:
    assert rules.exists()
    return write(home / "gold.jsonl", DOCUMENTS).name


def run(*arguments: str, text: str | bytes = "") -> Result:
    return CliRunner().invoke(eval_, arguments, input=text)


def test_the_tables(gold: str) -> None:
    result = run(gold, "--errors", "0")

    assert result.exit_code == 0
    assert result.output.startswith("4 documents, 1 borderline pair\n\nwithout borderline pairs\n")
    rows = [line.split()[:7] for line in result.output.splitlines() if line.startswith("goods")]
    assert rows == [
        ["goods.metals", "1", "1", "0", "0.500", "1.000", "0.666"],
        ["goods.metals", "1", "2", "0", "0.333", "1.000", "0.500"],
    ]
    assert "evidence meets 0 of 1 quote: smuggling 0.000" in result.output
    assert "errors" not in result.output


def test_a_wrong_tag_is_shown_in_its_sentence(gold: str) -> None:
    result = run(gold)

    assert (
        "errors: wrong goods.metals\n"
        "  two, line 2\n"
        "    A [[copper]] pipe.\n"
        "    found by copper, rules/trade.yaml:2\n"
    ) in result.output
    assert "  four, line 4 (borderline)\n    [[구리]] 밀수\n" in result.output


def test_a_missing_tag_is_shown_with_its_quote_and_the_reason(gold: str) -> None:
    result = run(gold)

    assert (
        "errors: missing smuggling\n"
        "  three, line 3\n"
        "    They ran [[contraband]].\n"
        "    not tagged, nothing counts (score 0 of 1)\n"
    ) in result.output


def test_evidence_that_overlaps_is_marked_as_one(home: Path, gold: str) -> None:
    write(
        home / gold,
        [{"text": "Hm.\r\nMove the scrap metal.", "labels": [], "borderline": ["smuggling"]}],
    )

    result = run(gold)

    assert "\n    [[Move the scrap metal]].\n" in result.output


def test_so_many_errors_of_each_kind(gold: str) -> None:
    result = run(gold, "--errors", "1")

    assert "two, line 2" in result.output
    assert "four, line 4" not in result.output


def test_comparison(gold: str, home: Path, rules: Path) -> None:
    before = home / "before"
    before.mkdir()
    source = (rules / "trade.yaml").read_text(encoding="utf-8")
    (before / "trade.yaml").write_text(source.replace("      - 밀수\n", ""), encoding="utf-8")

    result = run(gold, "--compare", "before")

    assert "F1 against the rules in before" in result.output
    assert "1 pair better, 0 worse" in result.output
    assert "better: no longer so: missing smuggling\n  four, line 4\n" in result.output
    backwards = run(gold, "--rules", "before", "--compare", "rules")
    assert "0 pairs better, 1 worse" in backwards.output


def test_the_tables_fit_a_terminal(gold: str, terminal: Terminal) -> None:
    exit_code, shown = terminal("eval", gold, "--errors", "0", "--compare", "rules", NO_COLOR="1")

    assert exit_code == 0
    assert max(map(len, shown.splitlines())) <= 80


def test_json(gold: str) -> None:
    answer = json.loads(run(gold, "--format", "json", "--compare", "rules").stdout)

    smuggling = answer["without_borderline"]["categories"]["smuggling"]
    assert (smuggling["support"], smuggling["right"], smuggling["missing"]) == (3, 2, 1)
    assert answer["evidence"]["smuggling"] == {"quotes": 1, "found": 0}
    assert answer["compared"]["without_borderline"]["micro"] == {"value": 0.0, "interval": [0, 0]}
    assert {one["document"] for one in answer["errors"]} == {"two", "three", "four"}


def test_twice_is_the_same(gold: str) -> None:
    assert run(gold, "--format", "json").stdout == run(gold, "--format", "json").stdout


@pytest.mark.parametrize(
    ("least", "exit_code"), [("0.75", 0), ("0.9", 1)], ids=["reached", "not reached"]
)
def test_least(gold: str, least: str, exit_code: int) -> None:
    result = run(gold, "--min-f1", least, "--errors", "0")

    assert result.exit_code == exit_code
    said = "micro F1 is 0.750 without borderline pairs, below --min-f1 0.9"
    assert (said in result.output) is (exit_code == 1)


def test_a_category_can_be_named(gold: str) -> None:
    result = run(gold, "--category", "party")

    assert result.exit_code == 0
    assert "no label names party: each of its tags counts as wrong" in result.output
    assert "smuggling" not in result.output


def test_labels_that_the_rules_do_not_know(home: Path, gold: str) -> None:
    write(home / gold, [{"text": "", "labels": ["tea", "party"]}])

    result = run(gold)

    assert "the rules do not know the label tea (1 document): it is not judged" in result.output
    assert result.exit_code == 0


# name, what the file holds, arguments, exit code, what is said
REFUSED: Final = [
    ("an empty file", "", [], 2, "gold.jsonl: there is no document to judge"),
    ("a broken line", '\n{"text": 1}', [], 2, "gold.jsonl:2: "),
    ("no label known", '{"text": "", "labels": []}', [], 2, "name one with --category"),
    ("no such category", '{"text": "", "labels": []}', ["--category", "smugling"], 2, "smuggling"),
    ("no rules", '{"text": "", "labels": []}', ["--rules", "nowhere"], 78, "cannot be used"),
    ("none to compare", '{"text": "", "labels": []}', ["--compare", "no"], 78, "cannot be used"),
    (
        "no figure for the least",
        '{"text": "", "labels": []}',
        ["--category", "party", "--min-f1", "0"],
        2,
        "micro F1 cannot be given",
    ),
]


@pytest.mark.usefixtures("gold")
@pytest.mark.parametrize(
    ("content", "arguments", "exit_code", "said"),
    [pytest.param(*case, id=name) for name, *case in REFUSED],
)
def test_refusals(content: str, arguments: list[str], exit_code: int, said: str) -> None:
    Path("gold.jsonl").write_text(content, encoding="utf-8")

    result = run("gold.jsonl", *arguments)

    assert result.exit_code == exit_code
    assert said in result.output


@pytest.mark.usefixtures("rules")
@pytest.mark.parametrize(
    ("path", "said"),
    [("missing.jsonl", "no such file"), ("rules", "this is a folder")],
    ids=["missing", "a folder"],
)
def test_what_cannot_be_read(path: str, said: str) -> None:
    result = run(path)

    assert result.exit_code == 2
    assert said in result.output


@pytest.mark.usefixtures("rules")
def test_standard_input() -> None:
    result = run("-", text='{"text": "smuggle", "labels": ["smuggling"]}')

    assert result.exit_code == 0
    assert "An interval of 1.000–1.000 says only" in result.output


@pytest.mark.usefixtures("rules")
def test_a_text_cannot_steer_the_terminal() -> None:
    result = run("-", text='{"text": "\\u001b[2J smuggle", "labels": [], "borderline": ["party"]}')

    assert "\x1b" not in result.output


def test_the_sample_on_the_shipped_rules() -> None:
    result = run(str(SAMPLE), "--rules", str(ROOT / "rules"), "--format", "json")

    topics = {"arrests", "border_closure", "commodities", "party_discipline", "smuggling"}
    assert json.loads(result.stdout)["with_borderline"]["categories"].keys() == topics
