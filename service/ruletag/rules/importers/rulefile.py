"""Write a rule file from what was imported; what could not be carried stands in it as a comment.

An importer gives an `Imported`: categories with their lines in order. A line is
an entry, a comment, or a remark about a piece that the rule language cannot say.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple
from unicodedata import combining, normalize

from ruletag.limits import LIMITS
from ruletag.problems import Location, ProblemLog, cropped, printable
from ruletag.rules.keywords import KeywordReader
from ruletag.rules.patches import COMMA, as_scalar
from ruletag.rules.yamltree import Node, read_tree

_MARKS: Final = re.compile(r"[~*=$\\]")
_GAP: Final = re.compile(r"\.\.|…")
_SPACES: Final = re.compile(r"\s+")
# Most words are so simple that they need not be read to know that they can be.
_SIMPLE: Final = re.compile("[A-Za-z0-9\uac00-\ud7a3]+(?: [A-Za-z0-9\uac00-\ud7a3]+)*")
_NOT_IN_AN_ID: Final = re.compile("[^a-z0-9_]+")
_COLUMNS: Final = 96
_MOST_VALUES: Final = 450_000  # a rule file may have half a million
_FILE: Final = "import"
_MOST_SHOWN: Final = 200  # characters of a piece
_ROOM: Final = 4  # characters of an id kept for a number


class UnreadableError(Exception):
    """The input is not in the format; ``places`` are line, column and what is wrong."""

    def __init__(self, places: Iterable[tuple[int, int, str]]) -> None:
        self.places = tuple(places)
        super().__init__("\n".join(why for _, _, why in self.places))


class Source(NamedTuple):
    """What is imported: bytes, their file's name, the category asked for; both may be empty."""

    content: bytes
    name: str
    category: str = ""

    @property
    def id(self) -> str:
        """The category of what has no name of its own."""
        stem = self.name.rpartition(".")[0] or self.name
        return self.category or _id_part(stem)[: LIMITS.category_id] or "imported"

    @property
    def shown(self) -> str:
        """What a person calls it."""
        return self.name or "standard input"


class Word(NamedTuple):
    """A keyword with its marks; ``exact`` in case, ``only`` this form; ``id`` may be empty."""

    text: str
    exact: bool = False
    only: bool = False
    id: str = ""


class Entry(NamedTuple):
    """An entry: one group is ``any`` (or a keyword, if it is one word), several are ``all``."""

    groups: tuple[tuple[Word, ...], ...]
    none: tuple[Word, ...] = ()
    within: str = ""
    in_order: bool = False
    in_title: bool = False
    times: int = 1
    is_block: bool = False

    @property
    def is_keyword(self) -> bool:
        """Say whether it can be written as a single word."""
        conditions = self.none or self.in_title or self.times > 1 or self.is_block
        return len(self.groups) == 1 and len(self.groups[0]) == 1 and not conditions


class Remark(NamedTuple):
    """A piece that was not carried, or (``carried``) was, with something to know about it."""

    line: int
    column: int
    piece: str
    why: str
    carried: bool = False

    def __str__(self) -> str:
        kind = "note" if self.carried else "not carried"
        piece = printable(self.piece[:_MOST_SHOWN])
        return f"{kind}: `{piece}{'…' * (len(self.piece) > _MOST_SHOWN)}`: {printable(self.why)}"


class Comment(NamedTuple):
    """A comment that goes with the lines below it."""

    text: str


Line = Entry | Remark | Comment


@dataclass(frozen=True, slots=True)
class Category:
    """A category to write; ``unless`` vetoes it, ``threshold`` counts its entries."""

    id: str
    lines: tuple[Line, ...]
    unless: tuple[Entry, ...] = ()
    threshold: int = 1
    label: str = ""
    status: str = ""

    @property
    def entries(self) -> tuple[Entry, ...]:
        """What there is to find."""
        return tuple(line for line in self.lines if isinstance(line, Entry))


class Imported(NamedTuple):
    """What came of an import; ``remarks`` belong to no category.

    ``list_file`` is the text of a list too long for a rule file, which has the
    only category's words.
    """

    head: tuple[str, ...]
    categories: tuple[Category, ...]
    remarks: tuple[Remark, ...] = ()
    list_file: str = ""

    @property
    def all_remarks(self) -> tuple[Remark, ...]:
        """Every remark, in the order of the input."""
        lines = (line for category in self.categories for line in category.lines)
        return tuple(sorted((*self.remarks, *(x for x in lines if isinstance(x, Remark)))))


# ------------------------------------------------------------------- reading


def decode(content: bytes) -> str:
    """Give the text; raise `UnreadableError` where the bytes are not UTF-8."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise UnreadableError([(1, 1, "the file is UTF-16; save it with the encoding UTF-8")])
    try:
        return content.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        before = content[: error.start]
        line, column = before.count(b"\n") + 1, error.start - before.rfind(b"\n")
        why = f"not UTF-8: byte 0x{content[error.start]:02x}; save it with the encoding UTF-8"
        raise UnreadableError([(line, column, why)]) from None


def read_yaml(content: bytes) -> Node:
    """Give the tree of a YAML file; raise `UnreadableError` with all that is wrong with it."""
    log = ProblemLog()
    tree = read_tree(_FILE, content, log)
    if tree is None or log.has_errors:
        raise UnreadableError(
            (p.location.line, p.location.column, f"{p.detail} ({p.hint})" if p.hint else p.detail)
            for p in log.problems
        )
    return tree


# ------------------------------------------------------------------ keywords


def one_spaced(text: str) -> str:
    """Give the text with single spaces for all white space."""
    return _SPACES.sub(" ", text).strip()


def literal(text: str) -> str:
    """Give the keyword that finds the text as it stands, marks and all."""
    if _SIMPLE.fullmatch(text):
        return text
    return _MARKS.sub(r"\\\g<0>", one_spaced(text))


def why_not(keyword: str) -> str:
    """Say why a keyword cannot be a rule's; nothing if it can."""
    if _SIMPLE.fullmatch(keyword) and len(keyword) <= LIMITS.keyword:
        return ""
    if _GAP.search(keyword):
        return "dots would make a gap of it"
    if not keyword:
        return "there is no word"
    log = ProblemLog()
    if KeywordReader("en", log).read(keyword, Location(_FILE, 1, 1)) is not None:
        return ""
    problem = log.problems[0]
    shown = f"`{cropped(keyword)}`"
    detail = problem.detail.removeprefix(f"{shown}: ").removeprefix(shown).strip()
    return f"{detail} ({problem.hint})" if problem.code == "E304" else detail


# --------------------------------------------------------------------- names


class Names:
    """Gives each path of names a category id of its own, below ``above`` if that is not empty."""

    def __init__(self, above: str = "") -> None:
        self._above = above
        self._ids: dict[tuple[str, ...], str] = {(): above}
        self._taken = {above}

    def id(self, *names: str) -> str:
        """Give the id of a path, the same for the same path."""
        for depth in range(1, len(names) + 1):
            path = names[:depth]
            if path not in self._ids:
                self._ids[path] = self._free(self._ids[path[:-1]], path[-1])
        return self._ids[names]

    def _free(self, parent: str, name: str) -> str:
        wanted = ".".join(filter(None, (parent, _id_part(name) or "category")))
        wanted = wanted[: LIMITS.category_id - _ROOM].rstrip("._") or "category"
        found, number = wanted, 1
        while found in self._taken:
            number += 1
            found = f"{wanted}_{number}"
        self._taken.add(found)
        return found


def label_of(name: str, identity: str) -> str:
    """Give the name as a label if the id does not show it, else nothing."""
    return "" if name.lower() == identity.rpartition(".")[2] else name


def _id_part(name: str) -> str:
    """Give a name as near to an author's as ids allow, or nothing."""
    apart = normalize("NFKD", name[:200].lower())
    plain = "".join(character for character in apart if not combining(character))
    return _NOT_IN_AN_ID.sub("_", plain).strip("_")


# ------------------------------------------------------------------- writing


def write(imported: Imported) -> str:
    """Give the rule file; raise `UnreadableError` where it would be too large for one."""
    lines = [f"# {printable(line)}" for line in imported.head]
    lines += (f"# {remark}" for remark in imported.remarks)
    lines += ["", "categories:"]
    for category in imported.categories:
        lines += _category(category)
    text = "\n".join(lines) + "\n"
    values = sum(_values(entry) for category in imported.categories for entry in category.entries)
    if values > _MOST_VALUES or len(text.encode()) > LIMITS.rule_file:
        raise UnreadableError([(0, 0, "too much for one rule file; import it in several parts")])
    return text


def write_beside_list(imported: Imported, file: str) -> str:
    """Give the rule file whose only category has the words of a list file."""
    (category,) = imported.categories
    # A list and a category cannot have one name.
    name = f"{category.id.replace('.', '_')}_words"
    lines = [f"# {printable(line)}" for line in imported.head]
    lines += ["", "lists:", f"  {as_scalar(name)}: {{file: {as_scalar(file, in_flow=True)}}}"]
    lines += ["", "categories:", f"  {as_scalar(category.id)}: [${name}]"]
    return "\n".join(lines) + "\n"


def _values(entry: Entry) -> int:
    """Count the values that an entry takes in YAML, roughly and rather too many."""
    words = [word for group in (*entry.groups, entry.none) for word in group]
    return 12 * (not entry.is_keyword) + sum(1 + 7 * (word[1:] != Word("")[1:]) for word in words)


def _category(category: Category) -> Iterator[str]:
    if not category.entries:
        yield f"  # {category.id}: nothing of it could be carried"
        yield from _lines(category.lines, "  ")
        return
    is_plain = not (category.unless or category.label or category.status)
    yield f"  {as_scalar(category.id)}:"
    if is_plain and category.threshold == 1:
        yield from _lines(category.lines, "    ")
        return
    if category.label:
        yield f"    label: {as_scalar(category.label)}"
    if category.status:
        yield f"    status: {category.status}"
    if category.threshold > 1:
        yield f"    threshold: {category.threshold}"
    yield "    match:"
    yield from _lines(category.lines, "      ")
    if category.unless:
        yield "    unless:"
        yield from _lines(category.unless, "      ")


def _lines(lines: Iterable[Line], indent: str) -> Iterator[str]:
    for line in lines:
        if isinstance(line, Entry):
            yield from _entry(line, indent)
        elif isinstance(line, Remark):
            yield f"{indent}# {line}"
        else:
            yield f"{indent}# {printable(line.text)}".rstrip()


def _entry(entry: Entry, indent: str) -> Iterator[str]:
    if entry.is_keyword:
        yield f"{indent}- {_item(entry.groups[0][0], in_flow=False)}"
        return
    below = f"{indent}  "
    if len(entry.groups) == 1:
        yield from _flow(f"{indent}- any: ", entry.groups[0])
    else:
        yield from _groups(entry.groups, indent)
    if entry.times > 1:
        yield f"{below}times: {entry.times}"
    if entry.none:
        yield from _flow(f"{below}none: ", entry.none)
    if entry.within:
        yield f"{below}within: {entry.within}"
    if entry.in_order:
        yield f"{below}order: as_written"
    if entry.in_title:
        yield f"{below}in: title"


def _groups(groups: Sequence[tuple[Word, ...]], indent: str) -> Iterator[str]:
    short = ", ".join(f"[{', '.join(map(_item, group))}]" for group in groups)
    if len(indent) + len(short) <= _COLUMNS - len("- all: []"):
        yield f"{indent}- all: [{short}]"
        return
    yield f"{indent}- all:"
    for group in groups:
        yield from _flow(f"{indent}    - ", group)


def _flow(start: str, words: Iterable[Word]) -> Iterator[str]:
    """Give a list in brackets, in as many lines as it needs."""
    line, indent = f"{start}[", " " * (len(start) + 1)
    is_first = True
    for item in map(_item, words):
        if not is_first and len(line) + len(item) + 3 > _COLUMNS:
            yield f"{line},"
            line, is_first = indent, True
        line += item if is_first else f", {item}"
        is_first = False
    yield f"{line}]"


def _item(word: Word, *, in_flow: bool = True) -> str:
    in_flow = in_flow or COMMA.search(word.text) is not None
    if not (word.exact or word.only or word.id):
        return as_scalar(word.text, in_flow=in_flow)
    if word.exact and word.only and not word.id and word.text[-1] not in "~*":
        return as_scalar(f"={word.text}", in_flow=in_flow)
    keys = [f"word: {as_scalar(word.text, in_flow=True)}"]
    if word.exact:
        keys.append("case: exact")
    if word.only:
        keys.append("forms: none")
    if word.id:
        keys.append(f"id: {as_scalar(word.id, in_flow=True)}")
    return f"{{{', '.join(keys)}}}"
