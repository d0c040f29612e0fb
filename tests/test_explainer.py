"""Explanations say why, and why not, and agree with what tagging says."""

import re
from typing import Any, Final, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ruletag.matching.accounts import MOST_ENTRIES
from ruletag.matching.compiler import CompiledRules, compile_rules
from ruletag.matching.explainer import explain, explainable
from ruletag.matching.reasons import EntryReport, Explanation, Place, Reason, short
from ruletag.matching.tagger import tag
from ruletag.problems import Location, ProblemLog
from ruletag.rules.keywords import KeywordReader
from ruletag.rules.loader import parse_rules
from ruletag.rules.model import Phrase
from strategies import SEEN, SIGNS, WORDS, Rules, as_yaml, phrases, words


def compiled(rules: str | bytes) -> CompiledRules:
    content = rules.encode() if isinstance(rules, str) else rules
    return compile_rules(parse_rules({"a.yaml": content}))


def explained(match: str, text: str, title: str = "") -> Explanation:
    """Explain category a; ``match`` is what stands behind its id."""
    (explanation,) = explain(compiled(f"categories:\n  a: {match}\n"), text, title, ["a"])
    return explanation


def first(match: str, text: str, title: str = "") -> EntryReport:
    return explained(match, text, title).entries[0]


# ---------------------------------------------------------------- the reasons


class Row(NamedTuple):
    name: str
    match: str
    text: str
    code: str
    phrase: str


METALS: Final = "[copper, zinc]"
BOTH: Final = "{match: [{all: [[copper], [smuggle~]]%s}]}"
GAP: Final = "[strip~ ... membership]"

ROWS: Final = [
    # It counts.
    Row("counted", "[copper]", "A copper pipe.", "counted", "`copper` at 1:3 adds 1"),
    Row("counted once", "[copper]", "Copper, copper.", "counted", "1 further match adds nothing"),
    Row("counted in part", "[{word: copper, weight: 0.5}]", "Copper.", "counted", "adds 0.5"),
    Row("taken away", "[{word: copper, weight: -2}]", "Copper.", "counted", "takes 2 away"),
    # Cancelled, hidden.
    Row(
        "an exception of the category",
        "{match: [copper], except: [copper thief]}",
        "The copper thief ran.",
        "cancelled",
        "`copper` at 1:5 is found but cancelled by the exception `copper thief` at 1:5",
    ),
    Row(
        "an exception of the entry",
        "[{word: copper, except: [copper thief]}]",
        "A copper thief.",
        "cancelled",
        "the exception `copper thief` at 1:3",
    ),
    Row(
        "an exception in another form",
        "{match: [lead], except: [lead~ the way]}",
        "He will lead, leading the way. Lead the way.",
        "cancelled",
        "`lead~ the way`, which stands there as `Lead the way` at 1:32",
    ),
    Row(
        "an exception of a word of a group",
        "[{any: [{word: copper, except: [copper thief]}, zinc], weight: 1}]",
        "A copper thief.",
        "cancelled",
        "`copper thief` at 1:3",
    ),
    Row(
        "an exception cancels a part of a gap",
        "{match: [strip~ ... membership], except: [membership fee]}",
        "He was stripped of a membership fee.",
        "cancelled",
        "`membership fee` at 1:22",
    ),
    Row(
        "several are cancelled",
        "{match: [copper], except: [copper thief]}",
        "A copper thief, a copper thief.",
        "cancelled",
        "(and 1 more like it)",
    ),
    # In a context that is ignored.
    Row(
        "negated",
        "{match: [smuggle~], ignore: [negated]}",
        "He did not smuggle it.",
        "negated",
        '`smuggle` at 1:12 is negated by "not" at 1:8',
    ),
    Row(
        "negated behind",
        "{match: [smuggling], ignore: [negated]}",
        "The smuggling never happened.",
        "negated",
        '"never',
    ),
    Row(
        "negated between the parts",
        "{match: [take~ ... into custody], ignore: [negated]}",
        "They took no one into custody.",
        "negated",
        '"no one" at 1:11',
    ),
    Row(
        "hypothetical",
        "{match: [smuggle~], ignore: [hypothetical]}",
        "If they smuggle it, they go.",
        "hypothetical",
        '"If" at 1:1',
    ),
    Row(
        "quoted",
        "{match: [smuggle~], ignore: [quoted]}",
        "“They smuggle it all the time”, he said.",
        "quoted",
        "at 1:2",
    ),
    Row(
        "in capitals",
        "{match: ['=WHO'], ignore: [capitals]}",
        "THE MAN WHO CAME",
        "capitals",
        "all in capitals",
    ),
    # Vetoed.
    Row(
        "vetoed",
        "{match: [copper], unless: [pipe]}",
        "A copper pipe.",
        "vetoed",
        "`copper` at 1:3 would count but for the veto",
    ),
    # Blocks.
    Row(
        "a group is missing",
        "[{all: [[copper], [smuggle~, seize~]]}]",
        "Copper rose.",
        "group_missing",
        "1 of 2 groups is not found: [`smuggle~`, `seize~`]; found is `Copper` at 1:1",
    ),
    Row(
        "of a long group the first words",
        "[{all: [[copper], [one, two, three, four]]}]",
        "Copper rose.",
        "group_missing",
        "[`one`, `two`, `three`, …]",
    ),
    Row(
        "two groups are missing",
        "[{all: [[copper], [zinc], [tin]]}]",
        "Copper rose.",
        "group_missing",
        "2 of 3 groups are not found: [`zinc`] and [`tin`]",
    ),
    Row(
        "two sentences",
        BOTH % "",
        "Copper is red. It is so. They smuggle it.",
        "not_together",
        "both groups are found, but not in one sentence (sentences 1 and 3)",
    ),
    Row(
        "too far for two sentences",
        BOTH % ", within: 2 sentences",
        "Copper is red. It is so. They smuggle it.",
        "not_together",
        "not within 2 sentences (sentences 1 and 3)",
    ),
    Row(
        "too many words between",
        BOTH % ", within: 3 words",
        "Copper is a metal which they all smuggle.",
        "not_together",
        "6 words between, at most 3",
    ),
    Row(
        "another paragraph",
        BOTH % ", within: paragraph",
        "Copper.\n\nThey smuggle it.",
        "not_together",
        "a blank line lies between",
    ),
    Row(
        "another phrase",
        BOTH % ", within: phrase",
        "For copper, they smuggle.",
        "not_together",
        "`,` at 1:11 lies between",
    ),
    Row(
        "three groups apart",
        "[{all: [[copper], [zinc], [tin]]}]",
        "Copper and zinc. Tin.",
        "not_together",
        "all 3 groups are found, but",
    ),
    Row(
        "the nearest places",
        BOTH % "",
        "They smuggle. Copper is red. It is. Copper.",
        "not_together",
        "the nearest are `smuggle` at 1:6 and `Copper` at 1:15",
    ),
    Row(
        "in the wrong order",
        BOTH % ", order: as_written",
        "They smuggle copper.",
        "wrong_order",
        "`smuggle` at 1:6 before `copper` at 1:14",
    ),
    Row(
        "one word for two groups",
        "[{all: [[copper], [copper, zinc]]}]",
        "Copper rose.",
        "overlapping",
        "one word never fills two",
    ),
    Row(
        "no company anywhere",
        "[{word: copper, with: [smuggle~]}]",
        "Copper rose.",
        "no_company",
        "none of `with` (`smuggle~`) stands anywhere in the text",
    ),
    Row(
        "company too far",
        "[{word: copper, with: [smuggle~]}]",
        "Copper rose. They smuggle.",
        "no_company",
        "the nearest is `smuggle` at 1:19 (sentences 1 and 2)",
    ),
    Row(
        "company in words",
        "[{word: copper, with: [smuggle~], within: 1 words}]",
        "Copper which they smuggle.",
        "no_company",
        "2 words between, at most 1",
    ),
    Row(
        "company that overlaps",
        "[{word: copper, with: [copper wire]}]",
        "A copper wire.",
        "no_company",
        "must stand beside it",
    ),
    Row(
        "a block without company",
        "[{all: [[copper], [zinc]], with: [smuggle~]}]",
        "Copper and zinc. They smuggle.",
        "no_company",
        "`Copper and zinc` at 1:1 lacks its company",
    ),
    Row(
        "disturbed",
        "[{word: copper, none: [roof]}]",
        "Copper for a roof.",
        "disturbed",
        "`Copper` at 1:1 is disturbed by `none`, in one sentence: `roof` at 1:14",
    ),
    Row(
        "disturbed by what overlaps",
        "[{word: copper, none: [copper roof]}]",
        "A copper roof.",
        "disturbed",
        "`copper roof` at 1:3",
    ),
    Row(
        "disturbed between the groups",
        "[{all: [[copper], [zinc]], none: [roof]}]",
        "Copper roof and zinc.",
        "disturbed",
        "`roof` at 1:8",
    ),
    Row(
        "too few words",
        "[{any: [copper, zinc], at_least: 2}]",
        "Copper, copper.",
        "too_few",
        "1 of 2 different words found: `Copper` at 1:1, `copper` at 1:9",
    ),
    Row("too few times", "[{word: copper, times: 3}]", "Copper, copper.", "too_few", "2 of 3"),
    Row(
        "times apart",
        "[{word: copper, times: 2, within: sentence}]",
        "Copper. Copper.",
        "not_together",
        "2 are found, but not in one sentence (sentences 1 and 2)",
    ),
    Row(
        "not in a title",
        "[{word: copper, in: title}]",
        "Copper rose.",
        "not_in_title",
        "there is no title",
    ),
    Row(
        "behind the title",
        "[{word: copper, in: title}]",
        "Prices\n\nCopper rose.",
        "not_in_title",
        "found at 3:1, which is not in the title",
    ),
    # Gaps.
    Row(
        "a part is missing",
        GAP,
        "He was stripped.",
        "part_missing",
        "`membership` of the gap stands nowhere in the text; `stripped` at 1:8 does",
    ),
    Row(
        "too wide",
        GAP,
        "Stripped of his one two three and membership.",
        "gap_too_wide",
        "stand 6 words, at most 5",
    ),
    Row(
        "a comma in a gap",
        GAP,
        "Stripped, his membership ended.",
        "gap_ended",
        "stands `,`, at 1:9, which ends a gap; `across: clauses` lets a gap pass it",
    ),
    Row("a colon in a gap", GAP, "Stripped: membership.", "gap_ended", "stands `:`, at 1:9"),
    Row("a quotation in a gap", GAP, "Stripped “his membership”.", "gap_ended", "`“`, at 1:10"),
    Row(
        "a bracket across clauses",
        f"[{{word: {GAP[1:-1]}, across: clauses}}]",
        "Stripped, (his membership).",
        "gap_ended",
        "stands `(`, at 1:11",
    ),
    Row(
        "a sentence ends in a gap",
        GAP,
        "He was stripped. Membership ended.",
        "gap_ended",
        "the sentence ends, at 1:17",
    ),
    Row(
        "the wrong order in a gap",
        GAP,
        "Membership was stripped.",
        "gap_order",
        "`Membership` at 1:1 does not stand behind `stripped` at 1:16",
    ),
    Row(
        "a gap in pieces",
        "[copper ... zinc ... tin]",
        "Copper or zinc. Zinc or tin.",
        "gap_in_pieces",
        "never all in one stretch",
    ),
    # Near misses.
    Row(
        "another form",
        "[smuggle]",
        "They were smuggling.",
        "other_form",
        "`smuggling` at 1:11; your keyword is `smuggle`, write `smuggle~`",
    ),
    Row("an irregular form", "[lose]", "They lost it.", "other_form", "write `lose~`"),
    Row("a form of a form", "[smuggling]", "They smuggled.", "other_form", "write `smuggle~`"),
    Row("a doubled form", "[banning]", "They banned it.", "other_form", "write `ban~`"),
    Row("a form, having the base", "[argued]", "They argue.", "other_form", "write `argue~`"),
    Row("a plural that is not sought", "['=WPK']", "WPKs", "other_form", "allows no other form"),
    Row("no forms", "[{word: ship, forms: none}]", "Ships.", "other_form", "`forms: none`"),
    Row("own forms", "[{word: ship, forms: [boat]}]", "Ships.", "other_form", "`forms`"),
    Row("UK spelling", "[{word: labour, forms: none}]", "A labor.", "other_form", "`labor` at 1:3"),
    Row("the singular", "[coppers]", "A copper.", "other_form", "write `copper`, which finds"),
    Row(
        "a verb in a phrase",
        "[close the border]",
        "They closed the border.",
        "other_form",
        "`closed the border` at 1:6; your keyword is `close the border`, write `close~ the border`",
    ),
    Row(
        "a plural in a phrase",
        "[border closure]",
        "The borders closure.",
        "other_form",
        "write `borders closure`",
    ),
    Row("another case", "['=WPK']", "The wpk met.", "case", "`wpk` at 1:5; its case must be"),
    Row("another case of a phrase", "['=Big Ben']", "A big ben.", "case", "`big ben` at 1:3"),
    Row("without its dots", "[U.S.]", "Tell us.", "case", "must be in capitals"),
    Row("misspelled", "[government]", "A goverment.", "spelling", "`goverment` at 1:3"),
    Row("exchanged letters", "[smuggler]", "A smuglger.", "spelling", "`smuglger` at 1:3"),
    Row("an added letter", "[metal]", "A mettal.", "spelling", "`mettal` at 1:3"),
    Row("a changed letter", "[copper]", "A copter.", "spelling", "`copter` at 1:3"),
    Row("a longer word", "[copper]", "A copperplate.", "longer_word", "write `copper*`"),
    Row("a longer word than a verb", "[smuggle~]", "Smugglers.", "longer_word", "`smuggle*` too,"),
    Row("a longer word, capitals", "['=Copper']", "Copperplate.", "longer_word", "`Copper*`"),
    Row("inside a Hangul word", "[밀수]", "비밀수사", "inside_word", "must begin a word"),
    Row("a single syllable", "[금]", "금니", "inside_word", "a single syllable needs"),
    Row("inside katakana", "[ガス]", "ガスタンク", "inside_word", "longer katakana word"),
    Row(
        "words apart",
        "[copper wire]",
        "A copper made wire.",
        "apart",
        "`copper` at 1:3, `wire` at 1:15; write the gap `copper ... wire`",
    ),
    Row(
        "words apart, the other way",
        "[copper wire]",
        "A wire of copper.",
        "apart",
        "`all` finds words in one sentence",
    ),
    Row("Hangul words apart", "[국경 봉쇄]", "국경 그 봉쇄", "apart", "`국경` at 1:1"),
    Row(
        "a sign between",
        "[border closure]",
        "The border, closure.",
        "sign_between",
        "`border, closure` at 1:5; a sign between its words ends a phrase",
    ),
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_names_the_reason(row: Row) -> None:
    reasons = first(row.match, row.text).reasons
    if row.name == "an exception in another form":
        reasons = reasons[1:]

    assert (reasons[0].code, row.phrase) == (row.code, row.phrase)
    assert row.phrase in reasons[0].detail


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_places_are_in_the_text_as_sent(row: Row) -> None:
    for place in places(explained(row.match, row.text)):
        assert row.text[place.start : place.end] == place.text


def test_a_shorter_match_is_hidden() -> None:
    _, hidden = explained("[copper, copper wire]", "A copper wire.").entries

    assert hidden.reasons[0].code == "hidden"
    assert "a longer match of the category: `copper wire` at 1:3" in hidden.reasons[0].detail


def test_an_equal_match_is_hidden() -> None:
    reports = explained("[copper, coppers]", "Some coppers.").entries

    assert [report.counts for report in reports] == [True, False]
    assert "an equal match of the category" in reports[1].reasons[0].detail


def test_a_missing_group_has_a_hint() -> None:
    _, hint = first("[{all: [[copper], [smuggle]]}]", "Smuggling copper.").reasons

    assert (hint.code, hint.write) == ("other_form", "smuggle~")


def test_what_is_found_beside_a_missing_group_may_be_cancelled() -> None:
    rule = "{match: [{all: [[gold], [market]]}], except: [gold medal]}"

    gone, left = (first(rule, f"A gold medal{rest}.").reasons[0].detail for rest in ("", ", gold"))

    assert gone.endswith("found is `gold` at 1:3, cancelled by the exception `gold medal` at 1:3")
    assert left.endswith("found is `gold` at 1:3")


def test_a_missing_part_of_a_gap_has_a_hint() -> None:
    _, hint = first("[strip ... membership]", "He stripped the membership.").reasons

    assert (hint.code, hint.write) == ("other_form", "strip~")


# Words as a keyword may have them, and as a text may: in other forms, longer, without signs.
KEYWORD_WORDS: Final = {
    "copper": "coppers copperplate coper copper",
    "=Copper": "copper copperplate coppers",
    "smuggle~": "smuggled smugglers smuggle",
    "smuggled": "smuggle smuggling",
    "close": "closed closing close",
    "borders": "border borders",
    "U.S.": "us U.S.",
    r"C\*": "c c's",
    r"\$500": "500 500s",
    r"\=ship": "ship ships shipped shipment",
    r"\$close\~": "close closes closed closely",
    r"a\\b": "a",
    r"seize\~~": "seized seizures",
    "é": "és",
    "x =": "x xs",
}


@st.composite
def keyword_and_text(draw: st.DrawFn) -> tuple[str, str]:
    """A keyword, and a text that nearly holds it."""
    chosen = draw(st.lists(st.sampled_from(sorted(KEYWORD_WORDS)), min_size=1, max_size=3))
    seen = [draw(st.sampled_from(KEYWORD_WORDS[word].split(" "))) for word in chosen]
    joint = st.sampled_from((" ", " ", " the ", ", "))
    return " ".join(chosen), "".join(word + draw(joint) for word in seen)


@given(keyword_and_text())
def test_what_is_advised_can_be_read(both: tuple[str, str]) -> None:
    keyword, text = both
    log = ProblemLog()
    reader, place = KeywordReader("en", log), Location("a.yaml", 1, 1)
    if reader.read(keyword, place) is None:
        return
    match = "[" + as_yaml({"word": keyword}).decode() + "]"

    for report in explained(match, text).entries:
        for reason in report.reasons:
            advised = re.findall(r"write (?:the gap )?`([^`]*)`", reason.detail)
            for write in filter(None, (reason.write, *advised)):
                advice = reader.read(write, place)
                assert advice is not None, (write, log.problems)
                assert all(isinstance(part, Phrase) for part in advice.parts), write


def test_places_in_a_title() -> None:
    explanation = explained("[copper]", "They came.", "A copper pipe")

    (reason,) = explanation.entries[0].reasons
    assert reason.detail == "`copper` at title:3 adds 1"
    assert reason.places == (Place(2, 8, "copper", in_title=True),)


def test_sentences_are_counted_from_the_text() -> None:
    (reason,) = first(BOTH % "", "Red. They smuggle.", "Copper").reasons

    assert "(the title and sentence 2)" in reason.detail


# --------------------------------------------------------------- the outcomes

# name, categories, text, outcome of a, whether it is tagged, a phrase of the detail
OUTCOMES: Final[list[tuple[str, str, str, str, bool, str]]] = [
    ("tagged", "{a: [copper]}", "Copper.", "tagged", True, "tagged, score 1 (1 is needed)"),
    (
        "not enough",
        "{a: [{word: copper, weight: 0.5}]}",
        "Copper.",
        "not_enough",
        False,
        "not tagged, score 0.5 of 1: 0.5 is missing",
    ),
    ("nothing", "{a: [copper]}", "Zinc.", "nothing_counts", False, "nothing counts (score 0 of 1)"),
    ("empty", "{a: [copper]}", "", "nothing_counts", False, "nothing counts"),
    (
        "vetoed",
        "{a: {match: [copper], unless: [pipe]}}",
        "A copper pipe.",
        "vetoed",
        False,
        "vetoed by `unless[0]` (`pipe`): `pipe` at 1:10",
    ),
    (
        "a draft",
        "{a: {match: [copper], status: draft}}",
        "Copper.",
        "draft",
        False,
        "if it were on, it would be",
    ),
    ("off", "{a: {match: [copper], status: off}}", "Copper.", "off", False, "is off"),
    (
        "off, above a tagged one",
        "{a: {match: [copper], status: off}, a.b: [copper]}",
        "Copper.",
        "implied",
        True,
        "implied by a.b",
    ),
    (
        "implied",
        "{a: [zinc], a.b: [copper]}",
        "Copper.",
        "implied",
        True,
        "tagged, implied by a.b; by itself it has score 0 of 1",
    ),
    ("implied, undefined", "{a.b: [copper]}", "Copper.", "implied", True, "implied by a.b"),
    (
        "undefined, not implied",
        "{a.b: [copper]}",
        "Zinc.",
        "nothing_counts",
        False,
        "no entries of its own, and none below it is (a.b)",
    ),
]


@pytest.mark.parametrize(
    ("rules", "text", "outcome", "is_tagged", "phrase"),
    [row[1:] for row in OUTCOMES],
    ids=[row[0] for row in OUTCOMES],
)
def test_says_what_came_of_the_category(
    rules: str, text: str, outcome: str, *, is_tagged: bool, phrase: str
) -> None:
    (explanation,) = explain(compiled(f"categories: {rules}"), text, "", ["a"])

    assert (explanation.outcome, explanation.is_tagged) == (outcome, is_tagged)
    assert phrase in explanation.detail


def test_an_unknown_category_is_refused() -> None:
    with pytest.raises(KeyError):
        explain(compiled("categories: {a: [copper]}"), "Copper.", "", ["b"])


def test_a_draft_is_not_seen_by_others() -> None:
    rules = compiled("categories: {a: ['$b'], b: [zinc], b.c: {match: [copper], status: draft}}")

    seen, draft = explain(rules, "Copper.", "", ["a", "b.c"])

    assert (seen.outcome, draft.outcome) == ("nothing_counts", "draft")


# ---------------------------------------------------------------------- order


def test_what_counts_comes_first_then_what_was_found_then_near_misses() -> None:
    match = "{match: [gone, smuggle, {all: [[copper], [tin]]}, copper], except: [copper thief]}"

    reports = explained(match, "A copper thief smuggled copper.").entries

    assert [r.reasons[0].code for r in reports] == ["counted", "group_missing", "other_form"]


def test_what_is_not_found_is_counted() -> None:
    explanation = explained("[copper, zinc, tin, {any: [a, b]}]", "Copper.")

    assert (len(explanation.entries), explanation.not_found) == (1, 3)


@pytest.mark.parametrize("more", [0, 1])
def test_reports_are_bounded(more: int) -> None:
    keywords = [f"w{i}" for i in range(MOST_ENTRIES + more)]

    explanation = explained(f"[{', '.join(keywords)}]", " ".join(keywords))

    assert len(explanation.entries) == MOST_ENTRIES
    assert explanation.left_out == more


def test_places_of_one_reason_are_bounded() -> None:
    (reason,) = first("[copper]", "copper " * 100).reasons

    assert (len(reason.places), reason.count) == (20, 100)


def test_lines_of_a_list_are_entries() -> None:
    rules = compiled("{lists: {metals: [zinc, smuggle, copper]}, categories: {a: [$metals]}}")

    (explanation,) = explain(rules, "Smuggled copper.", "", ["a"])

    assert [report.entry for report in explanation.entries] == ["copper", "smuggle"]
    assert explanation.not_found == 1


# name, match, text, the sentences
SHORT: Final[list[tuple[str, str, str, str]]] = [
    (
        "tagged",
        "[copper]",
        "Copper.",
        "a: tagged, score 1 (1 is needed). `copper`: `Copper` at 1:1",
    ),
    ("not found", "[copper]", "Zinc.", "a: not tagged, nothing counts (score 0 of 1)."),
    (
        "a near miss",
        "[smuggle]",
        "Smuggling.",
        "a: not tagged, nothing counts (score 0 of 1). `smuggle`: seen in another form: `Smug",
    ),
    (
        "vetoed",
        "{match: [copper], unless: [pipe]}",
        "Copper pipe.",
        "a: not tagged, vetoed by `unless[0]` (`pipe`): `pipe` at 1:8.",
    ),
]


@pytest.mark.parametrize(
    ("match", "text", "said"), [row[1:] for row in SHORT], ids=[row[0] for row in SHORT]
)
def test_short(match: str, text: str, said: str) -> None:
    assert short(explained(match, text)).startswith(said)


# ----------------------------------------------------------------------- laws


def places(explanation: Explanation) -> list[Place]:
    reasons: list[Reason] = [r for report in explanation.entries for r in report.reasons]
    return [*explanation.places, *(place for reason in reasons for place in reason.places)]


_plain = st.sampled_from([*filter(str.isalpha, WORDS), "copper wire", "not", "steal~"])
_line = st.one_of(
    _plain,
    _plain,
    phrases(),
    st.sampled_from(("$metals", "$z")),
    st.tuples(_plain, _plain).map(" ... ".join),
    st.fixed_dictionaries({"word": _plain, "except": st.lists(_plain, min_size=1, max_size=1)}),
)
_lines = st.lists(_line, min_size=1, max_size=2)
_excepts = st.lists(_plain, min_size=1, max_size=2)
_within = st.sampled_from(("phrase", "2 words", "sentence", "2 sentences", "paragraph", "document"))
_conditions: Final[dict[str, st.SearchStrategy[Any]]] = {
    "weight": st.sampled_from(("0.5", "2", "-1")),
    "none": _lines,
    "with": _lines,
    "in": st.just("title"),
    "except": _excepts,
}


@st.composite
def _blocks(draw: st.DrawFn) -> Rules:
    """An entry with up to two conditions."""
    kind = draw(st.sampled_from(("word", "any", "at_least", "times", "all")))
    bases: dict[str, dict[str, st.SearchStrategy[Any]]] = {
        "word": {"word": _plain},
        "any": {"any": _lines},
        "at_least": {
            "any": st.lists(_plain, min_size=2, max_size=3),
            "at_least": st.just(2),
            "within": _within,
        },
        "times": {"word": _plain, "times": st.just(2), "within": _within},
        "all": {"all": st.lists(_lines, min_size=2, max_size=3), "within": _within},
    }
    more = dict(_conditions)
    if kind == "all":
        more |= {"order": st.just("as_written"), "across": st.just("clauses")}
    chosen = draw(st.sets(st.sampled_from(sorted(more)), max_size=2))
    keys = bases[kind] | {key: more[key] for key in sorted(chosen)}
    return {key: draw(strategy) for key, strategy in keys.items()}


_entry = st.one_of(_line, _blocks())
_category = st.fixed_dictionaries(
    {"match": st.lists(_entry, min_size=1, max_size=4)},
    optional={
        "except": _excepts,
        "unless": st.lists(_entry, min_size=1, max_size=1),
        "ignore": st.just(["negated", "quoted"]),
        "status": st.sampled_from(("on", "draft", "off")),
        "threshold": st.sampled_from(("0.5", "1.5")),
    },
)
_z: Final = ["copper", "wire", {"word": "border", "weight": "0.5"}]
_rules = st.dictionaries(
    st.sampled_from(("a", "a.b", "a.b.c", "x.y")), _category, min_size=1, max_size=3
).map(lambda named: {"categories": named | {"z": _z}, "lists": {"metals": ["copper", "銅"]}})
_words = st.one_of(_plain, words, st.sampled_from(SEEN))
_signs = st.sampled_from((*SIGNS, " ", " ", " ", ". "))
_texts = st.lists(st.tuples(_words, _signs), max_size=12).map(
    lambda pairs: "".join(word + sign for word, sign in pairs)
)
_titles = st.sampled_from(("", "copper border", "the smuggle"))


@given(rules=_rules, text=_texts, title=_titles)
def test_agrees_with_tagging(rules: Rules, text: str, title: str) -> None:
    known = compiled(as_yaml(rules))
    tagging = tag(known, text, title)
    given_tags = {found.category: found for found in (*tagging.drafts, *tagging.tags)}

    explanations = explain(known, text, title, sorted(explainable(known)))

    assert {e.category for e in explanations if e.is_tagged} == set(tagging.categories)
    for explanation in explanations:
        found = given_tags.get(explanation.category)
        if found is None or found.score is None:
            continue
        assert explanation.score == found.score == sum(r.added for r in explanation.entries)
        seen = {(place.start, place.end, place.in_title) for place in places(explanation)}
        assert seen >= {(piece.start, piece.end, piece.in_title) for piece in found.evidence}


@given(rules=_rules, text=_texts, title=_titles)
def test_every_entry_is_accounted_for(rules: Rules, text: str, title: str) -> None:
    known = compiled(as_yaml(rules))
    entries = {category.id: category.entries for category in known.categories}

    for explanation in explain(known, text, title, sorted(entries)):
        vetoes = sum(e.path.startswith("unless") for e in entries[explanation.category])
        accounted = len(explanation.entries) + explanation.left_out + explanation.not_found
        assert accounted + vetoes == len(entries[explanation.category])
        assert all(report.reasons for report in explanation.entries)
        assert short(explanation)
