"""`ruletag describe`: what a rule finds, for a person, a pipe or a program."""

import json
from pathlib import Path
from typing import Final

import pytest

from cli.conftest import Process, Run, Terminal
from ruletag.cli.terminal import width
from ruletag.language.cues import CUES as SHIPPED_CUES

SMUGGLING: Final = """\
smuggling
Severity: high. Tagged when any of these is found.

- smuggle in any verb form (smuggles, smuggled, smuggling)
- 밀수 with any ending
- move (any form) … any of $metals, in this order in one sentence with at most 5 words between
- $metals has 3 words: copper, scrap metal, 구리
- tested by 2 sentences: 1 that it must tag and 1 that it must not tag
"""


@pytest.mark.usefixtures("rules")
def test_a_category_in_a_pipe_is_not_broken_into_lines(run: Run) -> None:
    done = run("describe", "smuggling")

    assert (done.exit_code, done.stdout, done.stderr) == (0, SMUGGLING, "")


@pytest.mark.usefixtures("rules")
def test_a_category_on_a_terminal_fits_it(terminal: Terminal) -> None:
    code, shown = terminal("describe", "smuggling", COLUMNS="40")

    assert code == 0
    title, *lines = shown.splitlines()
    assert title == "\x1b[1msmuggling\x1b[0m"
    assert max(map(width, lines)) <= 40
    assert "- smuggle in any verb form (smuggles,\n  smuggled, smuggling)\n" in shown
    assert " ".join(shown.split()).count("with at most 5 words between") == 1


@pytest.mark.usefixtures("rules")
def test_colour_can_be_had_without(terminal: Terminal) -> None:
    _, shown = terminal("describe", "smuggling", NO_COLOR="1")

    assert shown.startswith("smuggling\nSeverity")


@pytest.mark.usefixtures("rules")
def test_all_categories_have_a_line_each(run: Run) -> None:
    done = run("describe")

    assert done.stdout == (
        "goods.metals\t$metals\t3\ton\t0\n"
        "party\t=WPK\t1\ton\t0\n"
        "smuggling\tsmuggle~, 밀수, move~ ... $metals\t3\ton\t2\n"
    )


@pytest.mark.usefixtures("rules")
def test_all_categories_on_a_terminal(terminal: Terminal) -> None:
    code, shown = terminal("describe", NO_COLOR="1", COLUMNS="60")

    assert code == 0
    assert shown.splitlines()[0].split() == ["category", "about", "entries", "status", "tests"]
    assert all(width(line) <= 60 for line in shown.splitlines())


@pytest.mark.usefixtures("rules")
def test_a_pattern_selects_several(run: Run) -> None:
    done = run("describe", "goods.*", "party")

    assert done.stdout.count("\n\n") == 3  # one in each, and one between
    assert done.stdout.startswith("goods.metals\n")
    assert "\n\nparty\n" in done.stdout


@pytest.mark.usefixtures("rules")
def test_json_has_all_that_is_written(run: Run) -> None:
    done = run("describe", "smuggling", "--json")

    shown = json.loads(done.stdout)
    assert list(shown) == ["id", "label", "summary", "points", "text"]
    assert shown["text"] == SMUGGLING
    assert shown["points"][2]["about"] == "match"
    assert shown["points"][2]["keywords"] == ["move~ ... $metals"]


@pytest.mark.usefixtures("rules")
def test_json_of_all_is_a_line_each(run: Run) -> None:
    done = run("describe", "--json")

    ids = [json.loads(line)["id"] for line in done.stdout.splitlines()]
    assert ids == ["goods.metals", "party", "smuggling"]


def test_long_rows_are_shown_in_full_when_asked_for(run: Run, rules: Path) -> None:
    words = ", ".join(f"w{i}" for i in range(30))
    (rules / "long.yaml").write_text(f"categories: {{long: [{words}]}}", encoding="utf-8")

    assert "w7 and 22 more, as written" in run("describe", "long").stdout
    assert "w28, w29, as written" in run("describe", "long", "--full").stdout


def test_a_terminal_says_how_to_see_long_rows_in_full(terminal: Terminal, rules: Path) -> None:
    words = ", ".join(f"w{i}" for i in range(30))
    (rules / "long.yaml").write_text(f"categories: {{long: [{words}]}}", encoding="utf-8")

    cut = terminal("describe", "long", NO_COLOR="1")
    full = [terminal("describe", *more, NO_COLOR="1") for more in (["long", "--full"], ["party"])]

    assert cut[1].endswith("\n\n`--full` shows all of them\n")
    assert not any("--full" in shown for _, shown in full)


def test_a_category_that_is_off_is_told_too(run: Run, rules: Path) -> None:
    (rules / "b.yaml").write_text("categories: {b: {match: [x], status: off}}", encoding="utf-8")

    assert "It is off" in run("describe", "b").stdout
    assert "b\tx\t1\toff\t0\n" in run("describe").stdout


def test_what_would_steer_a_terminal_is_shown_as_signs(run: Run, rules: Path) -> None:
    text = 'categories: {b: {match: [x], label: "L\\e[31m", owner: "O\\u202E"}}'
    (rules / "b.yaml").write_text(text, encoding="utf-8")

    done = run("describe", "b")

    assert "b (L␛[31m)\n" in done.stdout
    assert "\u202e" not in done.stdout


# name, arguments, message
WRONG: Final = [
    ("a misspelt id", ("smugling",), 'there is no category "smugling"; did you mean `smuggling`?'),
    ("a list", ("$metals",), "`ruletag expand '$metals'` lists the words of a list"),
    ("a category with a sign", ("$party",), "did you mean `party`?\n"),
    ("an empty id", ("",), "there is no category"),
    ("a parent without a rule", ("goods",),
     "`goods` has no rule of its own; `goods.*` are the categories below it"),
    ("a pattern that names nothing", ("x.*",), 'there is no category "x.*"'),
    ("one of several", ("party", "nobody"), 'there is no category "nobody"'),
    ("any star", ("*",), 'there is no category "*"'),
]  # fmt: skip


@pytest.mark.usefixtures("rules")
@pytest.mark.parametrize(
    ("arguments", "message"), [pytest.param(*case, id=name) for name, *case in WRONG]
)
def test_what_is_not_there(run: Run, arguments: tuple[str, ...], message: str) -> None:
    done = run("describe", *arguments)

    assert (done.exit_code, done.stdout) == (2, "")
    assert message in done.stderr


def test_rules_that_cannot_be_used(run: Run, rules: Path) -> None:
    (rules / "bad.yaml").write_text("categories: {a: []}", encoding="utf-8")

    done = run("describe")

    assert (done.exit_code, done.stdout) == (78, "")
    assert "error[E204]" in done.stderr


def test_rules_without_a_category(run: Run, rules: Path) -> None:
    (rules / "trade.yaml").write_text("lists: {metals: [copper]}", encoding="utf-8")

    done = run("describe")

    assert (done.exit_code, done.stdout) == (2, "")
    assert "the rules have no category" in done.stderr


@pytest.mark.usefixtures("rules")
def test_a_closed_pipe_is_silent(process: Process) -> None:
    done = process("ruletag describe smuggling party | head -n 1")

    assert (done.stdout, done.stderr) == ("party\n", "")


# ------------------------------------------------------------------------- cues

CUES: Final = """
cues:
  negated: {before: [far from, innocent of the], reach: 3}
  historical: {after: [back in]}
"""


def test_cues_are_shown_with_their_reach(run: Run, rules: Path) -> None:
    (rules / "b.yaml").write_text(f"{CUES}\ncategories: {{b: [x]}}\n", encoding="utf-8")

    done = run("describe", "--cues")

    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout.startswith(
        "negated: before a match, at most 6 words between\n  no, not, never, "
    )
    assert "\n\nnegated: before a match, at most 1 word between\n  refrain~ from, " in done.stdout
    assert "\n\nnegated: before a match, no word between\n  fail~ to, " in done.stdout
    assert "\n\nnegated: phrases that look like a cue and are none\n  not only, " in done.stdout
    assert "\n\nthe reach of every cue ends at\n  but, " in done.stdout
    assert "\n\nhypothetical: before a match, at most 6 words between (ko)\n  만약, " in done.stdout
    assert done.stdout.endswith(
        "\n\nnegated: before a match, at most 3 words between\n  far from, innocent of the\n"
        "\nhistorical: after a match, at most 8 words between\n  back in\n"
    )


def test_cues_on_a_terminal_fit_it(terminal: Terminal) -> None:
    code, shown = terminal("describe", "--cues", COLUMNS="60")

    assert code == 0
    assert max(map(width, shown.splitlines())) <= 60 + len("\x1b[1m\x1b[0m")
    assert shown.startswith(
        "\x1b[1mnegated: before a match, at most 6 words between\x1b[0m\n  no, "
    )


@pytest.mark.usefixtures("rules")
def test_cues_as_json_are_a_line_each(run: Run) -> None:
    lines = run("describe", "--cues", "--json").stdout.splitlines()

    assert json.loads(lines[0]) == {
        "keyword": "no",
        "context": "negated",
        "role": "before",
        "reach": 6,
        "language": "en",
    }
    assert len(lines) == len(SHIPPED_CUES)


@pytest.mark.usefixtures("rules")
@pytest.mark.parametrize("arguments", [["smuggling"], ["--full"]], ids=["a category", "full"])
def test_cues_are_of_no_category(run: Run, arguments: list[str]) -> None:
    done = run("describe", "--cues", *arguments)

    assert done.exit_code == 2
    assert "--cues shows all cues; leave CATEGORY and --full out" in done.stderr
