"""The JSON Schema of rule files: editors complete, explain and check by it as one writes.

Every key that the parser knows has a row in `MEANINGS`, in words for the author of a
rule. What a schema cannot say (misplaced marks, lists that nobody defined, evidence
that is not marked in pairs) is left to ``ruletag check``.

The words of the schema are those that draft 7 and 2020-12 share, since most editors
know no newer draft, whatever ``$schema`` says.
"""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from ruletag.language.cues import CONTEXTS
from ruletag.limits import LIMITS
from ruletag.rules.model import SEVERITIES, STATUSES
from ruletag.rules.values import (
    CATEGORY,
    CUE,
    CUES,
    ENTRY,
    EXCEPTION,
    FILE,
    ITEM,
    LINE,
    LIST,
    NUMBER,
    TESTS,
    Keys,
)

Schema = dict[str, Any]

_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_MADE_BY: Final = "Made by `ruletag schema`; edits are lost."
# An author writes `1994` or `no` and means the word; YAML gives an editor a number or a
# boolean, and for a day it gives text.
_SCALAR: Final = ["string", "number", "boolean"]
_NOT_BLANK: Final = r"\S"


def _ref(name: str) -> Schema:
    return {"$ref": f"#/$defs/{name}"}


def _list_of(item: Schema, **more: object) -> Schema:
    return {"type": "array", "items": item, "minItems": 1} | more


def _one_of(*words: str) -> Schema:
    return {"enum": list(words)}


def _whole(least: int, most: str, highest: int) -> Schema:
    """Give whole numbers up to a highest, whose pattern is ``most``."""
    return {
        "type": ["integer", "string"],
        "minimum": least,
        "maximum": highest,
        "pattern": f"^(?:{most})$",
    }


def _any_case(word: str) -> str:
    """Give a pattern for a word in small letters or capitals; JSON Schema has no flag for it."""
    return "".join(f"[{letter}{letter.upper()}]" for letter in word)


_TEXT: Final = _ref("text")
_TEXTS: Final = _list_of(_TEXT)
_KEYWORD: Final = _ref("keyword")
_GROUP: Final = _list_of(_ref("item"))
_EXCEPTIONS: Final = _list_of(_ref("exception"))
_ENTRIES: Final = _list_of(_ref("entry"))
_NUMBER: Final[Schema] = {"type": ["number", "string"], "pattern": f"^(?:{NUMBER.pattern})$"}
_ABOVE_ZERO: Final[Schema] = {
    "type": ["number", "string"],
    "exclusiveMinimum": 0,
    "pattern": f"^(?![-0.]+$)(?:{NUMBER.pattern.removeprefix('-?')})$",
}
_COUNT: Final = _whole(1, "100|[1-9][0-9]?", 100)
_REACH: Final = _whole(0, "100|[1-9]?[0-9]", 100)
_CASE: Final = _one_of("exact", "any")
_FORM_KINDS: Final = _one_of("none", "plural", "verb")
_FORMS: Final[Schema] = {"anyOf": [_FORM_KINDS, _list_of(_KEYWORD)]}
_LANGUAGE: Final[Schema] = {
    "type": "string",
    "pattern": "^[a-z]{2,3}(?:-[A-Za-z0-9]{1,8}){0,3}$",
}
_WINDOW_NAMES: Final = ("phrase", "sentence", "paragraph", "document")
_WINDOW_PATTERN: Final = (
    rf"^\s*(?:{'|'.join(map(_any_case, _WINDOW_NAMES))}"
    rf"|[0-9]{{1,3}} +{_any_case('word')}[sS]?"
    rf"|[1-9][0-9]{{0,2}} +{_any_case('sentence')}[sS]?)\s*$"
)
# The names apart, so that an editor can offer them.
_WINDOW: Final[Schema] = {
    "type": "string",
    "anyOf": [_one_of(*_WINDOW_NAMES), {"pattern": _WINDOW_PATTERN}],
}
_LIST_FILE: Final[Schema] = {
    "type": "string",
    "pattern": rf"^(?!/)[^\\]+\.(?:{_any_case('txt')}|{_any_case('csv')})\s*$",
}
_DAY: Final[Schema] = {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"}
_MOST_GROUPS: Final = 8


class Meaning(NamedTuple):
    """What a key is for: a few words, a sentence or two, and the values it may have."""

    title: str
    description: str
    value: Schema
    examples: tuple[object, ...] = ()


_WORD: Final = Meaning(
    "A keyword",
    "The word or phrase to find, with its marks: `smuggle~` every verb form, `smuggl*` any word "
    "that begins so, `=WPK` exactly so, `strip~ ... membership` both in one sentence, `$metals` "
    "any word of that list.",
    _KEYWORD,
    ("smuggle~", "border closure", "=WPK", "strip~ ... membership", "$metals"),
)
_CASE_OF_A_WORD: Final = Meaning(
    "Capital letters",
    "`exact`: letters must have the case they are written in, as `Lead` the surname. "
    "`any`: capitals do not matter; so it is without this key.",
    _CASE,
)
_FORMS_OF_A_WORD: Final = Meaning(
    "Other forms of the word",
    "`none`: only as written. `plural`: its plural too. `verb`: every verb form. Or a list of "
    "further forms, which are found as written. Without this key: as the marks say, else plural.",
    _FORMS,
    ("none", ["aluminium"]),
)
_EXCEPT_OF_ONE: Final = Meaning(
    "Phrases that cancel this word",
    "Where one of these phrases overlaps a match of this word, the match does not count.",
    _EXCEPTIONS,
    (["lead singer"],),
)
_ID_OF_A_WORD: Final = Meaning(
    "Code of the word",
    "A code of your own, such as a customs number; it stands in the evidence.",
    _TEXT,
    ("HS-74",),
)
_WEIGHT: Final = Meaning(
    "Weight",
    "What it adds to the score of the category, once; 1 without this key. At most three "
    "decimals; may be negative. Two hints of 0.5 together reach a threshold of 1.",
    _NUMBER,
    (0.5,),
)
_LANGUAGE_OF_WORDS: Final = Meaning(
    "Language of the words",
    "A code such as `en`, `ko` or `fr`. Only English words take other forms; in other languages "
    "words are found as written.",
    _LANGUAGE,
    ("en", "ko"),
)
_OF_A_WORD: Final[Mapping[str, Meaning]] = {
    "word": _WORD,
    "case": _CASE_OF_A_WORD,
    "forms": _FORMS_OF_A_WORD,
    "except": _EXCEPT_OF_ONE,
    "id": _ID_OF_A_WORD,
}


def _cues(of: str) -> Meaning:
    return Meaning(
        f"Cues of {of} matches",
        f"Words that make what stands near them {of}, besides those that ruletag knows.",
        _ref("cues"),
    )


def _sentences(title: str, description: str) -> Meaning:
    return Meaning(title, description, _TEXTS)


# What each kind of mapping may hold, by the name that the parser gives the kind.
MEANINGS: Final[Mapping[str, Mapping[str, Meaning]]] = {
    FILE.of: {
        "version": Meaning(
            "Version of the rule language", "1, the only one so far.", {"enum": [1, "1"]}
        ),
        "language": Meaning(
            "Language of the file",
            "The language of all words that do not say otherwise; `en` without this key. Only "
            "English words take other forms.",
            _LANGUAGE,
            ("en", "ko"),
        ),
        "lists": Meaning(
            "Lists of words",
            "Words that rules share: `metals: [copper, zinc]` is used as `$metals`, in this file "
            "and in all others.",
            {
                "type": "object",
                "minProperties": 1,
                "patternProperties": {"^[a-z0-9_]+$": _ref("list")},
                "additionalProperties": False,
            },
            ({"metals": ["copper", "zinc"]},),
        ),
        "categories": Meaning(
            "Categories",
            "The tags that a text can be given, each with its words. An id has small letters, "
            "digits and _; `commodities.metals` lies below `commodities` and tags it too.",
            {
                "type": "object",
                "minProperties": 1,
                "patternProperties": {r"^[a-z0-9_]+(?:\.[a-z0-9_]+)*$": _ref("category")},
                "propertyNames": {"maxLength": LIMITS.category_id},
                "additionalProperties": False,
            },
            ({"smuggling": ["smuggle~", "smuggler", "contraband"]},),
        ),
        "cues": Meaning(
            "Cues of contexts",
            "Words that say that a thing is not so, only possible, or long past, besides those "
            "that ruletag knows; `ignore` of a category goes by them.",
            _ref("contexts"),
        ),
    },
    CATEGORY.of: {
        "match": Meaning(
            "What to find",
            "The entries of the category: keywords, or conditions on several. The weights of the "
            "different entries found add up to the score.",
            _ENTRIES,
            (["smuggle~", "contraband"],),
        ),
        "label": Meaning("Name for people", "The name that people read.", _TEXT, ("Smuggling",)),
        "description": Meaning(
            "Description", "What the category is about, in a sentence or two.", _TEXT
        ),
        "severity": Meaning(
            "Severity", "How much it matters; it stands in the answer.", _one_of(*SEVERITIES)
        ),
        "threshold": Meaning(
            "Score needed",
            "The category is tagged when its score reaches this number; above 0, and 1 without "
            "this key, so that one plain word is enough.",
            _ABOVE_ZERO,
            (1, 1.5),
        ),
        "except": Meaning(
            "Phrases that cancel a match",
            "Where one of these phrases overlaps a match of this category, the match does not "
            "count.",
            _EXCEPTIONS,
            (["air raid", "lead singer"],),
        ),
        "unless": Meaning(
            "What rules the category out",
            "Where one of these entries is found, nothing of the category counts or is reported.",
            _ENTRIES,
            (["video game"],),
        ),
        "ignore": Meaning(
            "Contexts that do not count",
            "A match in one of these contexts does not count. `negated`: said not to be so. "
            "`hypothetical`: only possible. `historical`: long past. `quoted`: in quotation "
            "marks. `capitals`: an exact word in a line that is all in capitals.",
            _list_of(_one_of(*CONTEXTS)),
            (["negated", "historical"],),
        ),
        "status": Meaning(
            "Status",
            "`on`: in use; so it is without this key. `draft`: judged and reported apart, never a "
            "tag. `off`: as if it were not there. `deprecated`: in use, and the answer says so.",
            _one_of(*STATUSES),
        ),
        "review_by": Meaning(
            "Day of review",
            "A day such as 2027-01-31; past it, `ruletag check` warns.",
            _DAY,
            ("2027-01-31",),
        ),
        "owner": Meaning("Owner", "Who answers for the rule.", _TEXT, ("Seoul desk",)),
        "links": Meaning(
            "Links",
            "Where more is said about the rule.",
            _TEXTS,
            (["https://example.org/rules/smuggling"],),
        ),
        "meta": Meaning(
            "Notes of your own",
            "Names and texts that ruletag passes on and does not read.",
            {"type": "object", "additionalProperties": _TEXT},
            ({"desk": "Seoul"},),
        ),
        "language": _LANGUAGE_OF_WORDS,
        "tests": Meaning(
            "Tests of the rule",
            "Sentences that the category must tag and must not tag. They run with `ruletag test`, "
            "and before rules are served.",
            _ref("tests"),
        ),
    },
    ENTRY.of: {
        **_OF_A_WORD,
        "any": Meaning(
            "Any of these words",
            "One of these words is sought. With `at_least` or `times`, so many of them.",
            _GROUP,
            (["ton", "price", "ore"],),
        ),
        "all": Meaning(
            "One of every group",
            "One word of every group must stand near the others, in one sentence or as `within` "
            "says. A group is a list of words, or a single one.",
            _list_of(_ref("words"), maxItems=_MOST_GROUPS),
            ([["copper", "zinc"], ["smuggle~"]],),
        ),
        "with": Meaning(
            "Company it needs",
            "A match counts only where one of these words stands near it, in the same sentence or "
            "as `within` says.",
            _GROUP,
            (["smuggle~", "$illicit"],),
        ),
        "none": Meaning(
            "Company it must not have",
            "A match counts only where none of these words stands near it, in the same sentence "
            "or as `within` says.",
            _GROUP,
            (["museum"],),
        ),
        "within": Meaning(
            "How near",
            "How near things must stand: `phrase`, `8 words`, `sentence`, `2 sentences`, "
            "`paragraph` or `document`. Without this key `sentence`; `document` for `at_least` "
            "and `times`.",
            _WINDOW,
            ("8 words", "2 sentences"),
        ),
        "at_least": Meaning(
            "How many different words",
            "With `any`: so many different words of it must be found, from 1 to 100.",
            _COUNT,
            (2,),
        ),
        "times": Meaning(
            "How many matches",
            "So many matches must be found, the same word counted each time, from 1 to 100.",
            _COUNT,
            (3,),
        ),
        "order": Meaning(
            "Order of the groups",
            "With `all`. `as_written`: the groups must come in this order. `any`: in any order; "
            "so it is without this key.",
            _one_of("as_written", "any"),
        ),
        "in": Meaning("Where", "`title`: only in the title.", _one_of("title")),
        "across": Meaning(
            "What its gaps may pass",
            "`clauses`: its gaps `...` may pass commas, semicolons and dashes.",
            _one_of("clauses"),
        ),
        "weight": _WEIGHT,
        "name": Meaning(
            "Name of the entry", "Stands in the evidence.", _TEXT, ("metal and smuggling",)
        ),
        "except": Meaning(
            "Phrases that cancel this entry",
            "Where one of these phrases overlaps a match of this entry, the match does not count.",
            _EXCEPTIONS,
            (["lead singer"],),
        ),
    },
    LINE.of: {**_OF_A_WORD, "weight": _WEIGHT},
    ITEM.of: _OF_A_WORD,
    EXCEPTION.of: {key: _OF_A_WORD[key] for key in ("word", "case", "forms")},
    LIST.of: {
        "words": Meaning("Words of the list", "The lines of the list.", _list_of(_ref("line"))),
        "file": Meaning(
            "File with the words",
            "A .txt file with a keyword a line, or a .csv file with a line of column names; "
            "relative to this file, inside the rule folder.",
            _LIST_FILE,
            ("lists/counties.csv",),
        ),
        "column": Meaning(
            "Column with the words", "Of a .csv file; the first without this key.", _TEXT, ("name",)
        ),
        "id": Meaning(
            "Column with the codes",
            "Of a .csv file; `id` without this key, if there is one.",
            _TEXT,
            ("code",),
        ),
        "case": Meaning(
            "Capital letters",
            "`exact`: letters must have the case they are written in. For all lines of the file "
            "that do not say otherwise.",
            _CASE,
        ),
        "forms": Meaning(
            "Other forms of the words",
            "`none`: only as written. `plural`: the plural too. `verb`: every verb form. For all "
            "lines of the file that do not say otherwise.",
            _FORM_KINDS,
        ),
        "language": _LANGUAGE_OF_WORDS,
    },
    TESTS.of: {
        "tag": _sentences(
            "Sentences it must tag", "`[[ ]]` marks the exact evidence: They [[smuggle]] copper."
        ),
        "skip": _sentences("Sentences it must not tag", "Texts that only look alike."),
        "todo": _sentences(
            "Sentences it should tag and does not yet",
            "Known gaps: they never fail, and `ruletag test` says so when one is tagged.",
        ),
    },
    CUES.of: {
        "negated": _cues("negated"),
        "hypothetical": _cues("hypothetical"),
        "historical": _cues("historical"),
        "ends": Meaning(
            "Where the reach of cues ends",
            "Words such as `but`: no cue reaches past them.",
            _EXCEPTIONS,
            (["but", "however"],),
        ),
    },
    CUE.of: {
        "before": Meaning(
            "Cues that stand before", "They concern the words after them.", _EXCEPTIONS, (["no"],)
        ),
        "after": Meaning(
            "Cues that stand after",
            "They concern the words before them.",
            _EXCEPTIONS,
            (["was ruled out"],),
        ),
        "never": Meaning(
            "Phrases that are no cues",
            "They hold a cue and do not mean it.",
            _EXCEPTIONS,
            (["not only"],),
        ),
        "reach": Meaning(
            "How far they reach",
            "At most so many words stand between a cue and what it concerns: 0 to 100, and 8 "
            "without this key.",
            _REACH,
            (4,),
        ),
    },
}


def rule_file_schema() -> Schema:
    """Give the JSON Schema (2020-12) of a rule file."""
    return {
        "$schema": _DIALECT,
        "$comment": _MADE_BY,
        "title": "A rule file of ruletag",
        "description": "Lists, categories and cues; docs/rules.md is the language.",
        **_mapping(FILE),
        "anyOf": [{"required": [key]} for key in ("categories", "lists", "cues")],
        "$defs": {
            "text": {"type": _SCALAR, "pattern": _NOT_BLANK},
            "keyword": _scalar_keyword(),
            "category": _list_or(CATEGORY, _ref("entry"), required=["match"]),
            "entry": _keyword_or(ENTRY, allOf=_entry_rules()),
            "words": _words(),
            "item": _keyword_or(ITEM, required=["word"], allOf=[_A_LIST_HAS_ITS_OWN]),
            "exception": _keyword_or(EXCEPTION, required=["word"], allOf=[_A_LIST_HAS_ITS_OWN]),
            "line": _keyword_or(LINE, required=["word"], allOf=[_A_LIST_HAS_ITS_OWN]),
            "list": _list_or(LIST, _ref("line"), allOf=_list_rules()),
            "tests": _mapping(TESTS),
            "contexts": _mapping(CUES),
            "cues": _mapping(CUE),
        },
    }


def _mapping(keys: Keys) -> Schema:
    """Give the schema of a mapping that may hold these keys and no others."""
    meanings = MEANINGS[keys.of]
    return {
        "type": "object",
        "properties": {key: _explained(meanings[key]) for key in keys.known},
        "additionalProperties": False,
    }


def _explained(meaning: Meaning) -> Schema:
    examples = {"examples": list(meaning.examples)} if meaning.examples else {}
    return {"title": meaning.title, "description": meaning.description} | meaning.value | examples


def _scalar_keyword() -> Schema:
    return {"type": _SCALAR, "pattern": _NOT_BLANK, "maxLength": LIMITS.keyword}


def _keyword_or(keys: Keys, **rules: object) -> Schema:
    """Give the schema of a keyword or its long form.

    One schema for both, and not two of which one must fit: so an editor can say
    which key is wrong.
    """
    return _scalar_keyword() | _mapping(keys) | {"type": [*_SCALAR, "object"]} | rules


def _list_or(keys: Keys, item: Schema, **rules: object) -> Schema:
    """Give the schema of a list or of a mapping that says more."""
    return _list_of(item) | _mapping(keys) | {"type": ["array", "object"]} | rules


def _words() -> Schema:
    """Give the schema of a group: a list of words, or a single one."""
    item = _keyword_or(ITEM, required=["word"], allOf=[_A_LIST_HAS_ITS_OWN])
    return item | {"type": [*_SCALAR, "object", "array"], "items": _ref("item"), "minItems": 1}


# ------------------------------------------------------------- what goes together


def _where(key: str, then: Schema) -> Schema:
    """Demand something of mappings that have a key; of what is no mapping it demands nothing."""
    return {"if": {"required": [key]}, "then": then}


def _without(*keys: str) -> Schema:
    return {"properties": dict.fromkeys(keys, False)}


_A_LIST_HAS_ITS_OWN: Final[Schema] = {
    "$comment": "`case` and `forms` say nothing about a list: its lines have their own.",
    "if": {"properties": {"word": {"type": "string", "pattern": r"^\s*\$[a-z0-9_.]+\s*$"}}}
    | {"required": ["word"]},
    "then": _without("case", "forms"),
}


def _entry_rules() -> list[Schema]:
    """Say which keys of an entry need each other, and which have no effect together."""
    return [
        {
            "$comment": "Something must say what is sought.",
            "anyOf": [{"required": [key]} for key in ("word", "any", "all")],
        },
        _where("word", _without("any", "all", "at_least", "order")),
        _where("any", _without("word", "all", "order", "case", "forms", "id")),
        _where("all", _without("word", "any", "at_least", "times", "case", "forms", "id")),
        _where("at_least", _without("times")),
        _where(
            "within",
            {
                "$comment": "`within` says how near things must be, so there must be two.",
                "anyOf": [
                    {"required": [key]} for key in ("all", "with", "none", "at_least", "times")
                ],
            },
        ),
        _A_LIST_HAS_ITS_OWN,
    ]


def _list_rules() -> list[Schema]:
    """Say that a list has its words here or in a file, and which keys need the file."""
    return [
        {"anyOf": [{"required": [key]} for key in ("words", "file")]},
        _where("words", _without("file", "column", "id", "case", "forms")),
    ]
