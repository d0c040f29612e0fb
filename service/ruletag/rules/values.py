"""Read the values of a located tree: keys, texts, choices, numbers, each with its problem.

Each kind of mapping has one table of keys; a common guess at a key is led to the
right one, and no key is ever ignored.
"""

import re
from collections.abc import Mapping as MappingType
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from typing import Final, TypeGuard

from ruletag.problems import Location, ProblemLog, cropped, nearest, quoted
from ruletag.rules.mistakes import COLON, QUOTE_IT, in_quotes
from ruletag.rules.yamltree import Mapping, Node, Scalar, Sequence

NUMBER: Final = re.compile(r"-?[0-9]{1,9}(?:\.[0-9]{1,3})?")
_NEARLY_A_NUMBER: Final = re.compile(r"\+?(-?)([0-9]*)[.,]([0-9]{1,3})")
_DAY: Final = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")
_LANGUAGE: Final = re.compile(r"[a-z]{2,3}(?:-[A-Za-z0-9]{1,8}){0,3}")
_LANGUAGES: Final = {
    "english": "en", "korean": "ko", "chinese": "zh", "japanese": "ja", "russian": "ru",
    "french": "fr", "spanish": "es", "german": "de", "arabic": "ar",
}  # fmt: skip
_WHOLE: Final = re.compile("[0-9]{1,6}")
_NULLS: Final = frozenset({"", "~", "null", "Null", "NULL"})
_RARE: Final = frozenset({"meta"})  # hardly what was meant by a name like it
_MOST_MISTYPED: Final = 100  # keys of one mapping; looking for near words takes time
_CATEGORY_LIKE: Final = re.compile(r"[a-z0-9_.]+")
_GLUED: Final = re.compile(r"([a-z_]+):(\S.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Keys:
    """What a kind of mapping may hold, and common guesses at it.

    ``category`` says where a category belongs that stands among the keys, and
    ``elsewhere`` what to write in place of keys that belong in another kind.
    """

    of: str
    known: tuple[str, ...]
    guesses: MappingType[str, str] = field(default_factory=dict)
    category: str = ""
    elsewhere: MappingType[str, str] = field(default_factory=dict)


def _guesses(**words: str) -> dict[str, str]:
    """Give the right key by each of the words that people try for it."""
    return {word: key for key, listed in words.items() for word in listed.split()}


_SWITCHES: Final = _guesses(on="yes true enabled active", off="no false disabled inactive")
_EXCEPT: Final = dict.fromkeys(
    "exclude excludes exclusions exception exceptions not without".split(), "except"
)
_OF_A_WORD: Final = _guesses(
    word="keyword term text phrase value match pattern",
    forms="form inflect inflections",
    id="ids code",
)
FILE: Final = Keys(
    "a rule file",
    ("version", "language", "lists", "categories", "cues"),
    _guesses(
        categories="rules topics tags labels classes",
        lists="gazetteers vocabularies dictionaries groups",
        language="lang locale",
        cues="contexts triggers negation modifiers",
    ),
    "if it is a category, it belongs under `categories:`, indented by two spaces",
)
CATEGORY: Final = Keys(
    "a category",
    (
        *("match", "label", "description", "severity", "threshold", "except", "unless", "ignore"),
        *("status", "review_by", "owner", "links", "meta", "language", "tests"),
    ),
    _guesses(
        match="keywords keyword words word terms term patterns pattern phrases entries list",
        label="name title",
        description="desc comment about",
        tests="examples example test samples cases",
        severity="level priority risk",
        threshold="score minimum min_score",
        unless="veto block blockers stop",
        ignore="contexts context",
        status="enabled active state draft",
        review_by="review expires expiry valid_until",
        owner="author maintainer contact",
        links="link references urls url",
        meta="metadata custom",
    )
    | _EXCEPT,
    "if it is a category, write it beside this one: `{1}.{0}:`",
    {
        "none": "`none` belongs in an entry; for the whole category it is `unless`",
        "with": "`with` belongs in an entry: `{word: copper, with: [smuggle~]}`",
    },
)
ENTRY: Final = Keys(
    "an entry",
    (
        *("word", "any", "all", "none", "at_least", "times", "within", "order", "in", "with"),
        *("across", "weight", "name", "case", "forms", "except", "id"),
    ),
    _OF_A_WORD
    | _guesses(
        any="any_of or one_of anyof",
        all="all_of and allof both",
        none="none_of no nor noneof",
        at_least="min minimum atleast min_count",
        times="count repeat occurrences",
        within="window distance near proximity scope",
        order="ordered sequence",
        weight="score",
        name="label title",
        **{"with": "needs company requires near_by together_with"},
    )
    | _EXCEPT,
    elsewhere={
        "unless": "`unless` belongs in a category; in an entry it is `none`, within a window",
        "ignore": "`ignore` belongs in a category: it holds for all entries",
    }
    | dict.fromkeys(
        ("not", "without", "exclude", "excludes", "exclusions"),
        "`except` is for phrases that cancel the match, `none` for words that must not stand near",
    ),
)
LINE: Final = Keys(
    "a line of a list",
    ("word", "case", "forms", "weight", "except", "id"),
    _OF_A_WORD | _guesses(weight="score") | _EXCEPT,
)
ITEM: Final = Keys(
    "a word of a group",
    ("word", "case", "forms", "except", "id"),
    _OF_A_WORD | _EXCEPT,
)
EXCEPTION: Final = Keys("a word under `except`", ("word", "case", "forms"), _OF_A_WORD)
LIST: Final = Keys(
    "a list",
    ("words", "file", "column", "id", "case", "forms", "language"),
    _guesses(
        words="match list entries items terms keywords",
        file="path from source include",
        column="field header",
        id="ids code key",
    ),
)
TESTS: Final = Keys(
    "`tests`",
    ("tag", "skip", "todo"),
    _guesses(
        tag="tags yes positive positives match matches should_match must_tag",
        skip="skips no negative negatives should_not_match must_not_tag ignore",
        todo="later known wanted xfail pending",
    ),
)
CUES: Final = Keys(
    "`cues`",
    ("negated", "hypothetical", "historical", "ends"),
    _guesses(
        negated="negation negative negations",
        hypothetical="hypotheticals possible",
        historical="history past",
        ends="terminators end stops",
    ),
)
CUE: Final = Keys(
    "the cues of a context",
    ("before", "after", "never", "reach"),
    _guesses(
        before="forward pre left",
        after="backward post right",
        never="pseudo pseudo_negation except not",
        reach="max_words scope words within",
    ),
)
_ALL: Final = (FILE, CATEGORY, ENTRY, LIST, TESTS)


class ValueReader:
    """Reads values; what is wrong goes to the log."""

    def __init__(self, log: ProblemLog) -> None:
        self.log = log

    # ------------------------------------------------------------------ keys

    def keys(self, node: Mapping, keys: Keys, owner: str) -> tuple[dict[str, Node], bool]:
        """Give the mapping's values by key, and whether all its keys are known.

        What else stands there is reported.
        """
        found = {key.value: value for key, value in node.pairs if key.value in keys.known}
        unknown = [pair for pair in node.pairs if pair[0].value not in keys.known]
        is_strange = len(unknown) > _MOST_MISTYPED
        loose = [
            key
            for key, value in unknown
            if _is_like_a_category(key, value, keys)
            and (is_strange or not nearest(key.value, set(keys.known) - _RARE))
        ]
        if loose:
            more = f" (and {len(loose) - 1:,} more like it)" if len(loose) > 1 else ""
            detail = f"unknown key {quoted(loose[0].value)} in {owner}{more}"
            hint = keys.category.format(cropped(loose[0].value), owner.rsplit(maxsplit=1)[-1])
            self.log.add("E201", loose[0].location, detail, hint=hint)
        reported = {key.value for key in loose}
        for key, value in unknown:
            if key.value not in reported:
                self.unknown_key(key, keys, owner, value)
        return found, node.is_whole and not unknown

    def unknown_key(self, key: Scalar, keys: Keys, owner: str, value: Node | None = None) -> None:
        """Report a key, and lead to the right one."""
        detail = f"unknown key {quoted(key.value)} in {owner}"
        self.log.add("E201", key.location, detail, hint=lambda: _right_key(key.value, keys, value))

    def is_words_in_braces(self, node: Mapping) -> bool:
        """Tell, and report, words in braces, which YAML takes for keys without values."""
        is_several = len(node.pairs) > 1
        if not is_several or not all(_is_null(value) for _, value in node.pairs):
            return False
        hint = "put them in brackets: `[smuggle~, smuggler]`"
        self.shape_problem(node, "words in braces are no list", hint)
        return True

    # ---------------------------------------------------------------- values

    def items(self, node: Node, owner: str, example: str = "") -> tuple[Node, ...]:
        """Give the items of a list that may not be empty."""
        if isinstance(node, Sequence):
            if not node.items:
                self.log.add("E204", node.location, f"{owner} is an empty list", hint=example)
            return node.items
        if _is_null(node):
            self._empty(node, owner, example)
        elif isinstance(node, Scalar):
            detail = f"{owner} needs a list, not text"
            self.log.add("E203", node.location, detail, hint=_as_list(node.value))
        else:
            self.shape_problem(node, f"{owner} needs a list, not a mapping", example)
        return ()

    def scalar(self, node: Node, owner: str, example: str = "") -> str | None:
        """Give the author's words as they stand; report what is empty or no text."""
        if not isinstance(node, Scalar):
            self.shape_problem(node, f"{owner} is text, not {kind(node)}", _meant(node))
            return None
        value = node.value
        if _is_null(node) or not value.strip():
            self._empty(node, owner, example)
            return None
        return value

    def text(self, node: Node | None, key: str) -> str:
        """Give a text for people, without white space around it."""
        return (self.scalar(node, f"`{key}`") or "").strip() if node is not None else ""

    def choice(self, node: Node | None, key: str, allowed: tuple[str, ...]) -> str:
        """Give one of the words allowed, or nothing."""
        value = self.scalar(node, f"`{key}`") if node is not None else None
        if value is None or value in allowed:
            return value or ""
        detail = f"`{key}` can be {', '.join(allowed)}; not {quoted(value)}"
        place = node.location if node is not None else Location("", 0, 0)
        self.log.add("E206", place, detail, hint=nearest(_plain_choice(value, allowed), allowed))
        return ""

    def number(self, node: Node | None, key: str) -> Fraction | None:
        """Give an exact number."""
        value = self.scalar(node, f"`{key}`") if node is not None else None
        if node is None or value is None:
            return None
        if NUMBER.fullmatch(value):
            return Fraction(value)
        nearly = _NEARLY_A_NUMBER.fullmatch(value)
        hint = (
            f"write `{nearly[1]}{nearly[2] or 0}.{nearly[3]}`" if nearly else "as in `2` or `0.5`"
        )
        detail = f"`{key}` is a number with at most three decimals; not {quoted(value)}"
        self.log.add("E206", node.location, detail, hint=hint)
        return None

    def whole(self, node: Node | None, key: str, least: int, most: int) -> int | None:
        """Give a whole number between two bounds, None where there is none."""
        value = self.scalar(node, f"`{key}`") if node is not None else None
        if node is None or value is None:
            return None
        if _WHOLE.fullmatch(value) and least <= int(value) <= most:
            return int(value)
        detail = f"`{key}` is a whole number from {least} to {most}; not {quoted(value)}"
        self.log.add("E206", node.location, detail)
        return None

    def date(self, node: Node | None, key: str) -> date | None:
        """Give a day."""
        value = self.scalar(node, f"`{key}`") if node is not None else None
        if node is None or value is None:
            return None
        try:
            return date.fromisoformat(value) if _DAY.fullmatch(value) else _no_day()
        except ValueError:
            detail = f"`{key}` is a day such as 2027-01-31; not {quoted(value)}"
            self.log.add("E206", node.location, detail, hint="year, month, day")
            return None

    def pairs(self, node: Node | None, key: str) -> tuple[tuple[str, str], ...]:
        """Give a mapping from names to texts."""
        if node is None:
            return ()
        if not isinstance(node, Mapping):
            hint = f"as in `{key}: {{desk: Seoul}}`"
            self.shape_problem(node, f"`{key}` is a mapping from names to texts", hint)
            return ()
        return tuple((name.value, self.text(value, name.value)) for name, value in node.pairs)

    def language(self, node: Node | None, default: str) -> str:
        """Give the code of a language."""
        if node is None:
            return default
        written = node.value if isinstance(node, Scalar) else ""
        if _LANGUAGE.fullmatch(written):
            return written
        code = _LANGUAGES.get(written.casefold(), written.lower())
        hint = f"write `{code}`" if _LANGUAGE.fullmatch(code) else ""
        self.log.add("E206", node.location, "`language` is a code such as `en` or `ko`", hint=hint)
        return default

    def threshold(self, node: Node | None) -> Fraction:
        """Give a number above 0; 1 where there is none."""
        number = self.number(node, "threshold")
        if number is not None and number <= 0 and node is not None:
            hint = "leave it out: one word is enough then"
            self.log.add("E206", node.location, "`threshold` must be above 0", hint=hint)
            return Fraction(1)
        return number if number is not None else Fraction(1)

    # -------------------------------------------------------------- problems

    def shape_problem(self, node: Node, detail: str, hint: str = "") -> None:
        """Report a value of the wrong kind."""
        self.log.add("E203", node.location, detail, hint=hint)

    def _empty(self, node: Scalar, owner: str, example: str) -> None:
        detail = f"{owner} is empty"
        if node.value.strip():
            detail += f": `{node.value}` is YAML for nothing"
        self.log.add("E204", node.location, detail, hint=lambda: self._filled(node, example))

    def _filled(self, node: Scalar, example: str) -> str:
        """Say what to write where nothing stands."""
        if node.value == "~":
            return "a `~` follows its word without a space: `smuggle~`"
        if node.value.strip():
            return f"put it in quotes if the word is meant: '{node.value}'"
        rest = self.log.line(node.location)[node.location.column - 1 :].strip()
        if rest.startswith("#"):
            return f"`#` begins a comment; {QUOTE_IT} if it is meant: {in_quotes(cropped(rest))}"
        return example or "write something here, or delete the line"


def _plain_choice(value: str, allowed: tuple[str, ...]) -> str:
    """Give `on` for yes and `off` for no, where these can be chosen."""
    meant = _SWITCHES.get(value.casefold(), "")
    return meant if meant in allowed else value


def _no_day() -> date:
    raise ValueError("no day")


def kind(node: Node) -> str:
    """Name the kind of a value."""
    if isinstance(node, Scalar):
        return "text"
    return "a list" if isinstance(node, Sequence) else "a mapping"


def _is_null(node: Node) -> TypeGuard[Scalar]:
    return isinstance(node, Scalar) and not node.quoted and node.value in _NULLS


def _is_like_a_category(key: Scalar, value: Node, keys: Keys) -> bool:
    """Tell whether what stands among the keys of something else is probably a category."""
    name = key.value
    return (
        keys.category != ""
        and not isinstance(value, Scalar)
        and _CATEGORY_LIKE.fullmatch(name) is not None
        and name not in keys.guesses
        and not any(name in other.known for other in _ALL)
    )


def _right_key(written: str, keys: Keys, value: Node | None) -> str:
    folded = written.casefold().replace("-", "_")
    if folded in keys.elsewhere:
        return keys.elsewhere[folded]
    guess = keys.guesses.get(folded)
    if guess == "within" and isinstance(value, Sequence):
        return "the words that must stand near go into `with`; how near is `within`"
    if guess:
        return f"the key is called `{guess}`"
    close = nearest(written, keys.known)
    if close:
        return close
    elsewhere = next((other.of for other in _ALL if written in other.known), "")
    if elsewhere:
        return f"`{written}` belongs in {elsewhere}"
    return f"known keys: {', '.join(keys.known)}"


def _as_list(value: str) -> str:
    """Show how to write as a list what was written as text."""
    words = value.strip()
    if words.endswith((".", "!", "?")):
        return "write one sentence a line, each after `- `"
    if words.startswith(("-", "•")):
        return "write a space after each `-`"
    glued = _GLUED.match(words)
    if glued:
        return f"write a space after the colon: {quoted(f'{glued[1]}: {glued[2]}')}"
    return f"put it in brackets: {quoted(f'[{words}]')}"


def _meant(node: Sequence | Mapping) -> str:
    """Guess which text became a list or a mapping."""
    if isinstance(node, Sequence):
        first = node.items[0] if node.items else None
        if isinstance(first, Sequence):
            return f"a text cannot begin with `[[`: {QUOTE_IT}"
        return (
            "write each on a line of its own, or `{any: [a, b]}`; quotes, if a text begins with `[`"
        )
    key, value = node.pairs[0] if len(node.pairs) == 1 else (None, None)
    if key is None or not isinstance(value, Scalar):
        return COLON
    return f"{COLON}: {in_quotes(cropped(f'{key.value}: {value.value}'.strip()))}"
