"""Lists in files of their own: one keyword a line, or a table."""

from collections.abc import Sequence
from fractions import Fraction
from typing import Final

import pytest

from ruletag.problems import RuleSetError
from ruletag.rules.loader import parse_rules
from ruletag.rules.model import Line, Phrase, RuleSet, Word


def read(definition: str, name: str, content: str | bytes) -> RuleSet:
    """Read a rule file in a folder ``sub``, with one list file beside or below it."""
    files = {name: content.encode() if isinstance(content, str) else content}
    rules = f"lists: {{l: {definition}}}\ncategories: {{x: [$l]}}"

    def read_list(asked: str) -> bytes:
        if asked not in files:
            raise FileNotFoundError(2, "No such file or directory", asked)
        return files[asked]

    return parse_rules({"sub/a.yaml": rules.encode()}, read_list)


def lines(definition: str, name: str, content: str) -> Sequence[Line]:
    """Give the lines of the list."""
    return read(definition, name, content).lists[0].lines


def test_a_text_file_has_keywords_with_their_marks() -> None:
    text = "# goods\ncopper\n\n  smuggle~ ... zinc   # a gap\nC#\n=Pb\r\n국경 봉쇄\n"

    found = lines("{file: goods.txt}", "sub/goods.txt", text)

    assert [line.keyword.written for line in found] == [
        "copper", "smuggle~ ... zinc", "C#", "=Pb", "국경 봉쇄",
    ]  # fmt: skip
    assert str(found[1].keyword.location) == "sub/goods.txt:4:3"
    assert len(found[1].keyword.parts) == 2


def test_a_table_has_literal_cells() -> None:
    table = 'code,name\nA,"Wonsan, city"\nB,what~ is*\n,plain\n'

    found = lines("{file: ../t.csv, column: name, id: code, forms: none}", "t.csv", table)

    assert [(line.keyword.written, line.ids) for line in found] == [
        ("Wonsan, city", ("A",)),
        ("what~ is*", ("B",)),
        ("plain", ()),
    ]
    words = (Word("what~"), Word("is*"))
    assert found[1].keyword.parts == (Phrase(words, exact=False, forms="none"),)
    assert str(found[1].keyword.location) == "t.csv:3:1"


def test_columns_say_what_marks_would() -> None:
    table = "word,id,case,forms,weight\nlead,HS-78,exact,none,0.5\nban,,,verb,\n"

    lead, ban = lines("{file: t.csv, case: any}", "sub/t.csv", table)

    assert lead.keyword.parts == (Phrase((Word("lead"),), exact=True, forms="none"),)
    assert (lead.ids, lead.weight) == (("HS-78",), Fraction(1, 2))
    assert ban.keyword.parts == (Phrase((Word("ban"),), exact=False, forms="verb"),)
    assert (ban.ids, ban.weight) == ((), None)


def test_the_file_is_part_of_the_digest() -> None:
    one, other = (read("{file: t.txt}", "sub/t.txt", word) for word in ("a", "b"))

    assert one.digest != other.digest
    assert [file.name for file in one.files] == ["sub/a.yaml", "sub/t.txt"]


# name, the list, name of the file, its content, the problem
PROBLEMS: Final[list[tuple[str, str, str, str | bytes, str]]] = [
    ("no such file", "{file: b.txt}", "sub/a.txt", "a", "E110 `b.txt`: no such file"),
    ("outside", "{file: ../../a.txt}", "a.txt", "a", "E110 `../../a.txt`: it must lie in the rule"),
    ("an absolute path", "{file: /a.txt}", "a.txt", "a", "E110 `/a.txt`: it must lie in the rule"),
    ("backslashes", "{file: 'b\\a.txt'}", "a.txt", "a", "E110 `b\\a.txt`: it must lie in the rule"),
    ("another kind of file", "{file: a.xlsx}", "a.xlsx", "a", "a list file ends in `.txt`"),
    ("hidden", "{file: .a.txt}", "sub/.a.txt", "a", "hidden files are passed over"),
    ("nothing in it", "{file: a.txt}", "sub/a.txt", "# none\n", "E111 the list holds no words"),
    ("not UTF-8", "{file: a.txt}", "sub/a.txt", b"caf\xe9", "E102 byte 0xE9 is not UTF-8"),
    ("a bad keyword", "{file: a.txt}", "sub/a.txt", "a\nsm*\n", "sub/a.txt:2:1: E304"),
    ("no such column", "{file: a.csv, column: nmae}", "sub/a.csv", "name\na\n", "mean `name`?"),
    ("an open quotation", "{file: a.csv}", "sub/a.csv", 'name\n"a\n', "E112 not readable as CSV"),
    ("a name twice", "{file: a.csv}", "sub/a.csv", "w, w\na,b\n", "E112 2 columns are named `w`"),
    ("ids twice", "{file: a.csv}", "sub/a.csv", "w,id,id\na,1,2\n", "2 columns are named `id`"),
    ("a bare comma", "{file: a.csv}", "sub/a.csv", "w,id\na, b,7\n", "sub/a.csv:2:1: E112 the row"),
    ("a row without a word", "{file: a.csv}", "sub/a.csv", "name,id\n,7\n", "sub/a.csv:2:1: E204"),
    ("a bad value", "{file: a.csv}", "sub/a.csv", "name,forms\na,all\n", "`forms` can be none"),
    ("a bad weight", "{file: a.csv}", "sub/a.csv", "name,weight\na,1.2345\n", "three decimals"),
]  # fmt: skip

# name, the content of a table that is read though it is not as it should be
TOLERATED: Final = [
    ("blank cells under no name", "word,id\ncopper,7,, \nzinc\n"),
    ("columns without a name", "word,id,,\ncopper,7,,\nzinc,,a,b\n"),
    ("two columns of one name that nobody reads", "word,note,note\ncopper,a,b\nzinc,,\n"),
]


@pytest.mark.parametrize("table", [pytest.param(table, id=name) for name, table in TOLERATED])
def test_tables_as_spreadsheets_write_them(table: str) -> None:
    found = lines("{file: t.csv}", "sub/t.csv", table)

    assert [line.keyword.written for line in found] == ["copper", "zinc"]


@pytest.mark.parametrize(
    ("definition", "name", "content", "problem"),
    [pytest.param(*case, id=name) for name, *case in PROBLEMS],
)
def test_problems(definition: str, name: str, content: str | bytes, problem: str) -> None:
    with pytest.raises(RuleSetError) as caught:
        read(definition, name, content)

    (found,) = caught.value.problems
    assert problem in str(found)
