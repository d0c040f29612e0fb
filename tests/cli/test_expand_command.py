"""`ruletag expand`: the forms that are sought, as a reader writes them."""

from typing import Final

import pytest

from cli.conftest import Run, Terminal

# name, keyword, forms
FORMS: Final = [
    ("a noun", "copper", "copper coppers"),
    ("a verb", "smuggle~", "smuggle smuggles smuggled smuggling"),
    ("an open end", "smuggl*", "smuggl…"),
    ("exact", "=WPK", "WPK"),
    ("both spellings", "labor", "labor labour labors labours"),
    ("capitals", "Copper", "Copper coppers"),
    ("dots", "U.S.", "U.S. US"),
    ("dots within", "U.S.-based", "U.S.-based US-based"),
    ("other signs", "AT&T", "AT&T"),
    ("Korean may go on", "밀수", "밀수…"),
    ("a single syllable may not", "금", "금"),
    ("Han", "走私", "走私"),
    ("an escaped mark", r"C\*", "C*"),
]


@pytest.mark.parametrize(
    ("keyword", "forms"), [pytest.param(*case, id=name) for name, *case in FORMS]
)
def test_forms(run: Run, keyword: str, forms: str) -> None:
    done = run("expand", keyword)

    assert done.exit_code == 0
    assert done.stdout.splitlines() == [f"{form}\t{keyword}" for form in forms.split()]


def test_the_parts_of_a_gap_stand_side_by_side(run: Run) -> None:
    done = run("expand", "ban~ ... party list")

    assert done.stdout.splitlines() == [
        f"{verb} ... {noun}\tban~ ... party list"
        for verb in ("ban", "bans", "banned", "banning")
        for noun in ("party list", "party lists")
    ]


@pytest.mark.usefixtures("rules")
def test_a_list_is_its_lines(run: Run) -> None:
    done = run("expand", "$metals")

    assert done.stdout == (
        "copper\tcopper\ncoppers\tcopper\nscrap metal\tscrap metal\n"
        "scrap metals\tscrap metal\n구리…\t구리\n"
    )


@pytest.mark.usefixtures("rules")
def test_a_list_in_a_gap(run: Run) -> None:
    done = run("expand", "steal~ ... $metals")

    assert "stole ... scrap metals\tsteal~ ... $metals\n" in done.stdout
    assert len(done.stdout.splitlines()) == 5 * 5


@pytest.mark.usefixtures("rules")
def test_a_category_and_those_below(run: Run) -> None:
    done = run("expand", "--category", "goods.*", "--category", "party")

    assert [line.split("\t")[0] for line in done.stdout.splitlines()] == [
        "copper", "coppers", "scrap metal", "scrap metals", "구리…", "WPK",
    ]  # fmt: skip


# name, keywords, code, hint or detail
BAD: Final = [
    ("a stray mark", ["copper", "sm~uggle"], "E303", r"argument:2:1"),
    ("too short a stem", ["ab*"], "E304", "at least 3 letters before the star"),
    ("an unknown list", ["$metlas"], "E306", "did you mean `$metals`?"),
    ("a category", ["$smuggling"], "E306", "`ruletag expand --category smuggling`"),
    ("too many forms", [" ".join(["organize~"] * 4)], "E308", "forms; one keyword may have"),
    ("no words", ["...", "~"], "E305", "a gap needs a word on both sides"),
]


@pytest.mark.usefixtures("rules")
@pytest.mark.parametrize(
    ("words", "code", "message"), [pytest.param(*case, id=name) for name, *case in BAD]
)
def test_no_keyword(run: Run, words: list[str], code: str, message: str) -> None:
    done = run("expand", *words)

    assert (done.exit_code, done.stdout) == (2, "")
    assert f"error[{code}]" in done.stderr
    assert message in done.stderr


@pytest.mark.usefixtures("rules")
def test_a_table_on_a_terminal(terminal: Terminal) -> None:
    code, shown = terminal("expand", "smuggl*", "$metals", NO_COLOR="1")

    assert code == 0
    assert shown == (
        "form          keyword      rule\n"
        "smuggl…       smuggl*\n"
        "copper        copper       rules/trade.yaml:2\n"
        "coppers\n"
        "scrap metal   scrap metal  rules/trade.yaml:2\n"
        "scrap metals\n"
        "구리…         구리         rules/trade.yaml:2\n"
    )


def test_words_alone_need_no_rules(terminal: Terminal) -> None:
    code, shown = terminal("expand", "copper", RULETAG_RULES="none")

    assert code == 0
    assert shown.splitlines()[0] == "\x1b[2mform\x1b[0m     \x1b[2mkeyword\x1b[0m"
