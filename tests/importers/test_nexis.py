"""Search queries become rules that find what the queries find, and nothing else."""

from typing import Final

import pytest
from hypothesis import given

from importers.queries import DOCUMENTS, QUERIES, Asked, Document, answers, as_text
from ruletag.matching.compiler import CompiledRules, compile_rules
from ruletag.matching.tagger import tag
from ruletag.rules.importers import nexis
from ruletag.rules.importers.rulefile import Imported, Source, write
from ruletag.rules.loader import parse_rules


def imported(text: str) -> Imported:
    return nexis.read(Source(text.encode(), "", "found"))


def compiled(found: Imported) -> CompiledRules:
    return compile_rules(parse_rules({"a.yaml": write(found).encode()}))


@given(asked=QUERIES, document=DOCUMENTS)
def test_a_rule_finds_what_the_query_finds(asked: Asked, document: Document) -> None:
    found = imported(str(asked))
    lost = [remark for remark in found.all_remarks if not remark.carried]
    if not any(category.entries for category in found.categories):
        assert lost
        return

    tagged = bool(tag(compiled(found), *as_text(document)).categories)

    if lost:  # an alternative is missing, so the rule may find less, never more
        assert answers(asked, document) or not tagged
    else:
        assert tagged == answers(asked, document)


# --------------------------------------------------------------------- tables

METALS: Final = """aluminium antimony cobalt gallium germanium lithium magnesium manganese
    molybdenum tungsten vanadium zirconium ytterbium yttrium""".split()

# name, query, the lines of the rule
CARRIED: Final[list[tuple[str, str, list[str]]]] = [
    ("a word", "copper", ["- copper"]),
    ("words side by side", "border closure", ["- border closure"]),
    ("curly quotation marks", "“border closure”", ["- border closure"]),
    ("connectors in quotation marks", '"supply and demand"', ["- supply and demand"]),
    ("marks of ours", "$500 or ~x9", ["- \\$500", "- \\~x9"]),
    ("a number with a comma", "10,000 tons", ["- 10,000 tons"]),
    ("square brackets", "[copper]", ["- copper"]),
    ("capitals", "copper OR zinc", ["- copper", "- zinc"]),
    ("andnot", "copper ANDNOT zinc", ["- any: [copper]", "none: [zinc]", "within: document"]),
    ("but with not", "copper not zinc", ["- any: [copper]", "none: [zinc]", "within: document"]),
    (
        "excluded twice",
        "copper not zinc and not tin",
        ["- any: [copper]", "none: [zinc, tin]", "within: document"],
    ),
    ("the same twice", "copper and copper", ["- copper"]),
    ("one inside the other", "(copper or zinc) and copper", ["- copper"]),
    ("one in the title", "hd=copper and copper", ["- any: [copper]", "in: title"]),
    ("a slash", "copper /3 zinc", ["- all: [[copper], [zinc]]", "within: 3 words"]),
    ("near with a slash", "copper NEAR/5 zinc", ["- all: [[copper], [zinc]]", "within: 5 words"]),
    ("near without one", "copper near5 zinc", ["- all: [[copper], [zinc]]", "within: 4 words"]),
    ("n between slashes", "copper /n2/ zinc", ["- all: [[copper], [zinc]]", "within: 1 word"]),
    (
        "plus",
        "copper +3 zinc",
        ["- all: [[copper], [zinc]]", "within: 3 words", "order: as_written"],
    ),
    (
        "in order in a sentence",
        "copper +s zinc",
        ["- all: [[copper], [zinc]]", "within: sentence", "order: as_written"],
    ),
    ("same", "copper same zinc", ["- all: [[copper], [zinc]]", "within: paragraph"]),
    (
        "three in a sentence",
        "copper w/s zinc /s tin",
        ["- all: [[copper], [zinc], [tin]]", "within: sentence"],
    ),
    ("side by side", "(scrap or ore) adj metal", ["- scrap metal", "- ore metal"]),
    ("adj1", "scrap adj1 metal", ["- scrap metal"]),
    ("near1", "scrap near1 metal", ["- scrap metal", "- metal scrap"]),
    ("at least, without brackets", "atleast3 copper", ["- any: [copper]", "times: 3"]),
    (
        "at least, and not",
        "atleast3 copper and not tin",
        ["- any: [copper]", "times: 3", "none: [tin]", "within: document"],
    ),
    ("at least once", "ATLEAST1(copper)", ["- copper"]),
    (
        "both in the title",
        "TITLE(copper and zinc)",
        ["- all: [[copper], [zinc]]", "within: document", "in: title"],
    ),
    (
        "counted in the title",
        "HEADLINE(ATLEAST2(copper))",
        ["- any: [copper]", "times: 2", "in: title"],
    ),
    ("capitals only", "ALLCAPS(wpk)", ['- "=WPK"']),
    ("some capitals", "CAPS(china)", ['- "=China"', '- "=CHINA"']),
    (
        "or outside of and",
        "copper or (zinc and tin)",
        ["- copper", "- all: [[zinc], [tin]]", "within: document"],
    ),
    (
        "or inside of and",
        "copper and (zinc or (tin w/s lead))",
        [
            "- all: [[copper], [zinc]]",
            "within: document",
            "found.part_1:",
            "threshold: 2",
            "match:",
            "- any: [copper]",
            "- all: [[tin], [lead]]",
            "within: sentence",
        ],
    ),
    (
        "many words",
        f"({' or '.join(METALS[:5])}) w/s ({' or '.join(METALS[5:])})",
        [
            "- all:",
            "- [aluminium, antimony, cobalt, gallium, germanium]",
            f"- [{', '.join(METALS[5:-1])},",
            f"{METALS[-1]}]",
            "within: sentence",
        ],
    ),
    (
        "what Factiva reads otherwise",
        "copper or zinc and tin same lead",
        [
            "- copper",
            "found.part_1:",
            "threshold: 2",
            "match:",
            "- any: [zinc]",
            "- all: [[tin], [lead]]",
            "within: paragraph",
        ],
    ),
]

# name, query, line and column, what is said
NOT_CARRIED: Final[list[tuple[str, str, tuple[int, int], str]]] = [
    ("a bracket left open", "copper and (zinc", (1, 12), "`(`: this bracket is never closed"),
    ("a bracket too many", "copper) or zinc", (1, 7), "`)`: this bracket closes nothing"),
    ("nothing in brackets", "()", (1, 2), "`)`: nothing stands before it"),
    ("nothing at the end", "copper and", (1, 10), "`d`: something is missing at the end"),
    ("nothing between", "copper and or zinc", (1, 12), "`or`: nothing stands before it"),
    ("no connector", "(copper or tin) zinc", (1, 17), "no connector stands before this"),
    ("no connector in brackets", "((copper) tin)", (1, 11), "no connector stands before this"),
    ("a comma", "copper, zinc", (1, 7), "`,`: this sign is no part of a query"),
    ("a comma in front", ", zinc", (1, 1), "`,`: this sign is no part of a query"),
    ("a quotation mark", 'copper or "zinc', (1, 11), "this sign is no part of a query"),
    ("not near", "rico not w/5 puerto", (1, 10), "`w/5`: `not` before it has no counterpart"),
    ("a segment", "copper w/seg zinc", (1, 8), "this connector has no counterpart"),
    ("near without a number", "copper near zinc", (1, 8), "this connector has no counterpart"),
    ("only what is excluded", "not copper", (1, 1), "`not`: nothing stands before it"),
    ("an inner wildcard", "wom?n and copper", (1, 1), "`wom?n`: a wildcard can only"),
    ("two stars", "bank**", (1, 1), "a wildcard can only stand for the end of a word"),
    ("a star alone", "* and copper", (1, 1), "`*`: a star alone"),
    ("too little before it", "ab!", (1, 1), "at least 3 letters before the star"),
    ("some letters more", "engineer$3", (1, 1), "`$` with a number"),
    ("nothing to find", '"&" or copper', (1, 1), "holds no letter and no digit"),
    ("dots", '"copper ... zinc"', (1, 1), "dots would make a gap of it"),
    ("a chain of distances", "copper w/5 zinc w/5 tin", (1, 1), "a rule has one distance for all"),
    ("two distances", "(copper w/5 zinc) w/s tin", (1, 2), "can only be words and `or`"),
    ("and near a word", "(copper and zinc) w/5 tin", (1, 2), "can only be words and `or`"),
    ("many phrases", "(a or b or c or d or e) adj (f or g or h or i)", (1, 1), "than 16 phrases"),
    ("case in a phrase", "ALLCAPS(a) adj b", (1, 1), "a case that is marked"),
    ("case of a star", "ALLCAPS(smuggl!)", (1, 1), "a star looks at no case"),
    ("a plural", "PLURAL(copper)", (1, 1), "`plural` has no counterpart"),
    ("too many", "ATLEAST500(copper)", (1, 1), "counts go from 1 to 100"),
    ("a field", "la=en", (1, 1), "select them before tagging"),
    ("nothing but fields", "la=en and wc>200", (1, 1), "select them before tagging"),
    ("an excluded wildcard", "copper and not (zinc or t?n)", (1, 25), "excluded: a wildcard"),
    ("excluded from the excluded", "copper not (zinc not tin)", (1, 13), "does not fit one entry"),
    (
        "many ways",
        " and ".join(["((a w/s b) or (c w/s d) or (e w/s f))"] * 3),
        (1, 1),
        "more than 16 entries",
    ),
    ("words that may be one", '"north korea" and korea', (1, 1), "a rule needs two words"),
    ("nine groups", "a /s b /s c /s d /s e /s f /s g /s h /s i", (1, 1), "more than 8 groups"),
    ("deep brackets", "(" * 5000 + "copper" + ")" * 5000, (1, 31), "more than 30 brackets"),
    ("near one of many", "(tin or (a w/s b)) w/5 ore", (1, 2), "; only the words are carried"),
    ("no alternative", "wom?n or t?n", (1, 1), "none of the alternatives can be carried"),
    ("on the second line", "copper and\n  (zinc", (2, 3), "this bracket is never closed"),
]

# name, query, what is noted
NOTED: Final = [
    ("or before and", "copper or zinc and tin", "`copper or zinc`", "as in Nexis"),
    ("or before near", "copper or zinc w/s tin", "`copper or zinc`", "as in Nexis"),
    ("and before and not", "copper and not zinc and tin", "`zinc and tin`", "as in Nexis"),
    ("and before or", "hd=lead or zinc and tin", "`zinc and tin`", "as in Factiva"),
    ("not before and", "hd=lead and zinc not tin and ore", "`zinc not tin`", "as in Factiva"),
]


def body(found: Imported) -> list[str]:
    """Give the lines of the categories, without comments and the first one's name."""
    lines = write(found).partition("categories:\n")[2].splitlines()
    return [line.strip() for line in lines if not line.lstrip().startswith("#")][1:]


@pytest.mark.parametrize(
    ("query", "lines"), [pytest.param(*case, id=name) for name, *case in CARRIED]
)
def test_what_is_carried(query: str, lines: list[str]) -> None:
    found = imported(query)

    assert body(found) == lines
    assert all(remark.carried for remark in found.all_remarks)
    assert compiled(found).categories


@pytest.mark.parametrize(
    ("query", "place", "why"), [pytest.param(*case, id=name) for name, *case in NOT_CARRIED]
)
def test_what_is_not_carried(query: str, place: tuple[int, int], why: str) -> None:
    remarks = [remark for remark in imported(query).all_remarks if not remark.carried]

    assert any(why in str(remark) and remark[:2] == place for remark in remarks), remarks


@pytest.mark.parametrize(
    ("query", "piece", "why"), [pytest.param(*case, id=name) for name, *case in NOTED]
)
def test_what_is_noted(query: str, piece: str, why: str) -> None:
    (remark,) = imported(query).all_remarks

    assert remark.carried
    assert f"note: {piece}" in str(remark)
    assert why in str(remark)


def test_queries_of_a_file_are_told_apart() -> None:
    text = "copper and\nzinc\n\ntrade.metals: tin\n  or lead\n# no query\niron\n\n(ore\nor\n\nsteel"

    found = {c.id: len(c.entries) for c in imported(text).categories}

    assert found == {"found": 1, "found.trade.metals": 4}


def test_a_name_in_other_letters_becomes_a_label() -> None:
    found = nexis.read(Source("밀수: smuggl!\n밀수품: contraband".encode(), "desk.txt"))

    assert [(c.id, c.label) for c in found.categories] == [
        ("category", "밀수"),
        ("category_2", "밀수품"),
    ]
