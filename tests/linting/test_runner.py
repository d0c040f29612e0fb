"""What is doubtful is reported where it stands, and what is good is not."""

import re
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ruletag.linting.names import CODE_OF, NAMES
from ruletag.linting.runner import lint
from ruletag.matching.compiler import compile_rules
from ruletag.problems import CODES, Problem, RuleSetError
from ruletag.rules.loader import list_reader, parse_rules, snapshot

TODAY: Final = date(2026, 1, 31)
RULES: Final = Path(__file__).parent.parent.parent / "rules"


def warnings(files: Mapping[str, bytes], lists: Mapping[str, bytes] | None = None) -> list[Problem]:
    """Give the warnings about rule files and the list files they name."""
    rules = compile_rules(parse_rules(files, (lists or {}).__getitem__))
    return list(lint(rules, {**files, **(lists or {})}, TODAY))


def places(text: str) -> list[str]:
    """Give the warnings about one rule file as code and line."""
    return [f"{p.code}:{p.location.line}" for p in warnings({"a.yaml": text.encode()})]


def entries(*written: str) -> str:
    """Write a category with one entry a line, from line 2 on."""
    return "categories:\n  a:\n" + "".join(f"  - {entry}\n" for entry in written)


# name, entries of one category, warnings by code and line (the first entry is line 3)
ENTRIES: Final = [
    ("different words", ["copper", "zinc", "copper wire"], []),
    # duplicates
    ("a word twice", ["copper", "zinc", "copper"], ["W501:5"]),
    ("a word three times", ["copper", "copper", "copper"], ["W501:4", "W501:5"]),
    ("a gap twice", ["strip~ ... card", "strip~ ... card"], ["W501:4"]),
    ("two spellings of one word", ["organize~", "organise~"], ["W501:4"]),
    ("two hyphens", ["ship-to-ship", "ship to ship"], ["W501:4"]),
    ("case alone", ["Copper", "copper"], ["W526:4"]),
    ("width alone", ["copper", "ｃｏｐｐｅｒ"], ["W526:4"]),
    ("exact case is no other case", ['"=WPK"', '"=Wpk"'], []),
    ("exact case within any case", ["WPK", '"=WPK"'], ["W502:4"]),
    ("the same in exact case", ['"=WPK"', '"=WPK"'], ["W501:4"]),
    ("the heavier of two stays", ["copper", "{word: copper, weight: 2}"], ["W501:3"]),
    ("other ids", ["{word: Kim, id: a}", "{word: Kim, id: b}"], []),
    ("without the exception", ["copper", "{word: copper, except: [copper hair]}"], ["W501:4"]),
    (
        "with another exception each",
        ["{word: tin, except: [tin man]}", "{word: tin, except: [tin foil]}"],
        [],
    ),
    ("with a condition", ["copper", "{word: copper, with: [ton], weight: 2}"], []),
    # shadows
    ("a plural", ["copper", "coppers"], ["W502:4"]),
    ("an irregular plural", ["gunmen", "gunman"], ["W502:3"]),
    ("below a star", ["smuggling", "smuggl*"], ["W502:3"]),
    ("a star below a star", ["smuggl*", "smuggli*"], ["W502:4"]),
    ("a longer phrase wins", ["smuggl*", "smuggling ring"], []),
    ("a form of a verb", ["smuggle~", "smuggled"], ["W502:4"]),
    ("dots are another matter", ["U.S.", "USA"], []),
    ("capitals without dots", ["USA", "U.S.A."], []),
    ("heavier below a star", ["smuggl*", "{word: smuggling, weight: 2}"], []),
    ("a weak hint below a star", ["smuggl*", "{word: smuggling, weight: 0.5}"], []),
    (
        "two that count as two",
        ["{any: [smuggl*, smuggling], at_least: 2}", "{any: [smuggl*, smuggling]}"],
        ["W502:4"],
    ),
    (
        "two weak hints below one star",
        ["{word: smuggl*, weight: 0.5}", "{word: smuggling, weight: 0.5}"],
        [],
    ),
    ("a longer Korean word", ["밀수", "밀수꾼"], []),
    ("other forms", ["{word: copper, forms: none}", "copper"], ["W502:3"]),
    # forms
    ("a verb by hand", ["smuggle", "smuggled", "smuggling"], ["W505:3"]),
    ("a past alone", ["smuggled"], ["W505:3"]),
    ("a past of exact case", ['"=smuggled"'], []),
    ("a past of its own forms", ["{word: smuggled, forms: none}"], []),
    ("a past with exceptions", ["{word: smuggled, except: [smuggled in]}"], []),
    ("an -ed that is no verb", ["hundred", "speed", "hatred", "kindred"], []),
    ("a gerund beside its noun", ["ship", "shipping"], []),
    ("a plural alone", ["refugees"], ["W505:3"]),
    ("a plural in -ies", ["casualties"], ["W505:3"]),
    ("words that end in s", ["customs", "goods", "gas", "Paris", "crisis", "news"], []),
    (
        "plurals of their own",
        ["arms", "troops", "sanctions", "headquarters", "munitions"],
        ["W506:3"],
    ),
    (
        "a plural by its ending",
        ["redundancies", "activists", "abductions"],
        [f"W505:{n}" for n in (3, 4, 5)],
    ),
    ("a plural that ends a phrase", ["job cuts", "oil tankers"], ["W505:3", "W505:4"]),
    ("a plural that is counted", ["two soldiers", "wave of purges", "United Nations"], []),
    ("a plural behind a verb", ["seize~ tankers", '"=oil tankers"', "oil ... tankers"], []),
    ("a phrase of its own forms", ["{word: oil tankers, forms: none}"], []),
    ("a phrase with exceptions", ["{word: oil tankers, except: [new oil tankers]}"], []),
    ("a plural under with", ["{word: ship, with: [layoffs]}"], ["W505:3"]),
    ("a plural under none", ["{word: ship, none: [{word: layoffs}]}"], ["W505:3"]),
    ("a plural under any", ["{any: [layoffs, zinc], at_least: 2}"], ["W505:3"]),
    ("a plural under all", ["{all: [ship, [layoffs]]}"], ["W505:3"]),
    ("plurals left in peace", ["{word: ship, with: [customs, sanctions, '=layoffs']}"], []),
    ("a passive in company", ["{word: ship, with: [seized]}"], []),
    ("a phrase in company", ["{word: ship, with: [job cuts]}"], []),
    ("a plural with exceptions", ["{any: [{word: layoffs, except: [new layoffs]}, zinc]}"], []),
    # several meanings
    ("a homograph", ["lead"], ["W506:3"]),
    ("a homograph in a phrase", ["lead ore"], []),
    ("a homograph in exact case", ['"=Lead"'], []),
    ("a homograph in company", ["{word: lead, with: [ton]}"], []),
    ("a weak homograph", ["{word: lead, weight: 0.5}", "zinc"], []),
    ("a homograph with exceptions", ["{word: lead, except: [lead singer]}"], []),
    ("one of the most common words", ["said"], ["W506:3"]),
    ("two letters", ["kg"], ["W507:3"]),
    ("two letters in exact case", ['"=UN"'], []),
    ("two letters with dots", ["U.N."], []),
    ("two letters with a sign", ["AT&T", "R&D"], []),
    ("a gap of short words", ["in ... it"], []),
    ("one syllable", ["금"], []),
    ("one Han character", ["铜"], []),
    # characters
    ("a Cyrillic letter", ["c\u043epper"], ["W508:3"]),
    ("all Cyrillic", ["медь", "мed"], []),
    ("a unit", ["5 µg dose", "10kΩ"], []),
    ("an invisible character", ["cop\u200bper"], ["W509:3"]),
    ("a joiner that Persian needs", ["می\u200cخواهم"], []),
    # Korean
    ("a beginning of other words", ["무기"], ["W512:3"]),
    ("a longer word than that", ["무기고"], []),
    # YAML
    ("a truth value", ["no comment", "{word: no, with: [party]}"], ["W513:4"]),
    ("an octal number", ["{word: 012, with: [code]}"], ["W513:3"]),
    ("a number as written", ["{word: 112, with: [call]}"], []),
    ("a date", ["2020-01-22"], ["W513:3"]),
    ("a date in quotes", ['"2020-01-22"'], []),
    # comments
    ("a number cut off", ["Board game #1"], ["W519:3"]),
    ("an ending cut off", ["smuggl #ing"], ["W519:3"]),
    ("a comment", ["copper #metal", "zinc # 1", "nickel ## 1"], []),
    ("a number in quotes", ['"Board game #1"'], []),
    # marks
    ("a star on Hangul", ["밀수*"], ["W520:3"]),
    ("a tilde on Han", ["走私~"], ["W520:3"]),
    ("a tilde on a number", ["G20~"], ["W520:3"]),
    ("a tilde on a name", ["Google~", "WhatsApp~"], []),
    ("a tilde on an accent", ["déploy~"], []),
    # operators of other languages
    ("AND", ["shipyard AND layoff"], ["W529:3"]),
    ("OR", ["copper OR tin", "(copper OR tin)", "밀수 OR 밀매"], ["W529:3", "W529:4", "W529:5"]),
    (
        "NOT",
        ["NOT copper", "copper AND NOT pipe", "copper ... NOT pipe"],
        [f"W529:{n}" for n in (3, 4, 5)],
    ),
    ("NEAR", ["gold NEAR mine"], ["W529:3"]),
    (
        "a distance",
        ["gold w/5 mine", "gold NEAR/5 mine", "gold W/s mine"],
        [f"W529:{n}" for n in (3, 4, 5)],
    ),
    ("bars", ["copper|tin", "copper || tin"], ["W529:3", "W529:4"]),
    ("two ampersands", ["copper && tin"], ["W529:3"]),
    ("any letter", ["lay?ff"], ["W529:3"]),
    ("a sign in front", ['"!copper"', "^copper"], ["W529:3", "W529:4"]),
    ("an operator in company", ["{word: tin, with: [ore OR can]}"], ["W529:3"]),
    ("an operator in an exception", ["{word: tin, except: [tin OR can]}"], ["W529:3"]),
    ("an operator allowed", ["NOT copper  # allow: operator"], []),
    ("a name in capitals", ["LAW AND ORDER", "TO BE OR NOT TO BE"], []),
    ("operators alone", ['"=OR"', '"=NOT"'], []),
    ("a state at the end", ["Portland OR", "salt AND"], []),
    ("a logic gate", ["AND gate"], []),
    ("operators in exact case", ['"=Doctors AND Nurses"', "{word: Do NOT Enter, case: exact}"], []),
    ("small letters", ["salt and pepper", "make or break", "or not"], []),
    (
        "signs that are none",
        ["why?", "AT&T", "9/11 attack", "w/o pay", "'!Kung people'", "R & D"],
        [],
    ),
    # commas
    ("a comma between words", ["rally, march", "{word: tin, with: [ore]}"], ["W531:3"]),
    ("a comma without a space", ["rally,march", "1990,zinc"], ["W531:3", "W531:4"]),
    ("a comma in quotes", ['"zinc, vitamin"', "'copper, tin'"], []),
    ("a comma in a number", ["10,000 tons of ore"], []),
    ("a comma allowed", ["rally, march  # allow: comma"], []),
    # length
    ("a sentence", ["they took the copper over the river on a night"], ["W521:3"]),
    ("a long name", ["Committee for the Peaceful Reunification of the Fatherland of Korea"], []),
    # numbers
    ("a bare number", ["500"], ["W522:3"]),
    ("a number with a unit", ["5 tons"], ["W522:3"]),
    ("a number in a name", ["9 mm pistol", "3D printer", "2022 World Cup"], ["W522:3"]),
    # weights and conditions
    ("a weight of zero", ["copper", "{word: zinc, weight: 0}"], ["W517:4"]),
    ("times: 1", ["{word: copper, times: 1}"], ["W515:3"]),
    ("times: 2", ["{word: copper, times: 2}"], []),
    ("one group", ["{all: [[copper, zinc]]}"], ["W516:3"]),
    ("two groups", ["{all: [[copper], [zinc]]}"], []),
    ("a word that disturbs itself", ["{word: copper, none: [copper]}"], ["W503:3"]),
]


@pytest.mark.parametrize(
    ("written", "expected"), [pytest.param(*case, id=name) for name, *case in ENTRIES]
)
def test_entries(written: list[str], expected: list[str]) -> None:
    found = places(entries(*written))

    assert [place for place in found if not place.startswith("W510")] == expected


TESTS: Final = "    tests: {skip: [Nothing of the kind.]}\n"

# name, the mapping of one category from line 3 on (line 3 is its tests), warnings
CATEGORIES: Final = [
    ("nothing doubtful", "    match: [copper]\n", []),
    ("a veto of itself", "    match: [copper, zinc]\n    unless: [copper]\n", ["W503:4"]),
    ("a shorter exception", "    match: [copper wire]\n    except: [copper]\n", ["W503:4"]),
    ("a longer exception", "    match: [copper]\n    except: [copper wire]\n", []),
    ("an exception of one form", "    match: [smuggle~]\n    except: [smuggling]\n", []),
    ("an exception with a star", "    match: [smuggling]\n    except: [smuggl*]\n", ["W503:4"]),
    (
        "a part of a gap excepted",
        "    match: [strip~ ... card, x ray]\n    except: [card]\n",
        ["W503:4"],
    ),
    ("an exception in exact case", "    match: [copper]\n    except: ['=copper']\n", []),
    ("a Korean exception", "    match: [구리]\n    except: [구리시]\n", []),
    ("a Korean phrase", "    match: [국경 봉쇄]\n    except: [봉쇄 해제]\n", []),
    ("another Korean exception", "    match: [국경]\n    except: [수박]\n", ["W504:5"]),
    ("no shared word", "    match: [copper]\n    except: [coper hair]\n", ["W504:5"]),
    ("a shared form", "    match: [smuggle~]\n    except: [smuggled goods]\n", []),
    ("a shared beginning", "    match: [smuggl*]\n    except: [Smuggler's Notch]\n", []),
    ("a gap passes over all", "    match: [copper]\n    except: [from ... to]\n", []),
    ("hyphens part words", "    match: [copper]\n    except: [copper-coloured]\n", []),
    (
        "exceptions of a block",
        "    match:\n    - {any: [copper, tin], except: [tin man, lead pipe]}\n",
        ["W504:5"],
    ),
    ("a day of review past", "    match: [copper]\n    review_by: 2026-01-30\n", ["W511:5"]),
    ("a day of review today", "    match: [copper]\n    review_by: 2026-01-31\n", []),
    ("out of reach", "    match: [copper]\n    threshold: 1.5\n", ["W518:5"]),
    ("within reach", "    match: [copper, zinc]\n    threshold: 2\n", []),
    ("never above zero", "    match: [{word: copper, weight: -1}]\n", ["W518:2"]),
    ("no case asked for", "    match: [copper]\n    ignore: [capitals]\n", ["W523:5"]),
    ("a case asked for", "    match: ['=WPK']\n    ignore: [capitals, negated]\n", []),
    ("a Korean word excepted", "    match: [무기]\n    except: [무기한]\n", []),
    (
        "an exception twice",
        "    match: [copper]\n    except: [copper hair, copper hair]\n",
        ["W501:5"],
    ),
    ("a heavy homograph", "    match: [lead, copper]\n    threshold: 2\n", []),
]


@pytest.mark.parametrize(
    ("written", "expected"), [pytest.param(*case, id=name) for name, *case in CATEGORIES]
)
def test_categories(written: str, expected: list[str]) -> None:
    assert places(f"categories:\n  a:\n{TESTS}{written}") == expected


# name, a rule file, warnings
FILES: Final = [
    ("an unused list", "lists:\n  metals: [copper]\ncategories:\n  a: [zinc]\n", ["W514:2"]),
    (
        "a list used by a list only",
        "lists:\n  metals: [copper, $alloys]\n  alloys: [brass]\ncategories:\n  a: [zinc]\n",
        ["W514:2"],
    ),
    (
        "a word of a list that is an entry",
        "lists:\n  metals: [copper]\ncategories:\n  a: [$metals, zinc, copper]\n",
        ["W501:4"],
    ),
    (
        "a word of a list within a list",
        "lists:\n  m: [tungsten, $n]\n  n: [copper]\ncategories:\n  a: [$m, zinc, copper]\n",
        ["W501:5"],
    ),
    (
        "a word of a list in a gap",
        "lists:\n  metals: [copper]\ncategories:\n  a: [smuggle~ ... $metals, copper]\n",
        [],
    ),
    (
        "heavier than in the list",
        "lists:\n  m: [copper]\ncategories:\n  a: [$m, {word: copper, weight: 2}]\n",
        [],
    ),
    ("two categories share words", "categories:\n  a: [copper]\n  b: [copper]\n", []),
    (
        "a homograph in a list that decides",
        "lists:\n  metals: [copper, lead]\ncategories:\n  a: [$metals]\n",
        ["W506:2"],
    ),
    (
        "a homograph in a list of a gap",
        "lists:\n  metals: [copper, lead]\ncategories:\n  a: [smuggle~ ... $metals]\n",
        [],
    ),
    (
        "what another category matches is not known",
        f"categories:\n  a: [copper]\n  b:\n{TESTS}    match: [$a]\n    except: [copper hair]\n",
        [],
    ),
    (
        "a draft referred to",
        f"categories:\n  a:\n{TESTS}    match: [zinc]\n    status: draft\n  b: [$a, copper]\n",
        ["W524:6"],
    ),
    (
        "a list without its sign",
        "lists:\n  my_list: [copper]\ncategories:\n  a: [my_list, My_list, 'my_list']\n",
        ["W530:4", "W526:4", "W501:4", "W530:4"],
    ),
    (
        "a category without its sign",
        f"categories:\n  a.b: [copper]\n  c:\n{TESTS}    match: [{{word: tin, with: [a.b]}}]\n",
        ["W530:5"],
    ),
    (
        "a list without its sign, in a list",
        "lists:\n  my_list: [copper, my_list]\n  c: [zinc, my_list]\ncategories:\n  a: [$c]\n",
        ["W530:3"],
    ),
    (
        "a list without its sign, as a word",
        "lists:\n  alloy: [copper]\ncategories:\n  a: [$alloy, alloy, '$alloy ... my_list']\n",
        [],
    ),
    (
        "a name of exact case",
        "lists: {my_list: [copper]}\ncategories:\n  a: [$my_list, {word: my_list, case: exact}]\n",
        [],
    ),
    ("words of another language", "language: fr\ncategories:\n  a: [pain, lead, may]\n", []),
    ("forms of another language", "language: fr\ncategories:\n  a: [manger~]\n", ["W520:3"]),
    ("text in a block", "categories:\n  a:\n  - >-\n    copper\n", []),
]


@pytest.mark.parametrize(
    ("text", "expected"), [pytest.param(*case, id=name) for name, *case in FILES]
)
def test_files(text: str, expected: list[str]) -> None:
    assert places(text) == expected


# ------------------------------------------------------------------------- allow

# name, a rule file, warnings
ALLOWED: Final = [
    ("at the end of the line", entries("lead  # allow: homograph"), []),
    ("in the line above", entries("copper\n  # allow: homograph", "lead"), []),
    ("above other comments", entries("copper\n  # allow: homograph\n  # why", "lead"), []),
    ("two names", entries("lead", "lead  # allow: homograph, duplicate"), ["W506:3"]),
    ("another line", entries("lead", "copper # allow: homograph"), ["W506:3", "W528:4"]),
    ("another name", entries("lead  # allow: duplicate"), ["W506:3", "W528:3"]),
    ("no such name", entries("lead  # allow: homographs"), ["W506:3", "W527:3"]),
    ("a code is no name", entries("lead  # allow: W506"), ["W506:3", "W527:3"]),
    ("with a reason", entries("lead  # allow: homograph - the metal alone"), []),
    ("a whole category", "categories:\n  a: # allow: homograph\n  - lead\n  - may\n", []),
    ("not the next one", "categories:\n  a: [lead] # allow: homograph\n  b: [may]\n", ["W506:3"]),
    ("all categories", "categories: # allow: homograph\n  a: [lead]\n  b: [may]\n", []),
    ("above a category", "categories:\n  # allow: homograph\n  a:\n  - lead\n  - may\n", []),
    (
        "the whole of match",
        f"categories:\n  a:\n{TESTS}    match:  # allow: homograph\n    - lead\n    - may\n",
        [],
    ),
    ("a list in brackets", "categories:\n  a: [lead, # allow: homograph\n    may\n  ]\n", []),
    ("in quotes", entries('"lead  # allow: homograph"', "lead"), ["W506:4"]),
    ("in a block", "categories:\n  a:\n  - |-\n    x # allow: short\n  - lead\n", ["W506:5"]),
    ("last of the file", entries("copper") + "# allow: homograph\n", ["W528:4"]),
    ("nothing named", entries("copper  # allow:"), []),
    ("the same name twice", entries("lead  # allow: homograph, homograph"), []),
]


@pytest.mark.parametrize(
    ("text", "expected"), [pytest.param(*case, id=name) for name, *case in ALLOWED]
)
def test_allow(text: str, expected: list[str]) -> None:
    assert sorted(places(text)) == expected


def test_an_unknown_name_is_led_to_the_nearest() -> None:
    text = entries("lead  # allow: homografs, W506")

    hints = [p.hint for p in warnings({"a.yaml": text.encode()}) if p.code == "W527"]

    assert hints == ["did you mean `homograph`?", "write `homograph`"]


# -------------------------------------------------------------------- list files


def test_a_list_file_has_one_warning_of_a_kind() -> None:
    rules = b"lists:\n  l: {file: l.txt}\ncategories:\n  a: [$l]\n"
    words = b"copper\nzinc\ncopper\ncopper\nCOPPER\nlead  # allow: homograph\nmay\nmarch\n"

    found = warnings({"a.yaml": rules}, {"l.txt": words})

    assert [(p.code, p.location.line) for p in found] == [
        ("W501", 3),
        ("W526", 5),
        ("W506", 7),
    ]
    assert found[0].detail == "`copper` is given twice; and 1 more of the kind in this file"


def test_a_list_file_that_is_not_shown_is_looked_at_all_the_same() -> None:
    files = {"a.yaml": b"lists:\n  l: {file: l.txt}\ncategories:\n  a: [$l]\n"}
    rules = compile_rules(parse_rules(files, lambda _: b"copper\ncopper\n"))

    assert [str(p.location) for p in lint(rules, files, TODAY)] == ["l.txt:2:1"]


def test_rows_with_other_ids_are_no_duplicates() -> None:
    rules = b"lists:\n  l: {file: l.csv, id: id}\ncategories:\n  a: [smuggle~ ... $l]\n"

    assert not warnings({"a.yaml": rules}, {"l.csv": b"name,id\nKim,1\nKim,2\n"})
    assert warnings({"a.yaml": rules}, {"l.csv": b"name,id\nKim,1\nKim,1\n"})


# ---------------------------------------------------------------------- as a whole


def test_a_category_that_does_more_than_list_words_deserves_a_test() -> None:
    bare = [f"metal of {letter} and more" for letter in "abcdefghijklmnopqrstu"]

    assert places(entries("{word: copper, with: [ton]}")) == ["W510:2"]
    assert places("categories:\n  a: {match: [copper], label: Metals}\n") == ["W510:2"]
    assert places(entries(*bare)) == ["W510:2"]
    assert not places(entries(*bare[:20]))


def test_the_same_doubt_is_shown_a_hundred_times_a_file() -> None:
    text = entries(*(f"1{i} tons" for i in range(150)))

    found = warnings({"a.yaml": text.encode()})
    counted = [problem for problem in found if problem.code == "W522"]

    assert len(counted) == 100
    assert counted[-1].detail.endswith("; and 50 more of the kind in this file")


def test_a_warning_knows_its_lines() -> None:
    (found,) = warnings({"a.yaml": entries("copper", "copper").encode()})

    assert (found.line, found.related[0].line) == ("  - copper", "  - copper")
    assert not found.is_error


def test_each_warning_has_a_name() -> None:
    codes = {code for code in CODES if code.startswith("W") and code < "W590"}

    assert NAMES.keys() == codes
    assert len(CODE_OF) == len(NAMES)
    assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name) for name in CODE_OF)


def test_the_shipped_rules_are_hardly_doubtful() -> None:
    files = snapshot(RULES)
    rules = compile_rules(parse_rules(files, list_reader(RULES)))

    assert len(lint(rules, files, TODAY)) <= 8


@given(data=st.binary(max_size=60))
def test_any_bytes_give_warnings_or_errors(data: bytes) -> None:
    files = {"a.yaml": b"categories:\n  a:\n  - " + data}
    try:
        rules = compile_rules(parse_rules(files))
    except RuleSetError:
        return
    for problem in lint(rules, files, TODAY):
        assert problem.code in NAMES


@given(
    entry=st.lists(st.text("ab~*=$ #1금구铜.-'\"\u200b\u043e", min_size=1, max_size=8), max_size=6)
)
def test_any_keywords_give_warnings_or_errors(entry: list[str]) -> None:
    files = {"a.yaml": entries(*entry).encode()}
    try:
        rules = compile_rules(parse_rules(files))
    except RuleSetError:
        return
    assert all(problem.line for problem in lint(rules, files, TODAY))
