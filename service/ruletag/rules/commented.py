"""Read a rule file into nodes that know how they are written, with every comment in its place.

The nodes come from the events of the YAML parser, which knows no comments; those
are found in what lies between the scalars, and given to the entries they belong to.
"""

import re
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import yaml

from ruletag.rules.patches import COMMA, Source, as_scalar, yaml_lines

INDENT: Final = 2

_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_COMMENT: Final = re.compile("#[^\r\n\x85\u2028\u2029]*")
_ESCAPES: Final = re.compile(r'\\[^"\\]')
# What may be the end of a word that YAML cut in two, as in `C #1`: a warning is
# to say so, and it does not once there is a space.
_REST_OF_WORD: Final = re.compile(r"#(?:[0-9]+|ing|ed|er|ers|es|s|ion|ions)\b")


class Comment(NamedTuple):
    """A comment, as it will be written; ``gap`` is the space before one that is not alone."""

    start: int
    line: int
    column: int
    text: str
    gap: int
    is_alone: bool
    is_spaced: bool


@dataclass(slots=True)
class Text:
    """A scalar: as it is written, and what it says. ``lines`` are to be indented.

    ``line`` is where a comment may stand beside it: its last, of a block of text its first.
    """

    start: int
    line: int
    value: str
    style: str
    lines: list[str]

    @property
    def is_block(self) -> bool:
        return self.style in {"|", ">"}

    def word(self, *, in_flow: bool) -> str:
        """Write it in one line; quotes go where they are not needed."""
        written = self.lines[0]
        if len(self.lines) > 1:  # only the key of a question mark comes here
            return as_scalar(self.value, in_flow=in_flow)
        # An escape was written for its own sake: it shows what would not show.
        is_plain = not self.style or (self.style == '"' and _ESCAPES.search(written))
        # So were quotes around a comma: they say that it does not part two keywords.
        keeps_quotes = in_flow or COMMA.search(self.value) is not None
        return written if is_plain else as_scalar(self.value, in_flow=keeps_quotes)


@dataclass(slots=True)
class Collection:
    """A list or mapping; ``below`` are the comments behind its last entry."""

    start: int
    column: int
    is_mapping: bool
    is_flow: bool
    end: int = 0
    line: int = 0
    is_over_lines: bool = False
    entries: list["Entry"] = field(default_factory=list)
    below: list[Comment] = field(default_factory=list)

    @property
    def has_comments(self) -> bool:
        """Say whether comments stand between its entries, or behind them."""
        return bool(self.below) or any(entry.above or entry.beside for entry in self.entries)


@dataclass(slots=True)
class Entry:
    """An item of a list, or a key with its value, and the comments that belong to it.

    ``is_spaced`` says that a blank line stands above it, ``is_below`` that its value
    begins a line of its own.
    """

    key: Text | None
    value: "Text | Collection"
    line: int
    is_spaced: bool
    is_below: bool
    dash: str = "- "
    above: list[Comment] = field(default_factory=list)
    beside: Comment | None = None

    @property
    def start(self) -> int:
        return self.value.start if self.key is None else self.key.start

    @property
    def marker(self) -> str:
        """What its value stands behind."""
        return self.dash if self.key is None else f"{self.key.word(in_flow=False)}: "


@dataclass(slots=True)
class Document:
    """A whole file: what stands before `---` and behind `...` stays as it is."""

    head: list[str]
    whole: Collection
    foot: list[str]
    comments: list[Comment]


def read_document(source: Source) -> Document:
    """Read a file that is known to be good YAML, without anchors and tags."""
    document = _Reader(source).read()
    _Placing(document.comments).place(document.whole)
    return document


class _Reader:
    """Reads a file that is known to be good into nodes."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._lines = yaml_lines(source.text)
        self._events = yaml.parse(source.text, Loader=_LOADER)
        self._done = 0  # where the search for comments goes on
        self._comments: list[Comment] = []
        # Columns of the lists and mappings that are open, which a block of
        # text with a number in its head refers to.
        self._columns = [0]

    def read(self) -> Document:
        text = self._source.text
        head: list[str] = []
        foot: list[str] = []
        whole = Collection(0, 0, is_mapping=False, is_flow=False, end=len(text))
        for event in self._events:
            if isinstance(event, yaml.NodeEvent):
                whole.entries.append(self._entry(None, self._node(event)))
                whole.entries[0].dash = ""
            elif isinstance(event, yaml.DocumentStartEvent) and event.explicit:
                _, self._done = self._span(event)
                head = self._trimmed(text[: self._done])
            elif isinstance(event, yaml.DocumentEndEvent):
                end = self._span(event)[0] if event.explicit else len(text)
                self._find_comments(end)
                foot = self._trimmed(text[end:])
        return Document(head, whole, foot, self._comments)

    def _trimmed(self, text: str) -> list[str]:
        lines = [line.rstrip() for line in yaml_lines(text)]
        return [line for line in lines if line]

    def _span(self, event: yaml.Event) -> tuple[int, int]:
        start, end = event.start_mark, event.end_mark
        if start is None or end is None:  # pragma: no cover - the parser gives each its place
            return 0, 0
        index = self._source.index
        return index(start.line + 1, start.column + 1), index(end.line + 1, end.column + 1)

    def _column(self, index: int) -> int:
        return index - self._source.index(self._source.line(index), 1)

    def _node(self, event: yaml.Event) -> Text | Collection:
        if isinstance(event, yaml.ScalarEvent):
            return self._text(event)
        return self._collection(event)

    def _collection(self, event: yaml.Event) -> Collection:
        start, _ = self._span(event)
        node = Collection(
            start,
            self._column(start),
            isinstance(event, yaml.MappingStartEvent),
            bool(getattr(event, "flow_style", False)),
        )
        self._columns.append(node.column)
        for inner in self._events:
            if isinstance(inner, yaml.CollectionEndEvent):
                _, node.end = self._span(inner)
                node.line = self._source.line(node.end)
                node.is_over_lines = node.line > self._source.line(start)
                break
            first = self._node(inner)
            if node.is_mapping and isinstance(first, Text):
                node.entries.append(self._entry(first, self._node(next(self._events))))
            else:
                above = node.entries[-1].value.line if node.entries else 0
                node.entries.append(self._entry(None, first, above))
        self._columns.pop()
        return node

    def _entry(self, key: Text | None, value: Text | Collection, above: int = 0) -> Entry:
        """Put key and value together; ``above`` is the line where what stands before them ends."""
        line = self._source.line(value.start if key is None else key.start)
        is_below = self._source.line(value.start) > (above if key is None else key.line)
        return Entry(key, value, line, self._is_spaced(line), is_below)

    def _is_spaced(self, line: int) -> bool:
        return line > 1 and not self._lines[line - 2].strip()

    # ------------------------------------------------------------------ scalars

    def _text(self, event: yaml.ScalarEvent) -> Text:
        start, end = self._span(event)
        self._find_comments(start)
        written = self._source.text[start:end]
        if event.style in {"|", ">"}:
            head, *lines = yaml_lines(written)
            self._find_comments(start + len(head))
            lines = self._block_of_text(head, lines, event.value)
            line = self._source.line(start)
        else:
            lines = [_stripped(line, event.style) for line in yaml_lines(written)]
            line = self._source.line(end)
        self._done = end
        return Text(start, line, event.value, event.style or "", lines)

    def _block_of_text(self, head: str, lines: list[str], value: str) -> list[str]:
        """Give the head of a block of text, and its lines without their indent."""
        number = re.search(r"^.[-+]?(\d)", head)
        if number:
            indent = self._columns[-1] + int(number.group(1))
        else:
            first = next((line for line in lines if line.strip(" ")), max(lines, default=""))
            indent = len(first) - len(first.lstrip(" "))
        lines = [line[indent:] for line in lines]
        if lines[-1:] == [""]:  # behind the last newline
            lines.pop()
        # Newlines at the end belong to the text if it says so in its head.
        is_open = value.endswith("\n\n") or (value != "" and not value.strip("\n"))
        while lines and not lines[-1] and not is_open:
            lines.pop()
        ending = "+" if is_open else "" if value.endswith("\n") else "-"
        return [head[0] + (str(INDENT) if number else "") + ending, *lines]

    # ----------------------------------------------------------------- comments

    def _find_comments(self, end: int) -> None:
        """Find the comments from where the search stopped; nothing else there has a `#`."""
        for found in _COMMENT.finditer(self._source.text, self._done, end):
            self._comments.append(self._comment(found.start(), found.group()))
        self._done = end

    def _comment(self, start: int, written: str) -> Comment:
        line = self._source.line(start)
        column = start - self._source.index(line, 1)
        before = self._lines[line - 1][:column]
        is_rest = before.strip() and _REST_OF_WORD.match(written)
        return Comment(
            start,
            line,
            column,
            written.rstrip() if is_rest else _comment_text(written),
            len(before) - len(before.rstrip(" ")),
            not before.strip(),
            self._is_spaced(line),
        )


def _stripped(line: str, style: str | None) -> str:
    """Take the white space at both ends of a line, unless a backslash keeps it."""
    stripped = line.strip(" \t")
    backslashes = len(stripped) - len(stripped.rstrip("\\"))
    if style == '"' and backslashes % 2 and stripped != line.lstrip(" \t"):
        return f"{stripped} "
    return stripped


def _comment_text(written: str) -> str:
    """Put a space behind the `#`; more of it may be the indent of what was commented out."""
    body = written.rstrip().lstrip("#")
    signs = written[: len(written.rstrip()) - len(body)]
    return f"{signs} {body}" if body and body[0] not in " \t!" else f"{signs}{body}"


# -------------------------------------------------------------- comments' places


class _Placing:
    """Gives each comment to the entry, list or mapping it belongs to."""

    def __init__(self, comments: list[Comment]) -> None:
        self._comments = comments
        self._next = 0

    def place(self, whole: Collection) -> None:
        self._place(whole, whole.end, -1)
        whole.below += self._until(whole.end)

    def _place(self, node: Collection, next_start: int, next_column: int) -> None:
        """Place the comments inside; what follows the list or mapping begins at the next start."""
        for i, entry in enumerate(node.entries):
            if i + 1 < len(node.entries):
                self._place_in_entry(entry, node, node.entries[i + 1].start, node.column)
            else:
                self._place_in_entry(entry, node, next_start, next_column)
        if node.is_flow:
            node.below = self._until(node.end)
            return
        while self._belongs_below(node, next_start, next_column):
            node.below.append(self._take())

    def _belongs_below(self, node: Collection, next_start: int, next_column: int) -> bool:
        """Tell by its indent whether the next comment ends this list, or heads what follows."""
        comment = self._peek(next_start)
        if comment is None or not comment.is_alone:
            return False
        return next_column < comment.column and node.column <= comment.column

    def _place_in_entry(
        self, entry: Entry, node: Collection, next_start: int, next_column: int
    ) -> None:
        value = entry.value
        entry.above = self._until(entry.start)
        is_block = isinstance(value, Collection) and not value.is_flow
        if entry.key is not None and is_block:
            entry.beside = self._beside(entry.key, value.start)
        elif entry.key is not None:
            entry.above += self._until(value.start)
        if isinstance(value, Collection):
            self._place(value, next_start, next_column)
            if not value.entries:
                entry.above += value.below
                value.below = []
        if not is_block:
            entry.beside = self._beside(value, node.end if node.is_flow else next_start)

    def _beside(self, node: Text | Collection, end: int) -> Comment | None:
        """Take the comment on the line where a node ends, or a block of text begins."""
        comment = self._peek(end)
        return self._take() if comment and comment.line == node.line else None

    def _peek(self, end: int) -> Comment | None:
        if self._next < len(self._comments) and self._comments[self._next].start < end:
            return self._comments[self._next]
        return None

    def _take(self) -> Comment:
        self._next += 1
        return self._comments[self._next - 1]

    def _until(self, end: int) -> list[Comment]:
        first = self._next
        while self._peek(end):
            self._next += 1
        return self._comments[first : self._next]
