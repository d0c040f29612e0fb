"""Each statement of ``docs/rules.md`` about categories, entries, windows and lists.

Every row holds for the matcher and for the oracle.
"""

import re
from collections.abc import Callable
from fractions import Fraction
from typing import Any, Final

import pytest

import oracle
from oracle import DRAFT, Found, Verdict, verdicts
from ruletag.matching.compiler import compile_rules
from ruletag.matching.tagger import tag
from ruletag.matching.tagging import Evidence
from ruletag.problems import RuleSetError
from ruletag.rules.loader import parse_rules
from ruletag.rules.model import RuleSet

Tagger = Callable[[RuleSet, str, str], dict[str, Verdict]]

LISTS: Final = """
lists:
  metals: [copper, zinc, scrap metal, "=Lead", $alloys]
  alloys: {words: [brass, bronze], language: en}
  illicit: [smuggled, $bans]
  bans: [{word: banned, except: [banned substance]}]
"""
TITLE_END: Final = "¶"  # stands behind the title, where there is one


def rules_of(categories: str) -> RuleSet:
    """Read rules: ``x: [a]; y: [b]`` are two categories; the lists above are known."""
    lines = "".join(f"  {line.strip()}\n" for line in categories.split(";"))
    return parse_rules({"a.yaml": f"{LISTS}categories:\n{lines}".encode()})


def engine(rules: RuleSet, text: str, title: str) -> dict[str, Verdict]:
    """Tag with the matcher, and write its answer as the oracle does."""
    return verdicts(tag(compile_rules(rules), text, title))


def naive(rules: RuleSet, text: str, title: str) -> dict[str, Verdict]:
    """Tag with the oracle."""
    return oracle.tag(rules, text, title)


both = pytest.mark.parametrize("tagger", [engine, naive])


def document(written: str) -> tuple[str, str]:
    """Give the text and the title of a row."""
    title, _, text = written.rpartition(TITLE_END)
    return text, title


def shown(found: Found, text: str, title: str) -> str:
    """Write one piece of evidence: `t:` before it in the title, `-` where it does not count."""
    where = "t:" if found.in_title else ""
    stretch = (title if found.in_title else text)[found.start : found.end]
    return f"{'' if found.counts else '-'}{where}{stretch}"


def rows(tables: dict[str, list[Any]]) -> list[Any]:
    return [
        pytest.param(*case, id=f"{section}: {name}")
        for section, cases in tables.items()
        for name, *case in cases
    ]


# In each table: name, rules, document, what is reported for category x.

CATEGORY: Final = [
    ("a list of entries", "x: [copper, tin]", "copper tin", ["copper", "tin"]),
    ("a mapping", "x: {match: [copper]}", "copper", ["copper"]),
    ("nothing found", "x: [copper]", "tin", []),
    ("the threshold is 1", "x: [{word: copper, weight: 0.999}]", "copper", []),
    ("the threshold is reached", "x: {match: [a, b], threshold: 2}", "a b", ["a", "b"]),
    ("the threshold is not reached", "x: {match: [a, b], threshold: 2}", "a a", []),
    ("a threshold below 1", "x: {match: [{word: a, weight: 0.5}], threshold: 0.5}", "a", ["a"]),
    ("except", "x: {match: [a], except: [a b]}", "a a b", ["a"]),
    ("except takes forms", "x: {match: [a], except: [a city]}", "a cities, a c", ["a"]),
    ("except overlaps in part", "x: {match: [a b], except: [b c]}", "a b c, a b", ["a b"]),
    ("except as a gap", "x: {match: [a], except: [a ... z]}", "a b z, a", ["a"]),
    ("except as a list", "x: {match: [metal], except: [$metals]}", "scrap metal, metal", ["metal"]),
    ("except as a category", "x: {match: [a], except: [$y]}; y: [a b]", "a b, a", ["a"]),
    ("except on blocks", "x: {match: [{all: [a, b]}], except: [b c]}", "a b c", []),
    ("unless", "x: {match: [a], unless: [b]}", "a! B", []),
    ("unless is not there", "x: {match: [a], unless: [b]}", "a! C", ["a"]),
    ("unless as a block", "x: {match: [a], unless: [{all: [b, c]}]}", "a b c", []),
    ("unless as a block not met", "x: {match: [a], unless: [{all: [b, c]}]}", "a b! C", ["a"]),
    ("unless as a list", "x: {match: [a], unless: [$metals]}", "a bronze", []),
    ("unless as a category", "x: {match: [a], unless: [$y]}; y: [b]", "a b", []),
    ("unless in the title", "x: {match: [a], unless: [{word: b, in: title}]}", "b¶a", []),
    ("unless in the title only", "x: {match: [a], unless: [{word: b, in: title}]}", "c¶a b", ["a"]),
    ("unless with an exception", "x: {match: [a], unless: [{word: b, except: [b c]}]}", "a b c",
     ["a"]),
    ("except leaves unless alone", "x: {match: [a], except: [b c], unless: [b]}", "a b c", []),
    ("ignore leaves unless alone", "x: {match: [a], unless: [tin], ignore: [negated]}",
     "a! No tin", []),
    ("negated is reported", "x: [tin]", "There was no tin.", ["tin"]),
    ("ignore negated", "x: {match: [tin], ignore: [negated]}", "Tin. There was no tin.",
     ["Tin", "-tin"]),
    ("ignore leaves nothing", "x: {match: [tin], ignore: [negated]}", "There was no tin.", []),
    ("ignore hypothetical", "x: {match: [tin, a], ignore: [hypothetical]}", "A! If tin is found.",
     ["A", "-tin"]),
    ("ignore historical", "x: {match: [tin, a], ignore: [historical]}", "A! The former tin.",
     ["A", "-tin"]),
    ("ignore quoted", "x: {match: [tin, a], ignore: [quoted]}", "A. “They had tin and wire there”",
     ["A", "-tin"]),
    ("ignore capitals", "x: {match: [=WPK], ignore: [capitals]}", "THE WPK\nthe WPK",
     ["-WPK", "WPK"]),
    ("ignore several", "x: {match: [tin], ignore: [negated, quoted]}",
     "Tin. No tin. “They had tin and wire there”", ["Tin", "-tin", "-tin"]),
    ("ignore another context", "x: {match: [tin], ignore: [quoted]}", "No tin.", ["tin"]),
    ("off", "x: {match: [a], status: off}", "a", []),
    ("deprecated", "x: {match: [a], status: deprecated}", "a", ["a"]),
    ("draft", "x: {match: [a], status: draft}", "a", []),
    ("the language of its words", "x: {match: [city], language: de}", "cities city", ["city"]),
]  # fmt: skip
ENTRY: Final = [
    ("word", "x: [{word: copper}]", "copper", ["copper"]),
    ("word with marks", 'x: [{word: "smuggle~"}]', "smuggled", ["smuggled"]),
    ("case", "x: [{word: lead, case: exact}]", "lead Lead", ["lead"]),
    ("forms", "x: [{word: lead, forms: none}]", "leads lead", ["lead"]),
    ("except of an entry", "x: [{word: a, except: [a b]}, a c]", "a b, a c", ["a c"]),
    ("except of an entry only", "x: [{word: a, except: [a b]}, b]", "a b", ["b"]),
    ("with", "x: [{word: a, with: [k]}]", "a k! A", ["a"]),
    ("with before", "x: [{word: a, with: [k]}]", "k a", ["a"]),
    ("with a list", "x: [{word: a, with: [$illicit]}]", "a smuggled a, B", ["a", "a"]),
    ("with a category", "x: [{word: a, with: [$y]}]; y: [k]", "a k", ["a"]),
    ("any of with", "x: [{word: a, with: [k, l]}]", "a l", ["a"]),
    ("with an exception", "x: [{word: a, with: [{word: k, except: [k l]}]}]", "a k l", []),
    ("none", "x: [{word: a, none: [k]}]", "a k! A", ["A"]),
    ("none before", "x: [{word: a, none: [k]}]", "k a", []),
    ("none that overlaps", "x: [{word: a, none: [a k]}]", "a k! A", ["A"]),
    ("none a list", "x: [{word: a, none: [$metals]}]", "a brass", []),
    ("with and none", "x: [{word: a, with: [k], none: [l]}]", "a k! A k l! A l! A", ["a"]),
    ("any", "x: [{any: [a, b]}]", "a b", ["a", "b"]),
    ("any with a long form", "x: [{any: [{word: a, case: exact}, b]}]", "A b", ["b"]),
    ("any with a list", "x: [{any: [a, $metals]}]", "a bronze", ["a", "bronze"]),
    ("any with a category", "x: [{any: [a, $y]}]; y: [b c]", "a b c", ["a", "b c"]),
    ("any and except", "x: [{any: [a, b], except: [b c]}]", "a b c", ["a"]),
    ("any and except of a word", "x: [{any: [{word: a, except: [a c]}, b]}]", "a c b", ["b"]),
    ("any with company", "x: [{any: [a, b], with: [k]}]", "a k! B", ["a"]),
    ("all", "x: [{all: [[a, b], [c]]}]", "b c", ["b c"]),
    ("all with single words", "x: [{all: [a, c]}]", "c a", ["c a"]),
    ("all but one", "x: [{all: [a, b, c]}]", "a b", []),
    ("all of three", "x: [{all: [a, b, c]}]", "c k a b", ["c k a b"]),
    ("all of eight", "x: [{all: [a, b, c, d, e, f, g, h]}]", "h g f e d c b a",
     ["h g f e d c b a"]),
    ("all with a list", "x: [{all: [$metals, [seize~]]}]", "seized the brass",
     ["seized the brass"]),
    ("all with a gap", "x: [{all: [strip~ ... party, zinc]}]", "zinc, stripped the party",
     ["zinc, stripped the party"]),
    ("all and except", "x: [{all: [a, b], except: [a b]}]", "a b k a", []),
    ("all and except of a word", "x: [{all: [{word: a, except: [a c]}, b]}]", "a c b", []),
    ("all with company", "x: [{all: [a, b], with: [k]}]", "a b! A k b", ["A k b"]),
    ("all disturbed", "x: [{all: [a, b], none: [k]}]", "a b! A k b", ["a b"]),
    ("at_least", "x: [{any: [a, b, c], at_least: 2}]", "a k! C", ["a k! C"]),
    ("at_least not one word twice", "x: [{any: [a, b, c], at_least: 2}]", "a a", []),
    ("at_least not two forms of one", "x: [{any: [city, b], at_least: 2}]", "city cities", []),
    ("at_least of a list", "x: [{any: [$metals], at_least: 2}]", "brass bronze", ["brass bronze"]),
    ("at_least, a category is one word", "x: [{any: [a, $y], at_least: 2}]; y: [k, l]", "k l", []),
    ("at_least in a window", "x: [{any: [a, b], at_least: 2, within: sentence}]", "a! B", []),
    ("times", "x: [{word: a, times: 3}]", "a a! A", ["a a! A"]),
    ("times too few", "x: [{word: a, times: 3}]", "a a", []),
    ("times of any", "x: [{any: [a, b], times: 3}]", "a b b", ["a b b"]),
    ("times in a window", "x: [{word: a, times: 2, within: sentence}]", "a! A", []),
    ("times with company", "x: [{word: a, times: 2, with: [k]}]", "a k! A! A k.", ["a k! A! A"]),
    ("order", "x: [{all: [a, b], order: as_written}]", "a b! B a", ["a b"]),
    ("any order", "x: [{all: [a, b]}]", "a b! B a", ["a b", "B a"]),
    ("order of three", "x: [{all: [a, b, c], order: as_written}]", "c a b a c", ["a b a c"]),
    ("across clauses", "x: [{word: a ... b, across: clauses}]", "a, c b; a; b! A – b! A: b",
     ["a, c b", "a; b", "A – b"]),
    ("not across clauses", "x: [a ... b]", "a, b; a; b! A – b", []),
    ("across clauses in a block", "x: [{all: [a ... b, c], across: clauses}]", "a, b c",
     ["a, b c"]),
    ("across no sentences", "x: [{word: a ... b, across: clauses}]", "a! B", []),
    ("across no brackets", "x: [{word: a ... b, across: clauses}]", "a (b", []),
    ("a bare list", "x: [$metals]", "copper Lead brass", ["copper", "Lead", "brass"]),
    ("a list with a condition", "x: [{word: $metals, with: [k]}]", "copper k! Brass", ["copper"]),
]  # fmt: skip
TITLES: Final = [
    ("in the title", "x: [{word: a, in: title}]", "an a¶b a", ["t:a"]),
    ("not in the title", "x: [{word: a, in: title}]", "b¶a", []),
    ("a first line", "x: [{word: a, in: title}]", "b a\n\na", ["a"]),
    ("a first line of CR LF", "x: [{word: a, in: title}]", "b a\r\n\r\na", ["a"]),
    ("a first line before no blank line", "x: [{word: a, in: title}]", "b a\na", []),
    ("a first line of CR LF and no blank line", "x: [{word: a, in: title}]", "b a\r\na", []),
    ("a first line alone", "x: [{word: a, in: title}]", "b a", []),
    ("a first line with a full stop", "x: [{word: a, in: title}]", "b a.\n\na", []),
    ("a first line with a question mark", "x: [{word: a, in: title}]", "b a?\n\na", ["a"]),
    ("a first line behind blank lines", "x: [{word: a, in: title}]", "\n\nb a\n\na", ["a"]),
    ("a line of 150", "x: [{word: a, in: title}]", "a" + " b" * 74 + "c\n\na", ["a"]),
    ("a line of 151", "x: [{word: a, in: title}]", "a" + " b" * 75 + "\n\na", []),
    ("the second line", "x: [{word: a, in: title}]", "b\n\na\n\nb", []),
    ("a title before a first line", "x: [{word: a, in: title}]", "b¶a\n\nb", []),
    ("any in the title", "x: [{any: [a, b], in: title}]", "b¶a", ["t:b"]),
    ("all in the title", "x: [{all: [a, b], in: title}]", "a b¶a b", ["t:a b"]),
    ("all in title and text", "x: [{all: [a, b], in: title, within: document}]", "a¶b", []),
    ("times in the title", "x: [{word: a, times: 2, in: title}]", "a a¶a", ["t:a a"]),
    ("company in the text", "x: [{word: a, in: title, with: [b], within: document}]", "a¶b",
     ["t:a"]),
    ("evidence in both", "x: [{all: [a, b], within: document}]", "k a¶k b", ["b"]),
    ("evidence in both, two in the text", "x: [{all: [a, b, c], within: document}]", "k a¶k b k c",
     ["b k c"]),
    ("evidence in a first line and the text", "x: [{all: [a, b], within: 2 sentences}]",
     "k a\n\nb k", ["a\n\nb"]),
    ("a title is a paragraph", "x: [{all: [a, b], within: paragraph}]", "a¶b", []),
    ("a title is a sentence", "x: [{all: [a, b]}]", "a¶b", []),
    ("a title and the sentence behind", "x: [{all: [a, b], within: 2 sentences}]", "a¶b! C", ["b"]),
    ("no phrase over its end", "x: [a b]", "a¶b", []),
    ("no gap over its end", "x: [a ... b]", "a¶b", []),
    ("a word in each", "x: [a]", "a¶a", ["a", "t:a"]),
]  # fmt: skip
WINDOWS: Final = [
    ("phrase", "x: [{all: [a, b], within: phrase}]", "a k b", ["a k b"]),
    ("phrase and comma", "x: [{all: [a, b], within: phrase}]", "a, b", []),
    ("phrase and a comma in a number", "x: [{all: [a, b], within: phrase}]", "a 1,0 b",
     ["a 1,0 b"]),
    ("phrase and semicolon", "x: [{all: [a, b], within: phrase}]", "a; b", []),
    ("phrase and colon", "x: [{all: [a, b], within: phrase}]", "a: b", []),
    ("phrase and dash", "x: [{all: [a, b], within: phrase}]", "a — b", []),
    ("phrase and hyphens", "x: [{all: [a, b], within: phrase}]", "a -- b", []),
    ("phrase and bracket", "x: [{all: [a, b], within: phrase}]", "a (b", []),
    ("phrase and opening quotation mark", "x: [{all: [a, b], within: phrase}]", "a “b", []),
    ("phrase and closing quotation mark", "x: [{all: [a, b], within: phrase}]", "“a” b", ["a” b"]),
    ("phrase and sentence end", "x: [{all: [a, b], within: phrase}]", "a! B", []),
    ("phrase and blank line", "x: [{all: [a, b], within: phrase}]", "a\n\nb", []),
    ("a sign before a phrase", "x: [{all: [a, b], within: phrase}]", "(a b; k", ["a b"]),
    ("words", "x: [{all: [a, b], within: 2 words}]", "a k k b", ["a k k b"]),
    ("too many words", "x: [{all: [a, b], within: 2 words}]", "a k k k b", []),
    ("words over commas", "x: [{all: [a, b], within: 2 words}]", "a, k; k (b", ["a, k; k (b"]),
    ("words over a sentence end", "x: [{all: [a, b], within: 2 words}]", "a! B", []),
    ("no word", "x: [{all: [a, b], within: 0 words}]", "a b! A k b", ["a b"]),
    ("words between the outermost", "x: [{all: [a, b, c], within: 3 words}]", "a k b k c",
     ["a k b k c"]),
    ("too many between the outermost", "x: [{all: [a, b, c], within: 2 words}]", "a k b k c", []),
    ("hyphens split words", "x: [{all: [a, b], within: 2 words}]", "a k-k-k b", []),
    ("unspaced scripts by twos", "x: [{all: [a, b], within: 2 words}]", "a 一二三四 b",
     ["a 一二三四 b"]),
    ("sentence", "x: [{all: [a, b], within: sentence}]", "a, k; k b", ["a, k; k b"]),
    ("a sentence is the default", "x: [{all: [a, b]}]", "a k! B", []),
    ("over a sentence end", "x: [{all: [a, b], within: sentence}]", "a k! B", []),
    ("one word in the singular", "x: [{all: [a, b], within: 1 word}]", "a k b", ["a k b"]),
    ("one sentence", "x: [{all: [a, b], within: 1 sentence}]", "a k b! B", ["a k b"]),
    ("two sentences", "x: [{all: [a, b], within: 2 sentences}]", "a k! B k.", ["a k! B"]),
    ("more than two sentences", "x: [{all: [a, b], within: 2 sentences}]", "a k! K! B k.", []),
    ("three sentences", "x: [{all: [a, b], within: 3 sentences}]", "a k! K! B k.", ["a k! K! B"]),
    ("sentences over a paragraph", "x: [{all: [a, b], within: 2 sentences}]", "a\n\nb", ["a\n\nb"]),
    ("paragraph", "x: [{all: [a, b], within: paragraph}]", "a! K.\nB", ["a! K.\nB"]),
    ("over a blank line", "x: [{all: [a, b], within: paragraph}]", "a\n\nb", []),
    ("over a blank line with spaces", "x: [{all: [a, b], within: paragraph}]", "a\n \t\nb", []),
    ("over a blank line of CR LF", "x: [{all: [a, b], within: paragraph}]", "a\r\n\r\nb", []),
    ("over CR LF", "x: [{all: [a, b], within: paragraph}]", "a\r\nb", ["a\r\nb"]),
    ("document", "x: [{all: [a, b], within: document}]", "a.\n\nK.\n\nB", ["a.\n\nK.\n\nB"]),
    ("the window of with", "x: [{word: a, with: [k], within: paragraph}]", "a! K\n\na", ["a"]),
    ("the window of none", "x: [{word: a, none: [k], within: paragraph}]", "a! K\n\na", ["a"]),
    ("with within words", "x: [{word: a, with: [k], within: 1 words}]", "a b k! A b b k", ["a"]),
    ("none within words", "x: [{word: a, none: [k], within: 1 words}]", "a b k! A b b k", ["A"]),
    ("with and all in one window", "x: [{all: [a, b], with: [k], within: 2 words}]",
     "a k b k c k! A b k", ["a k b", "A b"]),
    ("with too far from all", "x: [{all: [a, b], with: [k], within: 2 words}]", "a c b c k", []),
    ("a document for times", "x: [{word: a, times: 2}]", "a\n\na", ["a\n\na"]),
    ("a sentence for with beside times", "x: [{word: a, times: 2, with: [k]}]", "a! A! K", []),
]  # fmt: skip
FINDS: Final = [
    ("each match for itself", "x: [{word: a, with: [k]}]", "a a k", ["a", "a"]),
    ("no company but itself", "x: [{word: a, with: [a]}]", "a! A a", ["A", "a"]),
    ("company that overlaps", "x: [{word: a, with: [a k]}]", "a k", []),
    ("company that overlaps, and other", "x: [{word: a, with: [a k]}]", "a k a", ["a"]),
    ("company beside a longer match", "x: [{word: a k, with: [k]}]", "a k! A k k", ["A k"]),
    ("company between the parts", "x: [{all: [a, b], with: [k]}]", "a k b", ["a k b"]),
    ("company that is a part", "x: [{all: [a, b], with: [a]}]", "a b", []),
    ("a disturber between the parts", "x: [{all: [a, b], none: [k]}]", "a k b", []),
    ("a disturber over a part", "x: [{all: [a, b], none: [b k], within: 0 words}]", "a b k", []),
    ("the smallest cover", "x: [{all: [a, b]}]", "a k b a", ["b a"]),
    ("the first of equals", "x: [{all: [a, b]}]", "a b k b a", ["a b"]),
    ("one a sentence", "x: [{all: [a, b]}]", "a b a b! B a", ["a b", "B a"]),
    ("one a phrase", "x: [{all: [a, b], within: phrase}]", "a b, b a", ["a b", "b a"]),
    ("one a paragraph", "x: [{all: [a, b], within: paragraph}]", "a b! A b\n\nb a", ["a b", "b a"]),
    ("one a document", "x: [{all: [a, b], within: document}]", "a k b.\n\nB a", ["B a"]),
    ("one a window of words", "x: [{all: [a, b], within: 1 words}]", "a b k k k a b",
     ["a b", "a b"]),
    ("two in one window of words", "x: [{all: [a, b], within: 3 words}]", "a b k a b", ["a b"]),
    ("one in two sentences", "x: [{all: [a, b], within: 2 sentences}]", "a b! A b! A b",
     ["a b", "A b"]),
    ("no word fills two groups", "x: [{all: [a, a]}]", "a", []),
    ("two words for two groups", "x: [{all: [a, a]}]", "a a", ["a a"]),
    ("parts do not overlap", "x: [{all: [a b, b c]}]", "a b c", []),
    ("parts that overlap elsewhere", "x: [{all: [a b, b c]}]", "a b c, a b", ["b c, a b"]),
    ("overlaps among three groups", "x: [{all: [a, a b, b]}]", "a a b b", ["a a b b"]),
    ("the next where the smallest is ruled out", "x: [{all: [a, b], none: [k], within: 1 words}]",
     "a b k k k b c a", ["b c a"]),
    ("of those that end alike only the smallest", "x: [{all: [a, b], with: [a k]}]", "a a k b", []),
    ("times settles overlaps", "x: [{any: [a, a b, b], times: 2}]", "a b", []),
    ("times settles, then counts", "x: [{any: [a, a b, b], times: 2}]", "a b b", ["a b b"]),
    ("at_least settles overlaps", "x: [{any: [a, a b], at_least: 2}]", "a b", []),
    ("at_least settles, then counts", "x: [{any: [a, a b], at_least: 2}]", "a b a", ["a b a"]),
    ("the smallest of times", "x: [{word: a, times: 2}]", "a k a a", ["a a"]),
    ("the smallest of at_least", "x: [{any: [a, b], at_least: 2}]", "a k b a", ["b a"]),
    ("one of times a window", "x: [{word: a, times: 2, within: sentence}]", "a a a a! A a",
     ["a a", "A a"]),
    ("overlaps settled after company", "x: [{any: [a, a b], times: 2, with: [b]}]", "a b a",
     ["a b a"]),
]  # fmt: skip
REFERENCES: Final = [
    ("a category", "x: [$y]; y: [a, b]", "a b", ["a", "b"]),
    ("a category and those below", "x: [$y]; y: [a]; y.z: [b]", "a b", ["a", "b"]),
    ("only those below", "x: [$y]; y.z: [b]", "b", ["b"]),
    ("not those beside", "x: [$y.z, k]; y.z: [b]; y.zz: [c]", "c k", ["k"]),
    ("not those above", "x: [$y.z, k]; y: [a]; y.z: [b]", "a k", ["k"]),
    ("whatever its threshold", "x: [$y]; y: {match: [a], threshold: 9}", "a", ["a"]),
    ("what does not count there", "x: [$y, k]; y: {match: [tin], ignore: [negated]}", "no tin, k",
     ["k"]),
    ("a vetoed one", "x: [$y, k]; y: {match: [a], unless: [b]}", "a b k", ["k"]),
    ("one that is off", "x: [$y, k]; y: {match: [a], status: off}", "a k", ["k"]),
    ("a draft", "x: [$y, k]; y: {match: [a], status: draft}", "a k", ["k"]),
    ("a draft alone", "x: [$y]; y: {match: [a], status: draft}", "a", []),
    ("a draft below", "x: [$y, k]; y.z: {match: [a], status: draft}; y: [b]", "a b k", ["b", "k"]),
    ("a deprecated one", "x: [$y]; y: {match: [a], status: deprecated}", "a", ["a"]),
    ("over two steps", "x: [$y]; y: [$z]; z: [a]", "a", ["a"]),
    ("through a list", "x: [$y]; y: [$illicit]", "smuggled", ["smuggled"]),
    ("in all", "x: [{all: [$y, k]}]; y: [a b]", "a b k", ["a b k"]),
    ("in a gap", "x: [k ... $y]; y: [a]", "k a", ["k a"]),
    ("a gap of its own", "x: [$y]; y: [a ... b]", "a k b", ["a k b"]),
    ("a block of its own", "x: [$y]; y: [{all: [a, b]}]", "a k b", ["a k b"]),
    ("what lost there is no match", "x: [$y]; y: [a, a b]", "a b", ["a b"]),
    ("times", "x: [{word: $y, times: 2}]; y: [a, b]", "a b", ["a b"]),
    ("with an exception", "x: [{word: $y, except: [a b]}]; y: [a]", "a b, a", ["a"]),
    ("judged by its own contexts", "x: {match: [$y, k], ignore: [negated]}; y: [tin]", "no tin, k",
     ["-tin", "k"]),
    ("negated inside its gap", "x: {match: [$y, k], ignore: [negated]}; y: [strip~ ... party]",
     "He stripped no party. K", ["-stripped no party", "K"]),
    ("evidence in title and text", "x: [$y]; y: [{all: [a, b], within: document}]", "a¶k b", ["b"]),
]  # fmt: skip
WINS: Final = [
    ("cancelling first", "x: {match: [a, a b], except: [b c]}", "a b c", ["a"]),
    ("the longest", "x: [a, a b]", "a b", ["a b"]),
    ("the left-most", "x: [a b, b c]", "a b c", ["a b"]),
    ("any competes", "x: [{any: [a, b]}, a b]", "a b", ["a b"]),
    ("a word with a condition competes", "x: [{word: a, with: [k]}, a b]", "a b k", ["a b"]),
    ("a loser still satisfies all", "x: [a b, {all: [a, k]}]", "a b k", ["a b", "a b k"]),
    ("a loser still is company", "x: [a b, {word: k, with: [b]}]", "a b k", ["a b", "k"]),
    ("gaps do not compete", "x: [a, a ... b, a ... k b]", "a k b", ["a", "a k b", "a k b"]),
    ("all does not compete", "x: [a, {all: [a, b]}, {all: [b, a]}]", "a b", ["a", "a b", "a b"]),
    ("at_least does not compete", "x: [a, {any: [a, b], at_least: 2}]", "a b", ["a", "a b"]),
    ("times does not compete", "x: [a b, {any: [a, b], times: 2}]", "a b", ["a b", "a b"]),
    ("matches of others do not compete", "x: [a b, $y]; y: [a]", "a b", ["a", "a b"]),
    ("categories do not hide", "x: [a]; y: [a b]", "a b", ["a"]),
    ("an exception over a part of a gap", "x: {match: [a ... b], except: [b c]}", "a b c b",
     ["a b c b"]),
    ("an exception in a hole", "x: {match: [a ... b], except: [k]}", "a k b", ["a k b"]),
    ("an exception in the hole of a gap with company",
     "x: [{word: a ... b, except: [k], with: [c]}]",
     "a k b c", ["a k b"]),
    ("an exception over a gap in any", "x: [{any: [a ... b], except: [b c]}]", "a b c b",
     ["a b c b"]),
    ("an exception over a word of a block", "x: {match: [{all: [a, b]}], except: [b c]}",
     "a b c k b", ["a b c k b"]),
    ("an exception between the parts of a gap", "x: {match: [a ... b], except: [k]}", "a k b",
     ["a k b"]),
    ("an exception over a part of a gap alone", "x: {match: [a ... b], except: [k b]}", "a k b",
     []),
    ("an exception between the words of a block", "x: {match: [{all: [a, b]}], except: [k]}",
     "a k b", ["a k b"]),
    ("except leaves with alone", "x: {match: [{word: a, with: [k]}], except: [k c]}", "a k c",
     ["a"]),
    ("except leaves none alone", "x: {match: [{word: a, none: [k]}], except: [k c]}", "a k c", []),
    ("except of the entry leaves with alone", "x: [{word: a, with: [k], except: [k c]}]", "a k c",
     ["a"]),
]  # fmt: skip
CONTEXTS: Final = [
    ("a negated part", "x: {match: [{all: [tin, gold]}, k], ignore: [negated]}",
     "gold. K! Gold but no tin",
     ["K", "-Gold but no tin"]),
    ("a negation between parts", "x: {match: [take~ ... custody, k], ignore: [negated]}",
     "They took no one into custody. K", ["-took no one into custody", "K"]),
    ("a gap negated inside a block",
     "x: {match: [{all: [strip~ ... party, zinc]}, k], ignore: [negated]}",
     "He stripped no party members of zinc. K", ["-stripped no party members of zinc", "K"]),
    ("capitals need exact case", "x: {match: [WPK], ignore: [capitals]}", "THE WPK", ["WPK"]),
    ("capitals of a part", "x: {match: [strip~ ... =WPK, k], ignore: [capitals]}",
     "STRIPPED THE WPK\nk", ["-STRIPPED THE WPK", "k"]),
    ("capitals through a list", "x: {match: [sell~ ... $metals, k], ignore: [capitals]}",
     "SOLD LEAD\nk", ["k"]),
    ("capitals of a part of all", "x: {match: [{all: [=WPK, said]}, k], ignore: [capitals]}",
     "THE WPK SAID\nk", ["-WPK SAID", "k"]),
    ("capitals of the exact part only",
     "x: {match: [{all: [=WPK, said], within: document}], ignore: [capitals]}",
     "The WPK met.\nTHEY SAID", ["WPK met.\nTHEY SAID"]),
    ("capitals of any", "x: {match: [{any: [=WPK, met]}], ignore: [capitals]}", "THE WPK\nHE MET",
     ["-WPK", "MET"]),
    ("company may be negated", "x: {match: [{word: tin, with: [gold]}], ignore: [negated]}",
     "tin and no gold", ["tin"]),
]  # fmt: skip
IN_LISTS: Final = [
    ("a list in a list", "x: [$metals]", "brass", ["brass"]),
    ("a list as keyword", "x: [{word: $metals}]", "zinc", ["zinc"]),
    ("a list in a gap", "x: [sell~ ... $metals]", "sold bronze", ["sold bronze"]),
    ("case of its lines", "x: [$metals]", "lead Lead", ["Lead"]),
    ("exception of its line", "x: [$bans]", "banned, banned substance", ["banned"]),
    ("exception of its line in a gap", "x: [a ... $bans]", "a banned substance", []),
    ("exception of its line in all", "x: [{all: [a, $illicit]}]", "a banned substance", []),
    ("exception of its line in with", "x: [{word: a, with: [$bans]}]", "a banned substance", []),
    ("in except", "x: {match: [metal], except: [$metals]}", "scrap metal", []),
]  # fmt: skip
PAGE: Final[dict[str, list[Any]]] = {
    "category": CATEGORY,
    "entry": ENTRY,
    "title": TITLES,
    "window": WINDOWS,
    "finds": FINDS,
    "reference": REFERENCES,
    "wins": WINS,
    "contexts": CONTEXTS,
    "lists": IN_LISTS,
}


@both
@pytest.mark.parametrize(("rules", "written", "expected"), rows(PAGE))
def test_page(tagger: Tagger, rules: str, written: str, expected: list[str]) -> None:
    text, title = document(written)

    verdict = tagger(rules_of(rules), text, title).get("x")

    evidence = sorted(verdict.evidence, key=lambda one: (one.in_title, one[1:])) if verdict else []
    assert [shown(one, text, title) for one in evidence] == expected


# name, rules, document, score of category x
SCORES: Final = [
    ("one word", "x: [a]", "a", 1),
    ("repeats", "x: [a]", "a a a", 1),
    ("distinct entries", "x: [a, b]", "a b", 2),
    ("weights", "x: [{word: a, weight: 0.5}, {word: b, weight: 0.75}]", "a b", Fraction("1.25")),
    ("a weight of three decimals", "x: {match: [{word: a, weight: 0.001}], threshold: 0.001}", "a",
     Fraction("0.001")),
    ("a negative weight", "x: [{word: a, weight: 3}, {word: b, weight: -1}]", "a b", 2),
    ("too negative", "x: [a, {word: b, weight: -1}]", "a b", None),
    ("any is one entry", "x: [{any: [a, b]}]", "a b", 1),
    ("a bare list is many", "x: [$alloys]", "brass bronze", 2),
    ("a list in the long form", "x: [{word: $alloys, weight: 2}]", "brass bronze", 4),
    ("a list with a name", "x: [{word: $alloys, name: m}]", "brass bronze", 2),
    ("a list with an exception", "x: [{word: $alloys, except: [k]}]", "brass bronze", 2),
    ("a list with an id", "x: [{word: $alloys, id: m}]", "brass bronze", 2),
    ("a list with clauses", "x: [{word: $alloys, across: clauses}]", "brass bronze", 1),
    ("a list in any", "x: [{any: [$alloys]}]", "brass bronze", 1),
    ("a list with a condition is one", "x: [{word: $alloys, with: [k]}]", "brass bronze k", 1),
    ("all in two windows", "x: [{all: [a, b], weight: 2}]", "a b. A b", 2),
    ("a category is one", "x: [$y]; y: [a, b]", "a b", 1),
    ("what does not count", "x: {match: [tin, a], ignore: [negated]}", "no tin, a", 1),
    ("what counts somewhere", "x: {match: [tin], ignore: [negated]}", "no tin. Tin", 1),
    ("what is not reported", "x: [a, a b]", "a b", 1),
    ("the larger weight of equals", "x: [abc, {word: abc*, weight: 2}]", "abc", 2),
    ("nothing that counts", "x: {match: [tin], ignore: [negated], threshold: 0.001}", "no tin",
     None),
]  # fmt: skip


@both
@pytest.mark.parametrize(("rules", "text", "expected"), rows({"score": SCORES}))
def test_score(tagger: Tagger, rules: str, text: str, expected: Fraction | None) -> None:
    verdict = tagger(rules_of(rules), text, "").get("x")

    assert (verdict.score if verdict else None) == expected


# name, rules, text, what is tagged; drafts by a word behind
STATUSES: Final = [
    ("on", "x: {match: [a], status: on}", "a", {"x"}),
    ("deprecated", "x: {match: [a], status: deprecated}", "a", {"x"}),
    ("off", "x: {match: [a], status: off}", "a", set()),
    ("draft", "x: {match: [a], status: draft}", "a", {"x" + DRAFT}),
    ("a draft below", "x: [b]; x.y: {match: [a], status: draft}", "a",
     {"x.y" + DRAFT, "x" + DRAFT}),
    ("off below", "x.y: {match: [a], status: off}", "a", set()),
    ("off above", "x: {match: [b], status: off}; x.y: [a]", "a", {"x.y", "x"}),
    ("a draft sees others", "x: {match: [$y], status: draft}; y: [a]", "a", {"x" + DRAFT, "y"}),
    ("a draft sees drafts", "x: {match: [$y], status: draft}; y: {match: [a], status: draft}", "a",
     {"x" + DRAFT, "y" + DRAFT}),
    ("others see no draft", "x: [$y]; y: {match: [a], status: draft}", "a", {"y" + DRAFT}),
    ("no draft vetoes", "x: {match: [a], unless: [$y]}; y: {match: [a], status: draft}", "a",
     {"x", "y" + DRAFT}),
    ("no draft cancels", "x: {match: [a], except: [$y]}; y: {match: [a], status: draft}", "a",
     {"x", "y" + DRAFT}),
    ("a draft below its threshold", "x: {match: [a], status: draft, threshold: 2}", "a", set()),
]  # fmt: skip


@both
@pytest.mark.parametrize(("rules", "text", "expected"), rows({"status": STATUSES}))
def test_status(tagger: Tagger, rules: str, text: str, expected: set[str]) -> None:
    assert tagger(rules_of(rules), text, "").keys() == expected


# name, rules, document, the parts of the one piece of evidence
PARTS: Final = [
    ("a word has none", "x: [a]", "a", []),
    ("any has none", "x: [{any: [a]}]", "a", []),
    ("a gap", "x: [a ... b]", "a k b", ["a", "b"]),
    ("all", "x: [{all: [a, b, c]}]", "c a k b", ["c", "a", "b"]),
    ("times", "x: [{word: a, times: 2}]", "a k a", ["a", "a"]),
    ("at_least", "x: [{any: [a, b], at_least: 2}]", "b k a", ["b", "a"]),
    ("a gap in all", "x: [{all: [a ... b, c]}]", "a k b c", ["a k b", "c"]),
    ("title and text", "x: [{all: [a, b], within: document}]", "a¶b", ["t:a", "b"]),
    ("a category", "x: [$y]; y: [a ... b]", "a k b", ["a", "b"]),
]  # fmt: skip


@both
@pytest.mark.parametrize(("rules", "written", "expected"), rows({"parts": PARTS}))
def test_parts(tagger: Tagger, rules: str, written: str, expected: list[str]) -> None:
    text, title = document(written)

    (evidence,) = tagger(rules_of(rules), text, title)["x"].evidence

    parts = [
        f"t:{title[start:end]}" if in_title else text[start:end]
        for start, end, in_title in evidence.parts
    ]
    assert parts == expected


# name, rules, text, keyword, ids and name of the one piece of evidence
REPORTED: Final = [
    ("a word", "x: [a]", "a", ("a", (), "")),
    ("an id", "x: [{word: a, id: HS-1}]", "a", ("a", ("HS-1",), "")),
    ("a name", "x: [{word: a, name: first}]", "a", ("a", (), "first")),
    ("a line of a list", "x: [$alloys]", "brass", ("brass", (), "")),
    ("a name for a block", "x: [{all: [a, b], name: both}]", "b a", ("b + a", (), "both")),
    ("a word of any", "x: [{any: [a, {word: b, id: B}], name: one}]", "b", ("b", ("B",), "one")),
    ("the first line of equals", "x: [{any: [abc*, abc]}]", "abc", ("abc*", (), "")),
    ("the first entry of equals", "x: [abc*, abc]", "abc", ("abc*", (), "")),
]  # fmt: skip


@pytest.mark.parametrize(("rules", "text", "expected"), rows({"reported": REPORTED}))
def test_reported(rules: str, text: str, expected: tuple[str, tuple[str, ...], str]) -> None:
    (evidence,) = evidence_of(rules_of(rules), text)

    assert (evidence.keyword, evidence.ids, evidence.name) == expected


def test_a_deprecated_category_says_so() -> None:
    rules = compile_rules(rules_of("x: {match: [a], status: deprecated}; y: [a]"))

    tags = {given.category: given.is_deprecated for given in tag(rules, "a").tags}

    assert tags == {"x": True, "y": False}


def test_a_dot_that_stands_there_belongs_to_the_evidence_of_a_block() -> None:
    (evidence,) = evidence_of(rules_of('x: [{all: [city, "U.S."]}]'), "city U.S. k")

    assert evidence.text == "city U.S."


def test_label_severity_and_threshold_stand_in_the_answer() -> None:
    rules = rules_of("x: {match: [a, b], label: Letters, severity: high, threshold: 2}")

    (given,) = tag(compile_rules(rules), "a b").tags

    assert (given.label, given.severity, given.score, given.threshold) == ("Letters", "high", 2, 2)


def test_cycles_are_refused_with_their_path() -> None:
    with pytest.raises(RuleSetError, match=re.escape("$x → $y → $x")):
        rules_of("x: [$y]; y: [$x]")


# name, list, its file, text, evidence as text and ids
FILES: Final = [
    ("a text file", "{file: l.txt}", "copper\n# no tin\ntin # yes\n", "copper no tin",
     [("copper", ()), ("tin", ())]),
    ("its marks", "{file: l.txt}", "smuggle~\n=WPK\n", "smuggled wpk WPK",
     [("smuggled", ()), ("WPK", ())]),
    ("case of a file", "{file: l.txt, case: exact}", "Lead\n", "lead Lead", [("Lead", ())]),
    ("forms of a file", "{file: l.txt, forms: none}", "wire\n", "wires wire", [("wire", ())]),
    ("language of a file", "{file: l.txt, language: de}", "wire\n", "wires wire", [("wire", ())]),
    ("a table", "{file: l.csv}", "name,code\ncopper,1\n", "copper", [("copper", ())]),
    ("a column", "{file: l.csv, column: name}", "code,name\n1,copper\n", "1 copper",
     [("copper", ())]),
    ("a column of ids", "{file: l.csv, id: code}", "name,code\ncopper,HS 74\n", "copper",
     [("copper", ("HS 74",))]),
    ("the usual column of ids", "{file: l.csv}", "name,id\ncopper,7\n", "copper",
     [("copper", ("7",))]),
    ("several ids", "{file: l.csv}", "name,id\ncopper,7\ncopper,8\n", "copper",
     [("copper", ("7", "8"))]),
    ("literal cells", "{file: l.csv}", "name\nlose~\n", "lost lose~", [("lose~", ())]),
    ("a column of cases", "{file: l.csv}", "name,case\nLead,exact\n", "lead Lead", [("Lead", ())]),
    ("a column of forms", "{file: l.csv}", "name,forms\nlose,verb\n", "lost", [("lost", ())]),
    ("a column of weights", "{file: l.csv}", "name,weight\na,0.5\nb,0.25\nc,0.25\n", "a b c",
     [("a", ()), ("b", ()), ("c", ())]),
]  # fmt: skip


@pytest.mark.parametrize(("word_list", "content", "text", "expected"), rows({"file": FILES}))
def test_list_files(
    word_list: str, content: str, text: str, expected: list[tuple[str, tuple[str, ...]]]
) -> None:
    rules = f"lists: {{l: {word_list}}}\ncategories: {{x: [$l]}}".encode()

    parsed = parse_rules({"a.yaml": rules}, lambda _: content.encode())

    assert [(one.text, one.ids) for one in evidence_of(parsed, text)] == expected


def test_any_file_may_use_any_list_and_category() -> None:
    rules = parse_rules(
        {
            "a.yaml": b"lists: {l: [a]}\ncategories: {y: [b]}",
            "sub/b.yaml": b"categories: {x: [$l, $y]}",
        }
    )

    assert [one.text for one in evidence_of(rules, "a b") if one.keyword != "b"] == ["a", "b"]


def evidence_of(rules: RuleSet, text: str) -> list[Evidence]:
    tags = {given.category: given for given in tag(compile_rules(rules), text).tags}
    return list(tags["x"].evidence)


def test_an_invisible_character_in_a_keyword_does_not_count() -> None:
    rules = rules_of('x: ["co\\u200bpper~"]')

    assert [one.text for one in evidence_of(rules, "coppered")] == ["coppered"]
