"""What rules are, once read: plain immutable values, every shorthand written out.

After `ruletag.rules.parser` has made these, nobody checks shapes again.
"""

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from ruletag.problems import Location, Problem

Severity = Literal["low", "medium", "high", "critical"]
SEVERITIES: tuple[Severity, ...] = ("low", "medium", "high", "critical")
FormsKind = Literal["default", "none", "plural", "verb"]


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a keyword, without its marks.

    ``inflected`` is the mark ``~``: every verb form. ``open`` is the mark ``*``:
    every word that begins so.
    """

    text: str
    inflected: bool = False
    open: bool = False


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words that stand side by side; ``exact`` when their case must be as written."""

    words: tuple[Word, ...]
    exact: bool = False
    forms: FormsKind | tuple[str, ...] = "default"


@dataclass(frozen=True, slots=True)
class ListReference:
    """``$metals``: any word of that list."""

    name: str


@dataclass(frozen=True, slots=True)
class Keyword:
    """A phrase sought, or several with gaps between them, as its author wrote it."""

    written: str
    location: Location
    language: str
    parts: tuple[Phrase | ListReference, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of ``match`` or of a list; weight as an exact fraction, None if not given."""

    keyword: Keyword
    weight: Fraction | None = None
    excepts: tuple[Keyword, ...] = ()
    ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class WordList:
    """Named words that rules share."""

    name: str
    location: Location
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Example:
    """A sentence that a category must tag (``tag``) or must not (``skip``).

    ``marks`` are the spans of its evidence in ``text``, in code points; None
    where the author marked none and only the tag is asserted.
    """

    kind: Literal["tag", "skip"]
    text: str
    marks: tuple[tuple[int, int], ...] | None
    location: Location


@dataclass(frozen=True, slots=True)
class Category:
    """A label, and what a text must hold to be given it."""

    id: str
    location: Location
    entries: tuple[Entry, ...]
    excepts: tuple[Keyword, ...] = ()
    examples: tuple[Example, ...] = ()
    label: str = ""
    description: str = ""
    severity: Severity | None = None
    threshold: Fraction = Fraction(1)


@dataclass(frozen=True, slots=True)
class RuleFile:
    """The name (relative to the rule folder, with ``/``), size in bytes and hash of a file."""

    name: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class RuleSet:
    """All rule files together. ``digest`` identifies everything that can change an answer."""

    digest: str
    files: tuple[RuleFile, ...]
    categories: tuple[Category, ...]
    lists: tuple[WordList, ...]
    warnings: tuple[Problem, ...] = ()
