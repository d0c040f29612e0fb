"""Read YAML into a tree in which every value knows where it stands.

Rule files are read from parser events, never through ``yaml.load``: nothing is
resolved, so ``no``, ``012`` and ``2020-01-22`` stay the words their author wrote;
nothing is expanded, so there are no bombs; and the depth is bounded before the
parser's C code can run out of stack.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import yaml

from ruletag.limits import LIMITS
from ruletag.problems import Location, ProblemLog

_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_NOT_ALLOWED: Final = re.compile(
    "[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"
)
_MERGE: Final = "<<"
_CLOSERS: Final = {"[": "]", "{": "}"}


@dataclass(frozen=True, slots=True)
class Scalar:
    """A word or a sentence, as its author wrote it; ``quoted`` when it had quotes or a block."""

    location: Location
    value: str
    quoted: bool


@dataclass(frozen=True, slots=True)
class Sequence:
    """A YAML list."""

    location: Location
    items: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Mapping:
    """A YAML mapping; its keys are unique, in file order."""

    location: Location
    pairs: tuple[tuple[Scalar, "Node"], ...]


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
    text = _decode(file, content, log)
    if text is None:
        return None
    try:
        return _TreeReader(file, text, log).read()
    except _Unreadable:
        return None


def _decode(file: str, content: bytes, log: ProblemLog) -> str | None:
    if len(content) > LIMITS.rule_file:
        detail = f"{len(content):,} bytes; a rule file may have {LIMITS.rule_file:,}"
        log.add("E109", Location(file, 0, 0), detail, hint="split it into several files")
        return None
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        before = content[: error.start].decode("utf-8")
        log.add_source(file, content.decode("utf-8", "replace"))
        line, column = before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1
        log.add(
            "E102",
            Location(file, line, column, 1),
            f"byte 0x{content[error.start]:02x} is not UTF-8",
            hint="save the file with the encoding UTF-8",
        )
        return None
    text = text.removeprefix("\ufeff")
    log.add_source(file, text)
    found = _NOT_ALLOWED.search(text)
    if found:
        line = text.count("\n", 0, found.start()) + 1
        column = found.start() - (text.rfind("\n", 0, found.start()) + 1) + 1
        detail = f"control character U+{ord(found.group()):04X}"
        log.add("E103", Location(file, line, column, 1), detail, hint="delete it")
        return None
    return text


class _TreeReader:
    """Builds the tree from events, on a stack of its own."""

    def __init__(self, file: str, text: str, log: ProblemLog) -> None:
        self._file = file
        self._text = text
        self._lines = text.splitlines()
        self._log = log
        self._stack: list[_Open] = []
        self._root: Node | None = None

    def read(self) -> Node | None:
        documents = 0
        for event in self._events():
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    self._stop("E107", event, "a second document begins here", "remove the `---`")
            elif isinstance(event, yaml.NodeEvent):
                self._refuse_extras(event)
                self._begin(event)
            elif isinstance(event, yaml.CollectionEndEvent):
                self._end()
        if self._root is None:
            self._log.add("E111", Location(self._file, 1, 1), "the file is empty")
        return self._root

    def _events(self) -> Iterator[yaml.Event]:
        try:
            yield from yaml.parse(self._text, Loader=_LOADER)
        except yaml.MarkedYAMLError as error:
            self._report(error)
            raise _Unreadable from None
        except yaml.YAMLError as error:
            self._log.add("E101", Location(self._file, 1, 1), " ".join(str(error).split()))
            raise _Unreadable from None

    def _report(self, error: yaml.MarkedYAMLError) -> None:
        place = self._at(error.problem_mark or error.context_mark)
        began = self._at(error.context_mark or error.problem_mark)
        bracket = self._lines[began.line - 1 :][:1]
        opened = bracket[0][began.column - 1 : began.column] if bracket else ""
        if opened in _CLOSERS and place.line > len(self._lines):
            hint = f"add `{_CLOSERS[opened]}` where the list or mapping ends"
            self._log.add("E101", began, f"`{opened}` is never closed", hint=hint)
            return
        self._log.add(
            "E101",
            place,
            error.problem or "unreadable",
            hint=self._hint_for(place),
            related=((began, error.context),) if error.context and began != place else (),
        )

    def _at(self, mark: yaml.Mark | None) -> Location:
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        return Location(self._file, line, column, 1)

    def _hint_for(self, place: Location) -> str:
        """Guess at what the author meant, from the line the parser stopped at."""
        source = self._lines[place.line - 1] if place.line <= len(self._lines) else ""
        rest = source[place.column - 1 :]
        if "\t" in source[: len(source) - len(source.lstrip())] or rest.startswith("\t"):
            return "indent with spaces, not with tabs"
        if re.search(r"(?:^\s*-\s+|:\s+|[\[,]\s*)\*", source):
            return "a leading `*` needs quotes; a star belongs at the end of a word"
        if re.search(r"(?:^\s*-\s+|:\s+)\[\[", source):
            return "put the sentence in quotes: '[[…]] …'"
        if re.search(r"(?:^\s*-\s+|:\s+)[@`%&!|>]", source):
            return "a value that begins so needs quotes"
        if "\\" in source and '"' in source:
            return "in double quotes a backslash is written twice; single quotes take it as it is"
        return ""

    def _refuse_extras(self, event: yaml.NodeEvent) -> None:
        if isinstance(event, yaml.AliasEvent):
            detail = f"`*{event.anchor}` is a YAML alias"
            hint = "a star belongs at the end of a word: write `smuggl*`, not `*smuggl`"
            self._stop("E105", event, detail, hint)
        if event.anchor is not None:
            detail = f"`&{event.anchor}` is a YAML anchor"
            self._stop("E105", event, detail, "put a word that begins with & in quotes")
        tag = getattr(event, "tag", None)
        if tag:
            detail = f"`{tag}` is a YAML tag"
            self._stop("E106", event, detail, "put a word that begins with ! in quotes")

    def _begin(self, event: yaml.NodeEvent) -> None:
        location = self._location(event)
        if isinstance(event, yaml.ScalarEvent):
            self._place(Scalar(location, event.value, event.style not in {None, ""}))
            return
        if len(self._stack) >= LIMITS.nesting:
            detail = f"more than {LIMITS.nesting} lists and mappings inside one another"
            self._stop("E108", event, detail)
        self._stack.append(_Open(location, isinstance(event, yaml.MappingStartEvent), []))

    def _end(self) -> None:
        closed = self._stack.pop()
        nodes = closed.nodes
        if closed.is_mapping:
            self._place(Mapping(closed.location, self._pairs(nodes[::2], nodes[1::2])))
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
                self._log.add("E203", key.location, detail, hint="put the text in quotes")
            elif key.value == _MERGE:
                self._log.add("E105", key.location, "`<<` is a YAML merge key")
            elif key.value in pairs:
                first = pairs[key.value][0].location
                detail = f"`{key.value}` stands twice in this mapping"
                self._log.add("E104", key.location, detail, related=((first, "first given here"),))
            else:
                pairs[key.value] = (key, value)
        return tuple(pairs.values())

    def _location(self, event: yaml.Event) -> Location:
        start, end = event.start_mark, event.end_mark
        if start is None or end is None:  # an event of ours, never of the parser
            return Location(self._file, 1, 1)
        length = end.column - start.column if end.line == start.line else 0
        return Location(self._file, start.line + 1, start.column + 1, length)

    def _stop(self, code: str, event: yaml.Event, detail: str, hint: str = "") -> None:
        self._log.add(code, self._location(event), detail, hint=hint)
        raise _Unreadable
