"""What rules are, once read: plain immutable values, every shorthand written out.

After `ruletag.rules.parser` has made these, nobody checks shapes again.
"""

from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from typing import Final, Literal, NamedTuple, overload

from ruletag.language.cues import ContextName, CuedContext, Role
from ruletag.problems import Location, Problem

Severity = Literal["low", "medium", "high", "critical"]
SEVERITIES: tuple[Severity, ...] = ("low", "medium", "high", "critical")
FormsKind = Literal["default", "none", "plural", "verb"]
Status = Literal["on", "draft", "off", "deprecated"]
STATUSES: tuple[Status, ...] = ("on", "draft", "off", "deprecated")


class Word(NamedTuple):
    """One word of a keyword, without its marks.

    ``inflected`` is the mark ``~``: every verb form. ``open`` is the mark ``*``:
    every word that begins so.
    """

    text: str
    inflected: bool = False
    open: bool = False


class Phrase(NamedTuple):
    """Words that stand side by side; ``exact`` when their case must be as written."""

    words: tuple[Word, ...]
    exact: bool = False
    forms: FormsKind | tuple[str, ...] = "default"


class Reference(NamedTuple):
    """``$metals``: any word of that list, or any counted match of that category."""

    name: str


class Keyword(NamedTuple):
    """A phrase sought, or several with gaps between them, as its author wrote it."""

    written: str
    location: Location
    language: str
    parts: tuple[Phrase | Reference, ...]


class Line(NamedTuple):
    """A keyword where several stand, with what belongs to it alone.

    ``weight`` is an exact fraction, None if not given.
    """

    keyword: Keyword
    excepts: tuple["Line", ...] = ()
    ids: tuple[str, ...] = ()
    weight: Fraction | None = None


@dataclass(frozen=True, slots=True)
class Window:
    """How near each other the matches of a condition must stand.

    ``count`` is the number of words between the outermost, or of sentences.
    """

    unit: Literal["phrase", "words", "sentences", "paragraph", "document"]
    count: int = 1


SENTENCE: Final = Window("sentences")
DOCUMENT: Final = Window("document")


@dataclass(frozen=True, slots=True)
class Condition:
    """What must hold for an entry besides that its words stand in the text.

    ``within`` is the window of ``all``, ``at_least`` and ``times``; ``near`` that
    of ``company`` (the key ``with``) and ``none``.
    """

    company: tuple[Line, ...] = ()
    none: tuple[Line, ...] = ()
    at_least: int = 1
    times: int = 1
    within: Window = SENTENCE
    near: Window = SENTENCE
    in_order: bool = False
    in_title: bool = False
    across_clauses: bool = False


NO_CONDITION: Final = Condition()


class Entry(NamedTuple):
    """One line of ``match`` or ``unless``.

    A match needs one line of every group; a keyword is one group of one line.
    ``is_block`` tells ``any`` and ``all`` from a keyword.
    """

    location: Location
    groups: tuple[tuple[Line, ...], ...]
    condition: Condition = NO_CONDITION
    weight: Fraction | None = None
    name: str = ""
    is_block: bool = False


def with_all_ids(lines: Iterable[Line]) -> Iterator[Line]:
    """Give the lines; of those that differ in nothing but their ids one, with all of them."""
    kept: list[Line] = []
    places: dict[object, int] = {}
    for line in lines:
        rest = (line.keyword.parts, line.keyword.language, line.excepts, line.weight)
        place = places.setdefault(rest, len(kept)) if line.ids else len(kept)
        first = kept[place] if place < len(kept) else None
        if first is None or set(line.ids) <= set(first.ids):
            kept.append(line)
        else:
            kept[place] = first._replace(ids=first.ids + line.ids)
    yield from kept


class LineTable(Sequence[Line]):
    """The lines of a list file, a million of them if need be; each is made when it is asked for.

    Those that hold nothing but letters, digits and single spaces of ASCII are
    kept as text (``words``), all others as lines (``others``), by their number.
    All words are found in the same way: with ``forms``, in any case.
    """

    def __init__(self, file: str, language: str, forms: FormsKind | tuple[str, ...]) -> None:
        self.file = file
        self.language = language
        self.forms = forms
        self.words: list[str] = []
        self.others: dict[int, Line] = {}
        self._rows = array("L")
        self._ids: dict[int, tuple[str, ...]] = {}
        self._numbers: dict[str, int] = {}  # of the words that have ids

    def add_word(self, word: str, row: int, id_: str = "") -> None:
        """Add a line that is a plain word or phrase; ``row`` is where it stands in the file.

        A word that is there already, with another id, takes on the new one as well.
        """
        if id_:
            number = self._numbers.setdefault(word.lower(), len(self.words))
            known = self._ids.get(number, ())
            if known and id_ not in known:
                self._ids[number] = (*known, id_)
                return
            self._ids[len(self.words)] = (id_,)
        self.words.append(word)
        self._rows.append(row)

    def add_line(self, line: Line) -> None:
        """Add any other line."""
        self.others[len(self.words)] = line
        self.words.append("")
        self._rows.append(0)

    def __len__(self) -> int:
        return len(self.words)

    @overload
    def __getitem__(self, number: int) -> Line: ...

    @overload
    def __getitem__(self, number: slice) -> Sequence[Line]: ...

    def __getitem__(self, number: int | slice) -> Line | Sequence[Line]:
        if isinstance(number, slice):
            return [self[i] for i in range(*number.indices(len(self)))]
        if number < 0:
            number += len(self)
        written = self.words[number]
        if not written:
            return self.others[number]
        phrase = Phrase(tuple(map(Word, written.split(" "))), exact=False, forms=self.forms)
        place = Location(self.file, self._rows[number], 1, 0)
        ids = self._ids.get(number, ())
        return Line(Keyword(written, place, self.language, (phrase,)), (), ids)


@dataclass(frozen=True, slots=True)
class WordList:
    """Named words that rules share."""

    name: str
    location: Location
    lines: Sequence[Line]
    file: str = ""

    @property
    def marked(self) -> Iterable[Line]:
        """The lines that may be more than plain words."""
        return self.lines.others.values() if isinstance(self.lines, LineTable) else self.lines


@dataclass(frozen=True, slots=True)
class CueLine:
    """A cue that an author added: as `Cue`, with its keyword read."""

    keyword: Keyword
    context: CuedContext
    role: Role
    reach: int


@dataclass(frozen=True, slots=True)
class Example:
    """A sentence that a category must tag (``tag``) or must not (``skip``).

    ``todo`` is one that it should tag and does not yet. ``marks`` are the spans
    of its evidence in ``text``, in code points; None where the author marked none
    and only the tag is asserted.
    """

    kind: Literal["tag", "skip", "todo"]
    text: str
    marks: tuple[tuple[int, int], ...] | None
    location: Location


@dataclass(frozen=True, slots=True)
class About:
    """What a category says of itself, for people and for the answer."""

    label: str = ""
    description: str = ""
    severity: Severity | None = None
    owner: str = ""
    links: tuple[str, ...] = ()
    meta: tuple[tuple[str, str], ...] = ()
    review_by: date | None = None


@dataclass(frozen=True, slots=True)
class Category:
    """A label, and what a text must hold to be given it."""

    id: str
    location: Location
    entries: tuple[Entry, ...]
    excepts: tuple[Line, ...] = ()
    unless: tuple[Entry, ...] = ()
    ignore: frozenset[ContextName] = frozenset()
    status: Status = "on"
    threshold: Fraction = Fraction(1)
    examples: tuple[Example, ...] = ()
    about: About = About()


@dataclass(frozen=True, slots=True)
class RuleFile:
    """The name (relative to the rule folder, with ``/``), size in bytes and hash of a file."""

    name: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class RuleSet:
    """All rule files together. ``digest`` identifies everything that can change an answer.

    ``contents`` are the bytes of the files, list files included, by name.
    """

    digest: str
    files: tuple[RuleFile, ...]
    categories: tuple[Category, ...]
    lists: tuple[WordList, ...]
    cues: tuple[CueLine, ...] = ()
    warnings: tuple[Problem, ...] = ()
    contents: Mapping[str, bytes] = field(default_factory=dict, repr=False, compare=False)


def lines_of(category: Category) -> Iterator[Line]:
    """Give every line that stands in a category, wherever it does."""
    yield from category.excepts
    for entry in (*category.entries, *category.unless):
        for group in (*entry.groups, entry.condition.company, entry.condition.none):
            yield from group
