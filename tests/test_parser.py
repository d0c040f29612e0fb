"""Rule files become rules, and each mistake one problem that leads to its place."""
# ruff: noqa: E501 - a file in one string is read more easily

from pathlib import Path
from typing import Final

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ruletag.matching.compiler import compile_rules
from ruletag.problems import CODES, Location, Problem, RuleSetError
from ruletag.rules.loader import parse_rules
from ruletag.rules.model import RuleSet

SHIPPED: Final = sorted((Path(__file__).parent.parent / "rules").glob("*.yaml"))


def read(*files: str) -> RuleSet:
    """Read rule files, called a.yaml, b.yaml and so on."""
    return parse_rules({f"{'abc'[i]}.yaml": text.encode() for i, text in enumerate(files)})


def refused(*files: str) -> list[str]:
    """Give the codes and places of what is wrong with rule files."""
    with pytest.raises(RuleSetError) as caught:
        read(*files)
    return [f"{p.code} {p.location}" for p in caught.value.problems]


# ------------------------------------------------------- one mistake, one problem

# name, files, codes and places
ONE_MISTAKE: Final = [
    ("a key mistyped", ["categories:\n  x:\n    mach: [a]\n"], ["E201 a.yaml:3:5"]),
    ("a merge key", ["categories:\n  x:\n    <<: {match: [a]}\n"], ["E105 a.yaml:3:5"]),
    (
        "a block with an unknown window",
        ["categories:\n  x: [{all: [[a], [b]], within: 5}]\n"],
        ["E206 a.yaml:2:33"],
    ),
    ("a block without a word", ["categories:\n  x: [{none: [a]}]\n"], ["E205 a.yaml:2:7"]),
    ("two things sought", ["categories:\n  x: [{any: [a], all: [b]}]\n"], ["E311 a.yaml:2:18"]),
    (
        "a weight in a group",
        ["categories:\n  x: [{any: [{word: a, weight: 2}]}]\n"],
        ["E201 a.yaml:2:24"],
    ),
    ("a block in a group", ["categories:\n  x: [{all: [{any: [a]}, b]}]\n"], ["E201 a.yaml:2:15"]),
    ("a key of the long form mistyped", ["categories:\n  x: [{wrod: a}]\n"], ["E201 a.yaml:2:8"]),
    ("a guess at `word`", ["categories:\n  x: [{keyword: a}]\n"], ["E201 a.yaml:2:8"]),
    ("`categories` forgotten", ["x: [a]\ny: {match: [b]}\nz: [c]\n"], ["E201 a.yaml:1:1"]),
    ("children inside", ["categories:\n  x: {match: [a], y: [b], z: [c]}\n"], ["E201 a.yaml:2:19"]),
    ("braces for brackets", ["categories:\n  x: {a b, c d}\n"], ["E203 a.yaml:2:6"]),
    ("braces in a list", ["categories:\n  x: [{a b, c d}]\n"], ["E203 a.yaml:2:7"]),
    ("braces as a list", ["lists: {l: {a b, c d}}\ncategories: {x: [$l]}"], ["E203 a.yaml:1:12"]),
    ("a colon in a keyword", ["categories:\n  x:\n  - Police: found\n"], ["E203 a.yaml:3:5"]),
    (
        "a list that is used often and is nowhere",
        ["categories:\n  x: [$l, a ... $l, $l ... b]\n  y: [$l]\n"],
        ["E306 a.yaml:2:7"],
    ),
    (
        "a list whose file cannot be read",
        ["lists: {l: [a]", "categories: {x: [$l]}"],
        ["E101 a.yaml:1:8"],
    ),
    (
        "a list whose file is a list",
        ["- lists", "categories: {x: [$l]}"],
        ["E203 a.yaml:1:1"],
    ),
    (
        "lists under a key mistyped",
        ["listes: {l: [a]}", "categories: {x: [$l]}"],
        ["E201 a.yaml:1:1"],
    ),
    (
        "lists in a list",
        ["lists: [{l: [a]}]", "categories: {x: [$l]}"],
        ["E203 a.yaml:1:8"],
    ),
    (
        "a list name not allowed",
        ["lists: {l-m: [a]}", "categories: {x: [$lm]}"],
        ["E207 a.yaml:1:9"],
    ),
    (
        "a list given twice",
        ["lists: {l: [a], l: [b]}", "categories: {x: [$m]}"],
        ["E104 a.yaml:1:17"],
    ),
    (
        "a list from a file",
        ["lists: {l: {file: a.txt}}\ncategories: {x: [$l]}"],
        ["E110 a.yaml:1:19"],
    ),
    (
        "categories that lead to each other",
        ["categories: {x: [a, $y], y: [{any: [$x, b]}]}"],
        ["E312 a.yaml:1:37"],
    ),
    (
        "a category that leads to its parent",
        ["categories: {x.y: [$x]}"],
        ["E312 a.yaml:1:20"],
    ),
    (
        "lists that lead to each other",
        ["lists: {l: [a, $m], m: [$n], n: [$l]}\ncategories: {x: [$l, $m]}"],
        ["E312 a.yaml:1:34"],
    ),
    (
        "a long form without a word to find",
        ["categories: {x: [{word: '!'}]}"],
        ["E301 a.yaml:1:26"],
    ),
    ("no rules at all", ["version: 1", "categories: {x: [a]}"], ["E111 a.yaml:1:1"]),
]


@pytest.mark.parametrize(
    ("files", "expected"), [pytest.param(*case, id=name) for name, *case in ONE_MISTAKE]
)
def test_one_mistake_is_one_problem(files: list[str], expected: list[str]) -> None:
    assert refused(*files) == expected


# name, files, codes and places
SEVERAL: Final = [
    (
        "all problems of all files",
        ["categories:\n  A: [smuggle ~]\n  b: {match: [], severity: x}\n", "- a", "["],
        [
            "E207 a.yaml:2:3",
            "E303 a.yaml:2:15",
            "E204 a.yaml:3:14",
            "E206 a.yaml:3:28",
            "E203 b.yaml:1:1",
            "E101 c.yaml:1:1",
        ],
    ),
    (
        "a category in two files",
        ["categories: {x: [a]}", "categories: {x: [b]}", "categories: {x: [c]}"],
        ["E401 b.yaml:1:14", "E401 c.yaml:1:14"],
    ),
    ("a list in two files", ["lists: {l: [a]}", "lists: {l: [b]}"], ["E401 b.yaml:1:9"]),
    (
        "a list and a category of one name",
        ["categories: {x: [a]}", "lists: {x: [b]}"],
        ["E402 b.yaml:1:9"],
    ),
    (
        "a list with a gap in a gap",
        ["lists: {l: [a, b ... c]}\ncategories: {x: [$l, 'd ... $l'], y: {match: [d], except: [$l ... e]}}"],
        ["E305 a.yaml:2:29", "E305 a.yaml:2:60"],
    ),
    (
        "lists that are nowhere, in exceptions",
        ["lists: {l: [{word: a, except: [$m]}]}\ncategories: {x: {match: [{word: $l, except: [$n]}], except: [$o]}}"],
        ["E306 a.yaml:1:32", "E306 a.yaml:2:46", "E306 a.yaml:2:62"],
    ),
    (
        "keys of a block that do not go together",
        ["categories:\n  x:\n  - {word: a, at_least: 2, order: any}\n  - {any: [a], case: exact, within: phrase}\n  - {all: [a], times: 2, id: b}\n  - {any: [a, b], at_least: 2, times: 2}\n"],
        [
            *("E311 a.yaml:3:15", "E311 a.yaml:3:28", "E311 a.yaml:4:16", "E311 a.yaml:4:29"),
            *("E311 a.yaml:5:16", "E311 a.yaml:5:26", "E311 a.yaml:6:32"),
        ],
    ),
    (
        "values of a block",
        ["categories:\n  x:\n  - {any: [a, b], at_least: 3}\n  - {word: a, times: 0}\n  - {word: a, in: body}\n  - {all: [], across: commas}\n  - {word: a, with: b c}\n  - {all: [a, b, c, d, e, f, g, h, i]}\n"],
        ["E206 a.yaml:3:29", "E206 a.yaml:4:22", "E206 a.yaml:5:19", "E204 a.yaml:6:11", "E206 a.yaml:6:23", "E203 a.yaml:7:21", "E206 a.yaml:8:11"],
    ),
    (
        "what a category says of itself",
        ["categories:\n  x: {match: [a], ignore: [denied], status: live, review_by: 2027-02-30, links: a, meta: [b]}\n"],
        ["E206 a.yaml:2:28", "E206 a.yaml:2:45", "E206 a.yaml:2:62", "E203 a.yaml:2:81", "E203 a.yaml:2:90"],
    ),
    (
        "cues",
        ["cues: {negated: [no], hypothetical: {before: [a ... b, $l], reach: far}, denied: {}}"],
        ["E203 a.yaml:1:17", "E206 a.yaml:1:47", "E206 a.yaml:1:56", "E206 a.yaml:1:68", "E201 a.yaml:1:74"],
    ),
    (
        "values of the wrong kind",
        ["version: [1]\nlanguage: {a: b}\ncategories:\n  x: {match: a, label: [b], tests: [c], except: {d: e}, threshold: {f: g}}\n"],
        [
            "E206 a.yaml:1:10",
            "E206 a.yaml:2:11",
            "E203 a.yaml:4:14",
            "E203 a.yaml:4:24",
            "E203 a.yaml:4:36",
            "E203 a.yaml:4:49",
            "E203 a.yaml:4:68",
        ],
    ),
    (
        "numbers",
        ["categories:\n  x: {match: [{word: a, weight: 1.2345}, {word: b, weight: ١}], threshold: -1}\n"],
        ["E206 a.yaml:2:33", "E206 a.yaml:2:60", "E206 a.yaml:2:76"],
    ),
    (
        "empty values",
        ["lists: {l: [], m: }\ncategories: {x: , y: [~, '', ' ', null], z: {match: }}"],
        ["E204 a.yaml:1:12", "E204 a.yaml:1:19"]
        + [f"E204 a.yaml:2:{column}" for column in (17, 23, 26, 30, 35, 53)],
    ),
    ("empty mappings", ["lists: {}\ncategories: {}\n"], ["E204 a.yaml:1:8", "E204 a.yaml:2:13"]),
    (
        "names",
        ["categories: {A b: [a], a..b: [a], .a: [a], 밀수: [a], " + "a" * 65 + ": [a]}\n"],
        [f"E207 a.yaml:1:{column}" for column in (14, 24, 35, 44, 53)],
    ),
    (
        "forms",
        ["lists: {l: [a]}\ncategories:\n  x:\n  - {word: a, forms: ['!!', b*, =c, d ... e, \"\\uE000\", ~, f]}\n  - {word: $l, case: exact, forms: none}\n"],
        [f"E{code} a.yaml:4:{column}" for code, column in [(301, 24), (303, 29), (303, 33), (303, 37), (103, 46), (204, 56)]]
        + ["E206 a.yaml:5:22", "E206 a.yaml:5:36"],
    ),
    (
        "sentences",
        ["categories:\n  x:\n    match: [a]\n    tests:\n      tag: ['[[a', 'a]]', '[[]]', '[[ a]]', [[a]], ~]\n      skip: ['[[a]]', {b: c}]\n      todo: [d]\n"],
        [f"E{code} a.yaml:5:{column}" for code, column in [(307, 14), (307, 22), (307, 28), (307, 36), (203, 45), (204, 52)]]
        + ["E307 a.yaml:6:14", "E203 a.yaml:6:23"],
    ),
    (
        "keywords over lines",
        ["categories:\n  x:\n  - a\n    b\n  - 'c\n    d'\n  - |\n    e\n    f\n  y: [a\n    b]\n"],
        ["E310 a.yaml:3:5", "E310 a.yaml:10:7"],
    ),
]  # fmt: skip


@pytest.mark.parametrize(
    ("files", "expected"), [pytest.param(*case, id=name) for name, *case in SEVERAL]
)
def test_problems(files: list[str], expected: list[str]) -> None:
    assert refused(*files) == expected


def test_the_first_of_two_definitions_is_shown() -> None:
    with pytest.raises(RuleSetError) as caught:
        read("lists: {l: [a]}\ncategories: {x: [a]}", "lists: {l: [b]}\ncategories: {x: [b]}")

    shown = [(p.detail, p.related[0].location, p.related[0].line) for p in caught.value.problems]
    assert shown == [
        (
            "list `l` is defined twice: here and in a.yaml:1",
            Location("a.yaml", 1, 9, 1),
            "lists: {l: [a]}",
        ),
        (
            "category `x` is defined twice: here and in a.yaml:2",
            Location("a.yaml", 2, 14, 1),
            "categories: {x: [a]}",
        ),
    ]


# -------------------------------------------------------------------- what to do

# name, a file, what the hint says
HINTS: Final = [
    ("patterns", "categories: {x: {patterns: [a]}}", "the key is called `match`"),
    ("words", "categories: {x: {Words: [a]}}", "the key is called `match`"),
    ("terms", "categories: {x: {terms: [a]}}", "the key is called `match`"),
    ("exclude", "categories: {x: {match: [a], exclude: [b]}}", "the key is called `except`"),
    ("not", "categories: {x: {match: [a], not: [b]}}", "the key is called `except`"),
    ("not in an entry", "categories: {x: [{word: a, not: [b]}]}", "`except` is for phrases"),
    ("not in a list", "lists: {l: [{word: a, not: [b]}]}\ncategories: {x: [$l]}", "`except`"),
    ("exclude in an entry", "categories: {x: [{word: a, Exclude: [b]}]}", "`none` for words"),
    ("status: yes", "categories: {x: {match: [a], status: yes}}", "did you mean `on`?"),
    ("status: False", "categories: {x: {match: [a], status: False}}", "did you mean `off`?"),
    ("a category misspelt", "categories: {x: [$smugling], smuggling: [a]}", "mean `$smuggling`?"),
    ("a list misspelt", "lists: {metals: [a]}\ncategories: {x: [$metls]}", "mean `$metals`?"),
    ("a parent misspelt", "categories: {x: [$comodities], commodities.a: [a]}", "`$commodities`?"),
    ("a name like no other", "categories: {x: [$metals]}", "define it: `lists: {metals:"),
    ("a tilde inside", "categories: {x: [pro~test]}", "write `protest~`; `\\~`"),
    ("a tilde inside, and at the end", "categories: {x: [pro~te~st~]}", "write `protest~`"),
    ("a tilde and a star inside", "categories: {x: ['pro~te*st']}", "`\\~` is the character"),
    ("title", "categories: {x: {match: [a], title: b}}", "the key is called `label`"),
    ("should-match", "categories: {x: {match: [a], tests: {should-match: [a]}}}", "`tag`"),
    ("rules", "rules: {x: [a]}", "the key is called `categories`"),
    ("a key of a category in the file", "match: [a]\n", "`match` belongs in a category"),
    ("a key that nothing is like", "categories: {x: {match: [a], q: b}}", "known keys: match, "),
    ("text for a list", "categories: {x: {match: 'a, b'}}", "`[a, b]`"),
    ("a bullet", "categories: {x: • a}", "write a space after each `-`"),
    ("a sentence for a list", "categories: {x: {match: [a], tests: {tag: A b.}}}", "after `- `"),
    ("a name with dots", "categories: {'..Raw-Metals. x.': [a]}", "`raw_metals.x`"),
    ("a list name", "lists: {Raw Metals: [a]}", "`raw_metals`"),
    ("a list name in Korean", "lists: {밀수: [a]}", "in Latin letters"),
    ("English", "language: ENGLISH\ncategories: {x: [a]}", "write `en`"),
    ("EN", "language: EN\ncategories: {x: [a]}", "write `en`"),
    ("a language without a code", "language: 1\ncategories: {x: [a]}", ""),
    ("a plus", "categories: {x: [{word: a, weight: +0.5}]}", "write `0.5`"),
    ("a colon", "categories:\n  x:\n  - it's: so\n", '"it\'s: so"'),
    ("a colon and a list", "categories:\n  x:\n  - a: [b]\n", "needs quotes"),
    ("a mapping for text", "categories: {x: {match: [a], label: {a: b, c: d}}}", "needs quotes"),
    ("a list for text", "categories: {x: {match: [[a]]}}", "on a line of its own"),
    ("an empty list for text", "categories: {x: {match: [[]]}}", "on a line of its own"),
    ("a mapping for a list", "lists: {l: {a: b}}", "`[smuggle~, smuggler]`"),
    ("a list that is not there", "categories: {x: [$metals]}", "define it"),
    ("a list mistyped", "lists: {metals: [a]}\ncategories: {x: [$metal]}", "did you mean `$metals`"),
    ("a star glued on both sides", "categories: {x: ['smug*gle']}", "write `smug*`"),
    ("a star behind two letters, inside", "categories: {x: ['sm*gle']}", r"`\*` is the character"),
    ("an escaped mark and a stray one", r"categories: {x: ['a\~~~']}", r"`\~` is the character"),
    ("dots alone", "categories: {x: ['a .. b']}", "write `...`"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "hint"), [pytest.param(*case, id=name) for name, *case in HINTS])
def test_hints(text: str, hint: str) -> None:
    with pytest.raises(RuleSetError) as caught:
        read(text)

    (problem,) = caught.value.problems
    assert hint in problem.hint
    assert bool(hint) == bool(problem.hint)


def test_many_strange_keys_are_told_soon() -> None:
    text = "".join(f"k{i}: [a]\n" for i in range(20_000))

    assert refused(text) == ["E201 a.yaml:1:1"]


def test_many_problems_are_told_soon() -> None:
    text = "categories:\n" + "".join(f"  X{i}: {{mach: [a]}}\n" for i in range(20_000))

    found = refused(text)

    assert len(found) == 1001
    assert found[-1] == "E498 "


# -------------------------------------------------------------------- any bytes

words = st.sampled_from(
    [
        "categories", "lists", "match", "x", "metals", "word", "forms", "weight", "tests", "tag", "skip",
        "smuggle~", "smuggl*", "$metals", "=WPK", "a ... b", "[[a]]", "~", "0.5", "밀수", "¹", "\u3164", "\u0301",
        ": ", "- ", ", ", "[", "]", "{", "}", "'", '"', "\n", "\n  ", "\n    ", "#", "*", "&", "!", "|", "\\", "\t",
    ]
)  # fmt: skip
files = st.sampled_from([path.read_bytes() for path in SHIPPED])


@st.composite
def mutated_files(draw: st.DrawFn) -> bytes:
    """A shipped rule file with a few stretches replaced."""
    content = draw(files)
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(content)))
        end = start + draw(st.integers(0, 20))
        new = draw(st.binary(max_size=3) | words.map(str.encode))
        content = content[:start] + new + content[end:]
    return content


trees = st.recursive(
    st.none() | st.text("ab~*=$. 밀", max_size=6) | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=8,
)


@st.composite
def wrong_rules(draw: st.DrawFn) -> bytes:
    """A file with the right keys and any values; what Python writes is YAML, nearly."""
    name = st.sampled_from(["match", "label", "severity", "threshold", "except", "tests"])
    categories = st.dictionaries(words, trees | st.dictionaries(name, trees), max_size=3)
    rules = {"categories": draw(categories), "lists": draw(st.dictionaries(words, trees))}
    return repr(rules).encode()


@given(
    st.binary()
    | st.lists(words, max_size=30).map("".join).map(str.encode)
    | mutated_files()
    | wrong_rules()
)
@example(b"categories: {x: [{word: a, forms: ['!!']}]}")
@example("categories: {x: ['¹']}".encode())
@example(b"lists: {l: [{word: a, except: [$m]}]}\ncategories: {x: [$l]}")
@example(b'categories: {x: ["\\ue000"]}')
def test_any_bytes_give_rules_or_problems(content: bytes) -> None:
    assert all(problem.code in CODES for problem in problems_of(content))


def problems_of(content: bytes) -> tuple[Problem, ...]:
    """Give the problems of a rule file, compiled too; none if it can be used."""
    try:
        compile_rules(parse_rules({"a.yaml": content}))
    except RuleSetError as error:
        return error.problems
    return ()
