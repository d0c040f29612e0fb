"""Read YAML into a tree in which every value knows where it stands.

Rule files are read from parser events, never through ``yaml.load``: nothing is
resolved, so ``no``, ``012`` and ``2020-01-22`` stay the words their author wrote;
nothing is expanded, so there are no bombs; and the depth is bounded before the
parser's C code can run out of stack.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

import yaml

from ruletag.limits import LIMITS
from ruletag.problems import Location, ProblemLog, cropped, quoted
from ruletag.rules.mistakes import (
    QUOTE_IT,
    STAR,
    explain,
    glued_colon,
    is_about_the_beginning,
)

_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_NOT_ALLOWED: Final = re.compile(
    "[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"
)
_MERGE: Final = "<<"
_WRITE_OUT: Final = "write out here what it would bring in"
_CLOSERS: Final = {"[": "]", "{": "}"}
_FLOW_ENDS: Final = frozenset(f"did not find expected ',' or '{c}'" for c in _CLOSERS.values())
_MOST_NESTED: Final = f"more than {LIMITS.nesting} lists and mappings inside one another"
_OPEN: Final = "is a bracket left open?"
_MOST_VALUES: Final = 500_000  # of one file: each takes half a kilobyte of memory, and time
_NOTHING: Final = "did not find expected node content"
_TOO_DEEP: Final = "exceeded maximum nesting depth"  # as the parser sees it, who looks far ahead
_SECOND_COLON: Final = "mapping values are not allowed in this context"


class Scalar(NamedTuple):
    """A word or a sentence, as its author wrote it; ``quoted`` when it had quotes or a block."""

    location: Location
    value: str
    quoted: bool
    over_lines: bool = False


class Sequence(NamedTuple):
    """A YAML list."""

    location: Location
    items: tuple["Node", ...]


class Mapping(NamedTuple):
    """A YAML mapping; its keys are unique, in file order.

    ``is_whole`` is false where keys were reported and left out.
    """

    location: Location
    pairs: tuple[tuple[Scalar, "Node"], ...]
    is_whole: bool = True


Node = Scalar | Sequence | Mapping


class _Unreadable(Exception):  # noqa: N818 - a way out of the event loop, never seen outside
    """The rest of the file makes no sense."""


@dataclass(slots=True)
class _Open:
    """A list or mapping that has not ended yet."""

    location: Location
    is_mapping: bool
    nodes: list[Node]


def read_tree(file: str, content: bytes, log: ProblemLog) -> Node | None:
    """Give the file's tree; None if it has none, and then the log says why."""
    text = decode(file, content, log, LIMITS.rule_file)
    if text is None:
        return None
    try:
        return _TreeReader(file, text, log).read()
    except _Unreadable:
        return None


# --------------------------------------------------------------------- bytes


def decode(file: str, content: bytes, log: ProblemLog, most: int) -> str | None:
    """Give the text of a file of at most so many bytes; None if the log says why there is none."""
    if len(content) > most:
        detail = f"more than {most // 1024**2} MiB"
        log.add("E109", Location(file, 0, 0), detail, hint="split it into several files")
        return None
    if _is_utf16(content[:400]):
        hint = "save the file with the encoding UTF-8"
        log.add("E102", Location(file, 1, 1), "the file is UTF-16", hint=hint)
        return None
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        _report_byte(file, content, error.start, log)
        return None
    text = text.removeprefix("\ufeff")
    log.add_source(file, text)
    found = _NOT_ALLOWED.search(text)
    if found:
        detail = f"control character U+{ord(found.group()):04X}"
        log.add("E103", log.place(file, found.start()), detail, hint="delete it")
        return None
    return text


def _report_byte(file: str, content: bytes, start: int, log: ProblemLog) -> None:
    log.add_source(file, content.decode("utf-8", "replace").removeprefix("\ufeff"))
    before = content[:start].decode("utf-8").removeprefix("\ufeff")
    hint = "save the file with the encoding UTF-8"
    for name, encoding in (("Korean (CP949)", "cp949"), ("Windows-1252", "cp1252")):
        character = _read_as(encoding, content, len(before))
        if character and not character.isascii():
            hint += f"; read as {name} this is `{character}`"
            break
    detail = f"byte 0x{content[start]:02X} is not UTF-8"
    log.add("E102", log.place(file, len(before)), detail, hint=hint)


def _read_as(encoding: str, content: bytes, index: int) -> str:
    """Give the character at the index, if the file is in this encoding."""
    try:
        return content.decode(encoding)[index]
    except UnicodeDecodeError:
        return ""


def _is_utf16(content: bytes) -> bool:
    """Tell by the mark at the beginning, or by every other byte of Latin letters."""
    return content.startswith((b"\xff\xfe", b"\xfe\xff")) or content.count(0) * 3 > len(content)


# ---------------------------------------------------------------------- tree


class _TreeReader:
    """Builds the tree from events, on a stack of its own."""

    def __init__(self, file: str, text: str, log: ProblemLog) -> None:
        self._file = file
        self._text = text
        self._log = log
        self._stack: list[_Open] = []
        self._root: Node | None = None
        self._left = _MOST_VALUES

    def read(self) -> Node | None:
        documents = 0
        for event in self._events():
            if isinstance(event, yaml.NodeEvent):
                self._refuse_extras(event)
                self._begin(event)
            elif isinstance(event, yaml.CollectionEndEvent):
                self._end()
            elif isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    hint = "delete the `---`, or put what follows into a file of its own"
                    self._stop("E107", event, "a second document begins here", hint)
        root = self._root
        if root is None or (isinstance(root, Scalar) and not root.value and not root.quoted):
            detail = "nothing but comments" if "#" in self._text else "the file is empty"
            hint = "begin with `categories:`"
            self._log.add("E111", Location(self._file, 1, 1), detail, hint=hint)
            return None
        return root

    def _events(self) -> Iterator[yaml.Event]:
        try:
            yield from yaml.parse(self._text, Loader=_LOADER)
        except yaml.MarkedYAMLError as error:
            self._report(error)
            raise _Unreadable from None
        except yaml.YAMLError as error:  # pragma: no cover - `decode` refuses what it is about
            self._log.add("E101", Location(self._file, 1, 1), " ".join(str(error).split()))
            raise _Unreadable from None

    def _report(self, error: yaml.MarkedYAMLError) -> None:
        complaint = error.problem or "unreadable"
        place = self._at(error.problem_mark or error.context_mark)
        if complaint == _TOO_DEEP:
            self._log.add("E108", place, _MOST_NESTED, hint=_OPEN)
            return
        began = self._at(error.context_mark or error.problem_mark)
        rest = self._log.line(place)[place.column - 1 :]
        is_unclosed = complaint in _FLOW_ENDS and (
            began.line != place.line or rest.strip()[:1] in {"", "]", "}"}
        )
        if complaint == _NOTHING and not rest.strip() and self._stack:
            began, is_unclosed = self._stack[-1].location, True
        if is_unclosed:
            self._report_unclosed(began, place)
            return
        if is_about_the_beginning(complaint):
            place = began
        if complaint == _SECOND_COLON:
            place = self._glued_above(place)
        detail, hint = explain(complaint, self._log.line(place), place.column)
        self._log.add("E101", place, detail, hint=hint)

    def _glued_above(self, place: Location) -> Location:
        """Lead to a key without a space behind its colon, which made text of two lines."""
        above = place._replace(line=place.line - 1)
        column = glued_colon(self._log.line(above))
        return above._replace(column=column) if column else place

    def _report_unclosed(self, began: Location, place: Location) -> None:
        bracket = self._log.line(began)[began.column - 1 : began.column]
        closer = _CLOSERS.get(bracket, "]")
        detail = f"`{bracket}` is never closed"
        hint = f"add `{closer}` where the list or mapping ends"
        seen = ((place, "it goes on to here"),) if place.line > began.line else ()
        if not self._log.line(place).strip():
            seen = ()
        self._log.add("E101", began, detail, hint=hint, related=seen)

    def _at(self, mark: yaml.Mark | None) -> Location:
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        return Location(self._file, line, column, 1)

    def _refuse_extras(self, event: yaml.NodeEvent) -> None:
        if isinstance(event, yaml.AliasEvent):
            hint = STAR.format(cropped(event.anchor or ""))
            self._stop("E105", event, f"{quoted(f'*{event.anchor}')} is a YAML alias", hint)
        if event.anchor is not None or getattr(event, "tag", None):
            self._refuse_extra(event)

    def _refuse_extra(self, event: yaml.NodeEvent) -> None:
        """Refuse an anchor or a tag, as it is written: the parser writes short tags out."""
        where = self._location(event)
        written = self._log.line(where)[where.column - 1 :].partition(" ")[0]
        code, kind = ("E106", "tag") if written.startswith("!") else ("E105", "anchor")
        hint = f"if a word begins with `{written[:1]}`, {QUOTE_IT}"
        place = where._replace(length=len(written))
        self._log.add(code, place, f"{quoted(written)} is a YAML {kind}", hint=hint)
        raise _Unreadable

    def _begin(self, event: yaml.NodeEvent) -> None:
        self._left -= 1
        if self._left < 0:
            detail = f"more than {_MOST_VALUES:,} values"
            self._stop("E109", event, detail, "split it into several files")
        location = self._location(event)
        if isinstance(event, yaml.ScalarEvent):
            is_quoted = event.style not in {None, ""}
            over_lines = location.length == 0 and event.value != ""
            self._place(Scalar(location, event.value, is_quoted, over_lines))
            return
        if len(self._stack) >= LIMITS.nesting:
            self._stop("E108", event, _MOST_NESTED, _OPEN)
        self._stack.append(_Open(location, isinstance(event, yaml.MappingStartEvent), []))

    def _end(self) -> None:
        closed = self._stack.pop()
        nodes = closed.nodes
        if closed.is_mapping:
            pairs = self._pairs(nodes[::2], nodes[1::2])
            self._place(Mapping(closed.location, pairs, len(pairs) * 2 == len(nodes)))
        else:
            self._place(Sequence(closed.location, tuple(nodes)))

    def _place(self, node: Node) -> None:
        if self._stack:
            self._stack[-1].nodes.append(node)
        else:
            self._root = node

    def _pairs(self, keys: list[Node], values: list[Node]) -> tuple[tuple[Scalar, Node], ...]:
        """Pair keys with values; what is no usable key is reported and left out."""
        pairs: dict[str, tuple[Scalar, Node]] = {}
        for key, value in zip(keys, values, strict=True):
            if not isinstance(key, Scalar):
                detail = "a list or mapping cannot be a key"
                self._log.add("E203", key.location, detail, hint=QUOTE_IT)
            elif not key.value.strip():
                hint = "write a name before the colon"
                self._log.add("E204", key.location, "nothing stands before the colon", hint=hint)
            elif key.value == _MERGE and not key.quoted:
                self._log.add("E105", key.location, "`<<` is a YAML merge key", hint=_WRITE_OUT)
            elif key.value in pairs:
                self._report_twice(key, pairs[key.value][0])
            else:
                pairs[key.value] = (key, value)
        return tuple(pairs.values())

    def _report_twice(self, key: Scalar, first: Scalar) -> None:
        detail = f"{quoted(key.value)} is given twice"
        related = ((first.location, "first given here"),)
        self._log.add("E104", key.location, detail, hint="put both into one", related=related)

    def _location(self, event: yaml.Event) -> Location:
        start, end = event.start_mark, event.end_mark
        if start is None or end is None:  # pragma: no cover - the parser gives each its place
            return Location(self._file, 1, 1)
        length = end.column - start.column if end.line == start.line else 0
        return Location(self._file, start.line + 1, start.column + 1, length)

    def _stop(self, code: str, event: yaml.Event, detail: str, hint: str) -> None:
        self._log.add(code, self._location(event), detail, hint=hint)
        raise _Unreadable
