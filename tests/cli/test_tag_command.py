"""`ruletag tag`: which files are read, what is said of those that are not, and both outputs."""

import json
from pathlib import Path
from typing import Any, Final

import pytest

from cli.conftest import Run, Terminal
from ruletag.limits import LIMITS

pytestmark = pytest.mark.usefixtures("rules")


def answers(output: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in output.splitlines()]


def ids(output: str) -> list[object]:
    return [answer["id"] for answer in answers(output)]


# ------------------------------------------------------------------- documents


@pytest.fixture
def news(home: Path) -> Path:
    """Write some files to tag, good and bad."""
    folder = home / "news"
    (folder / "old").mkdir(parents=True)
    (folder / "a.txt").write_text("They smuggle copper.", encoding="utf-8")
    (folder / "b.txt").write_text("Quiet.", encoding="utf-8")
    (folder / "old" / "c.txt").write_text("구리 밀수", encoding="utf-8")
    (folder / "[odd].txt").write_text("Quiet.", encoding="utf-8")
    (folder / "latin.text").write_bytes(b"caf\xe9")
    (folder / "d.jsonl").write_text('{"text": "WPK", "id": 7}\n\n{"text": "", "more": [1]}\n')
    (folder / "lines.json").write_text('{"text": "WPK"}\n{"text": "wpk"}\n')
    (folder / "long").write_text("a" * (LIMITS.text + 1))
    (folder / "longer").write_text("a" * (4 * LIMITS.text + 1))
    return folder


# name, arguments, ids of the answers, exit code, message
FILES: Final = [
    ("a text", ["news/a.txt"], ["news/a.txt"], 0, ""),
    ("any ending", ["news/lines.json"], ["news/lines.json"], 0, "--jsonl reads each line"),
    ("lines", ["news/d.jsonl"], [7, "news/d.jsonl:3"], 0, ""),
    (
        "lines under another ending",
        ["--jsonl", "news/lines.json"],
        ["news/lines.json:1", "news/lines.json:2"],
        0,
        "",
    ),
    ("a pattern", ["news/?.txt"], ["news/a.txt", "news/b.txt"], 0, ""),
    (
        "a pattern for all folders",
        ["news/**/[a-z].txt"],
        ["news/a.txt", "news/b.txt", "news/old/c.txt"],
        0,
        "",
    ),
    ("a name that looks like a pattern", ["news/[odd].txt"], ["news/[odd].txt"], 0, ""),
    ("a pattern for nothing", ["no/*.txt"], [], 2, "ruletag: no/*.txt: no file matches"),
    ("a folder", ["news/"], [], 2, "news/: this is a folder; name its files, as in 'news/*.txt'"),
    ("no such file", ["x", "news/a.txt"], ["news/a.txt"], 2, "x: no such file or directory"),
    ("not UTF-8", ["news/latin.text"], [], 2, "news/latin.text: not UTF-8: byte 3 is 0xe9"),
    ("too long", ["news/long"], [], 2, "1,000,001 characters; a text may have 1,000,000"),
    ("much too long", ["news/longer"], [], 2, "more than 1,000,000 characters"),
    ("standard input", ["-"], [None], 0, ""),
    ("nothing named", [], [None], 0, ""),
    ("no line in standard input", ["--jsonl"], [], 2, "there is no document to tag"),
]


@pytest.mark.usefixtures("news")
@pytest.mark.parametrize(
    ("arguments", "expected", "code", "message"),
    [pytest.param(*case, id=name) for name, *case in FILES],
)
def test_files(
    run: Run, arguments: list[str], expected: list[object], code: int, message: str
) -> None:
    done = run("tag", *arguments)

    assert ids(done.stdout) == expected
    assert done.exit_code == code
    assert message in done.stderr
    assert bool(done.stderr) == bool(message)


# name, line, message
BROKEN_LINES: Final[list[tuple[str, bytes, str]]] = [
    ("no JSON", b"copper", "not JSON: expecting value (column 1)"),
    ("JSON that ends early", b'{"text": "a', "not JSON: unterminated string"),
    ("not UTF-8", b'{"text": "\xff"}', "not UTF-8: byte 10 is 0xff"),
    ("a list", b'["a"]', "a JSON object is needed"),
    ("no text", b'{"title": "a"}', "`text` is missing"),
    ("a text that is a number", b'{"text": 1}', "`text` must be a string"),
    ("an id that is a list", b'{"text": "a", "id": []}', "`id` must be a string or an integer"),
    ("half a surrogate pair", b'{"text": "\\ud800"}', "half a surrogate pair (character 0)"),
    ("too deep", b'{"text": "", "x": ' + b"[" * 100_000, "nested too deeply"),
    ("a number too long", b'{"text": "", "x": ' + b"1" * 5000 + b"}", "a number too long"),
    ("too long a text", b'{"text": "%s"}' % (b"a" * (LIMITS.text + 1)), "a text may have"),
    ("too long a line", b" " * (6 * LIMITS.text + LIMITS.line + 1), "a line may have"),
]


@pytest.mark.parametrize(
    ("line", "message"), [pytest.param(*case, id=name) for name, *case in BROKEN_LINES]
)
def test_a_broken_line_costs_only_itself(run: Run, home: Path, line: bytes, message: str) -> None:
    good = b'{"text": "copper"}'
    (home / "a.jsonl").write_bytes(b"\n".join([b"\xef\xbb\xbf" + good, line, good]))

    done = run("tag", "a.jsonl")

    assert ids(done.stdout) == ["a.jsonl:1", "a.jsonl:3"]
    assert done.stderr.startswith("ruletag: a.jsonl:2: ")
    assert message in done.stderr
    assert done.stderr.count("\n") == 1
    assert done.exit_code == 2


def test_members_that_are_null_are_not_there(run: Run) -> None:
    done = run("tag", "--jsonl", text='{"text": "copper", "title": null, "id": null}\n')

    assert ids(done.stdout) == ["-:1"]


def test_a_file_name_cannot_steer_the_terminal(run: Run) -> None:
    done = run("tag", "no\x1b[2J\nsuch")

    assert done.stderr == "ruletag: no␛[2J such: no file matches\n"


# ------------------------------------------------------------------------ JSON


def test_the_answer_is_that_of_the_service(run: Run) -> None:
    done = run("tag", text="They smuggle copper.")

    [answer] = answers(done.stdout)
    assert list(answer) == [
        "id", "rules", "offsets", "complete", "truncated", "categories", "drafts"
    ]  # fmt: skip
    assert [given["category"] for given in answer["categories"]] == [
        "goods.metals", "smuggling", "goods"
    ]  # fmt: skip
    [evidence] = answer["categories"][1]["evidence"]
    assert (evidence["start"], evidence["end"], evidence["text"]) == (5, 12, "smuggle")
    assert evidence["source"] == "trade.yaml:8:9"


# name, options, where the evidence for goods.metals begins, and whether in the title
OPTIONS: Final = [
    ("as it is", [], [(5, None), (13, None)]),
    ("UTF-8", ["--offsets", "utf8"], [(8, None), (16, None)]),
    ("UTF-16", ["--offsets", "utf16"], [(6, None), (14, None)]),
    ("the first only", ["--evidence", "first"], [(5, None)]),
    ("with a title", ["--title", "Copper"], [(0, "title"), (5, None), (13, None)]),
    ("one category", ["--category", "goods.metals"], [(5, None), (13, None)]),
    ("all below one", ["--category", "goods.*"], [(5, None), (13, None)]),
]


@pytest.mark.parametrize(
    ("options", "expected"), [pytest.param(*case, id=name) for name, *case in OPTIONS]
)
def test_options(run: Run, options: list[str], expected: list[tuple[int, str | None]]) -> None:
    done = run("tag", *options, text="𠮷: a copper, copper")

    first = answers(done.stdout)[0]["categories"][0]
    assert first["category"] == "goods.metals"
    assert [(e["start"], e.get("in")) for e in first["evidence"]] == expected


def test_without_evidence(run: Run) -> None:
    done = run("tag", "--evidence", "none", text="copper")

    assert "evidence" not in answers(done.stdout)[0]["categories"][0]


def test_only_the_categories_asked_for(run: Run) -> None:
    done = run("tag", "--category", "party", "--category", "smuggling", text="copper smuggling")

    assert [c["category"] for c in answers(done.stdout)[0]["categories"]] == ["smuggling"]


# ------------------------------------------------------------------ for people


def test_marked_text_in_a_pipe(run: Run) -> None:
    done = run("tag", "--text", "--title", "On copper", text="They moved the copper.\r\nBye.\n\n")

    assert done.stdout == (
        "standard input\n"
        "\n"
        "On [[copper]]\n"
        "\n"
        "They [[moved the copper]].\nBye.\n"
        "\n"
        "category      score  severity  evidence                 rule\n"
        "goods.metals  1                copper ×2                rules/trade.yaml:2\n"
        "smuggling     1      high      moved the copper         rules/trade.yaml:10\n"
        "goods                          implied by goods.metals\n"
    )


def test_no_category_is_said(run: Run) -> None:
    done = run("tag", "--text", text="Quiet.")

    assert done.stdout == "standard input\n\nQuiet.\n\nno category\n"


def test_documents_are_parted(run: Run) -> None:
    done = run("tag", "--text", "--jsonl", text='{"text": "a", "id": "x"}\n{"text": "b"}\n')

    assert done.stdout == (
        "x (standard input:1)\n\na\n\nno category\n\n\nstandard input:2\n\nb\n\nno category\n"
    )


def test_less_evidence_for_people(run: Run) -> None:
    first = run("tag", "--text", "--evidence", "first", text="copper, scrap metal")
    none = run("tag", "--text", "--evidence", "none", text="copper")

    assert "[[copper]], scrap metal\n" in first.stdout
    assert "goods.metals  1\n" in none.stdout


def test_an_answer_that_is_not_complete_says_so(run: Run) -> None:
    done = run("tag", "--text", text="copper " * (LIMITS.matches + 1))

    assert done.stdout.endswith("not complete: the limit of matches was reached\n")


def test_on_a_terminal(terminal: Terminal, home: Path) -> None:
    (home / "a.txt").write_text("They smuggle it.\x1b]0;x\x07 moved copper", encoding="utf-8")

    code, shown = terminal("tag", "a.txt")

    assert code == 0
    assert "\x1b[1ma.txt\x1b[0m\n" in shown
    assert "They \x1b[1;32msmuggle\x1b[0m it.␛]0;x␇ \x1b[1;32mmoved\x1b[0m" in shown
    # The last word is a gap's last part and a keyword of another category.
    assert "\x1b[1;33;4mcopper\x1b[0m\n" in shown
    assert "\x1b[1;32msmuggling\x1b[0m     2      high      smuggle" in shown


def test_on_a_terminal_without_colour(terminal: Terminal, home: Path) -> None:
    (home / "a.txt").write_text("They smuggle it.", encoding="utf-8")

    code, shown = terminal("tag", "a.txt", NO_COLOR="1")

    assert code == 0
    assert "\x1b" not in shown
    assert "They [[smuggle]] it.\n" in shown


def test_json_on_a_terminal_cannot_steer_it(terminal: Terminal, home: Path) -> None:
    (home / "a.jsonl").write_text('{"text": "smuggle", "id": "\x9b2J"}', encoding="utf-8")

    _, shown = terminal("tag", "--json", "a.jsonl")

    assert "\x9b" not in shown
    assert ids(shown) == ["\x9b2J"]
