"""Write a rule file in its canonical layout: order, meaning and every comment stay.

The file is parsed into nodes that know where they stand, the comments found
between them are given to the entries they belong to, and all is written anew,
line by line. What comes out is read again; a file that would then say
something else is refused.
"""

import re
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import yaml

from ruletag.problems import Location, Problem, ProblemLog, RuleSetError
from ruletag.rules.patches import Edit, Source, as_scalar, yaml_lines
from ruletag.rules.yamltree import Mapping, Node, Scalar, Sequence, read_tree

_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_COLUMNS: Final = 100
_INDENT: Final = 2
_MOST_IN_ROWS: Final = 40  # characters of a word; what is longer is a sentence, on its own line
_COMMENT: Final = re.compile("#[^\r\n\x85\u2028\u2029]*")
_ESCAPES: Final = re.compile(r'\\[^"\\]')
_CATEGORIES: Final = "categories"
# What may be the end of a word that YAML cut in two, as in `C #1`: a warning is
# to say so, and it does not once there is a space.
_REST_OF_WORD: Final = re.compile(r"#(?:[0-9]+|ing|ed|er|ers|es|s|ion|ions)\b")


def formatted(file: str, content: bytes) -> bytes:
    """Give a rule file in its canonical layout; as it is if it holds nothing but one text.

    Raises `RuleSetError` where it cannot be read.
    """
    log = ProblemLog()
    tree = _read(file, content, log)
    if isinstance(tree, Scalar):
        return content
    source = Source(file, content)
    document = _Reader(source).read()
    _Placing(document.comments).place(document)
    lines = _document(document)
    after = source.edited([Edit(file, 0, len(source.text), "\n".join([*lines, ""]))])
    if not _says_the_same(file, tree, document.comments, after):
        hint = "please report it, with the file"
        detail = "the file would say something else in another layout, and is left alone"
        raise RuleSetError([Problem(Location(file, 0, 0), "E499", detail, hint)])
    return after


def _read(file: str, content: bytes, log: ProblemLog) -> Node:
    tree = read_tree(file, content, log)
    if tree is None or log.has_errors:
        raise RuleSetError(log.problems)
    return tree


# ---------------------------------------------------------------------- nodes


class _Comment(NamedTuple):
    """A comment, as it will be written; ``gap`` is the space before one that is not alone."""

    start: int
    line: int
    column: int
    text: str
    gap: int
    is_alone: bool
    is_spaced: bool


@dataclass(slots=True)
class _Text:
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
        return written if is_plain else as_scalar(self.value, in_flow=in_flow)


@dataclass(slots=True)
class _Collection:
    """A list or mapping; ``below`` are the comments behind its last entry."""

    start: int
    column: int
    is_mapping: bool
    is_flow: bool
    end: int = 0
    line: int = 0
    is_over_lines: bool = False
    entries: list["_Entry"] = field(default_factory=list)
    below: list[_Comment] = field(default_factory=list)

    @property
    def has_comments(self) -> bool:
        """Say whether comments stand between its entries, or behind them."""
        return bool(self.below) or any(entry.above or entry.beside for entry in self.entries)


@dataclass(slots=True)
class _Entry:
    """An item of a list, or a key with its value, and the comments that belong to it.

    ``is_spaced`` says that a blank line stands above it, ``is_below`` that its value
    begins a line of its own.
    """

    key: _Text | None
    value: "_Text | _Collection"
    line: int
    is_spaced: bool
    is_below: bool
    dash: str = "- "
    above: list[_Comment] = field(default_factory=list)
    beside: _Comment | None = None

    @property
    def start(self) -> int:
        return self.value.start if self.key is None else self.key.start

    @property
    def marker(self) -> str:
        """What its value stands behind."""
        return self.dash if self.key is None else f"{self.key.word(in_flow=False)}: "


@dataclass(slots=True)
class _Document:
    """A whole file: what stands before `---` and behind `...` stays as it is."""

    head: list[str]
    whole: _Collection
    foot: list[str]
    comments: list[_Comment]


class _Reader:
    """Reads a file that is known to be good into nodes."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._lines = yaml_lines(source.text)
        self._events = yaml.parse(source.text, Loader=_LOADER)
        self._done = 0  # where the search for comments goes on
        self._comments: list[_Comment] = []
        # Columns of the lists and mappings that are open, which a block of
        # text with a number in its head refers to.
        self._columns = [0]

    def read(self) -> _Document:
        text = self._source.text
        head: list[str] = []
        foot: list[str] = []
        whole = _Collection(0, 0, is_mapping=False, is_flow=False, end=len(text))
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
        return _Document(head, whole, foot, self._comments)

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

    def _node(self, event: yaml.Event) -> _Text | _Collection:
        if isinstance(event, yaml.ScalarEvent):
            return self._text(event)
        return self._collection(event)

    def _collection(self, event: yaml.Event) -> _Collection:
        start, _ = self._span(event)
        node = _Collection(
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
            if node.is_mapping and isinstance(first, _Text):
                node.entries.append(self._entry(first, self._node(next(self._events))))
            else:
                above = node.entries[-1].value.line if node.entries else 0
                node.entries.append(self._entry(None, first, above))
        self._columns.pop()
        return node

    def _entry(self, key: _Text | None, value: _Text | _Collection, above: int = 0) -> _Entry:
        """Put key and value together; ``above`` is the line where what stands before them ends."""
        line = self._source.line(value.start if key is None else key.start)
        is_below = self._source.line(value.start) > (above if key is None else key.line)
        return _Entry(key, value, line, self._is_spaced(line), is_below)

    def _is_spaced(self, line: int) -> bool:
        return line > 1 and not self._lines[line - 2].strip()

    # ------------------------------------------------------------------ scalars

    def _text(self, event: yaml.ScalarEvent) -> _Text:
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
        return _Text(start, line, event.value, event.style or "", lines)

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
        return [head[0] + (str(_INDENT) if number else "") + ending, *lines]

    # ----------------------------------------------------------------- comments

    def _find_comments(self, end: int) -> None:
        """Find the comments from where the search stopped; nothing else there has a `#`."""
        for found in _COMMENT.finditer(self._source.text, self._done, end):
            self._comments.append(self._comment(found.start(), found.group()))
        self._done = end

    def _comment(self, start: int, written: str) -> _Comment:
        line = self._source.line(start)
        column = start - self._source.index(line, 1)
        before = self._lines[line - 1][:column]
        is_rest = before.strip() and _REST_OF_WORD.match(written)
        return _Comment(
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


# ------------------------------------------------------------------- placing


class _Placing:
    """Gives each comment to the entry, list or mapping it belongs to."""

    def __init__(self, comments: list[_Comment]) -> None:
        self._comments = comments
        self._next = 0

    def place(self, document: _Document) -> None:
        whole = document.whole
        self._place(whole, whole.end, -1)
        whole.below += self._until(whole.end)

    def _place(self, node: _Collection, next_start: int, next_column: int) -> None:
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

    def _belongs_below(self, node: _Collection, next_start: int, next_column: int) -> bool:
        """Tell by its indent whether the next comment ends this list, or heads what follows."""
        comment = self._peek(next_start)
        if comment is None or not comment.is_alone:
            return False
        return next_column < comment.column and node.column <= comment.column

    def _place_in_entry(
        self, entry: _Entry, node: _Collection, next_start: int, next_column: int
    ) -> None:
        value = entry.value
        entry.above = self._until(entry.start)
        is_block = isinstance(value, _Collection) and not value.is_flow
        if entry.key is not None and is_block:
            entry.beside = self._beside(entry.key, value.start)
        elif entry.key is not None:
            entry.above += self._until(value.start)
        if isinstance(value, _Collection):
            self._place(value, next_start, next_column)
            if not value.entries:
                entry.above += value.below
                value.below = []
        if not is_block:
            entry.beside = self._beside(value, node.end if node.is_flow else next_start)

    def _beside(self, node: _Text | _Collection, end: int) -> _Comment | None:
        """Take the comment on the line where a node ends, or a block of text begins."""
        comment = self._peek(end)
        return self._take() if comment and comment.line == node.line else None

    def _peek(self, end: int) -> _Comment | None:
        if self._next < len(self._comments) and self._comments[self._next].start < end:
            return self._comments[self._next]
        return None

    def _take(self) -> _Comment:
        self._next += 1
        return self._comments[self._next - 1]

    def _until(self, end: int) -> list[_Comment]:
        first = self._next
        while self._peek(end):
            self._next += 1
        return self._comments[first : self._next]


# -------------------------------------------------------------------- writing


def _document(document: _Document) -> list[str]:
    return [*document.head, *_block(document.whole, 0), *document.foot]


def _block(node: _Collection, indent: int, *, is_spaced: bool = False) -> list[str]:
    """Write a list or mapping with each entry on lines of its own.

    Where ``is_spaced``, a blank line parts entries of several lines from others.
    """
    lines: list[str] = []
    was_long = False
    for entry in node.entries:
        above, written = _above(entry, indent), _entry(entry, indent)
        if is_spaced and "" not in above and (was_long or len(written) > 1):
            above.insert(0, "")
        _add(lines, [*above, *written])
        was_long = len(written) > 1
    _add(lines, _comments(node.below, indent))
    return lines


def _add(lines: list[str], more: list[str]) -> None:
    """Put lines below others; a blank one neither comes first nor follows another."""
    is_needless = more[:1] == [""] and lines[-1:] in ([], [""])
    lines += more[1:] if is_needless else more


def _above(entry: _Entry, indent: int) -> list[str]:
    lines = _comments(entry.above, indent)
    is_apart = all(comment.line < entry.line for comment in entry.above)
    return [*lines, ""] if entry.is_spaced and is_apart else lines


def _comments(comments: list[_Comment], indent: int) -> list[str]:
    lines = []
    for comment in comments:
        lines += [""] * comment.is_spaced + _indented([comment.text], indent)
    return lines


def _indented(lines: list[str], indent: int) -> list[str]:
    return [" " * indent + line if line else "" for line in lines]


def _entry(entry: _Entry, indent: int) -> list[str]:
    """Write what follows the comments above an entry."""
    if isinstance(entry.value, _Text):
        return _indented(_text(entry, entry.value, indent), indent)
    return _collection(entry, entry.value, indent)


def _beside(line: str, entry: _Entry) -> str:
    """Put the comment that stands beside an entry behind a line; columns of comments stay."""
    if entry.beside is None:
        return line
    return f"{line}{' ' * max(2, entry.beside.gap)}{entry.beside.text}"


def _text(entry: _Entry, text: _Text, indent: int) -> list[str]:
    """Write a scalar behind its key or dash; below its key where it was, if it is long."""
    first, *others = text.lines if len(text.lines) > 1 else [text.word(in_flow=False)]
    line = f"{entry.marker}{first}".rstrip(" ")
    rest = _indented(others, _INDENT)
    if text.is_block:
        return [_beside(line, entry), *rest]
    is_long = bool(rest) or indent + len(line) > _COLUMNS
    if entry.key and entry.is_below and is_long:
        line, rest = entry.marker.rstrip(" "), _indented([first, *others], _INDENT)
    *before, last = line, *rest
    return [*before, _beside(last, entry)]


def _collection(entry: _Entry, node: _Collection, indent: int) -> list[str]:
    """Write a list or mapping: in brackets if it was and fits, else in rows, else in lines."""
    in_brackets = _in_brackets(node)
    if in_brackets is not None:
        line = " " * indent + entry.marker + in_brackets
        if len(line) <= _COLUMNS or not node.entries:
            return [_beside(line, entry)]
    inner = indent + len(entry.marker and entry.dash)
    rows = _rows(node, inner) if _is_for_rows(node, inner) else []
    is_spaced = indent == 0 and entry.key is not None and entry.key.value == _CATEGORIES
    lines = _behind(entry, rows or _block(node, inner, is_spaced=is_spaced), indent)
    _put_beside(entry, node, lines, len(rows))
    return lines


def _put_beside(entry: _Entry, node: _Collection, lines: list[str], rows: int) -> None:
    """Put the comment beside a list or mapping where it still speaks of all that it spoke of."""
    if entry.beside is None:
        return
    if rows == 1 or (rows and node.is_over_lines):
        lines[-1] = _beside(lines[-1], entry)
    elif entry.key is not None and not rows:
        lines[0] = _beside(lines[0], entry)
    else:
        pad = len(lines[0]) - len(lines[0].lstrip(" "))
        lines.insert(0, " " * pad + entry.beside.text)


def _behind(entry: _Entry, lines: list[str], indent: int) -> list[str]:
    """Put lines below a key, or behind a dash: then comments at their beginning go above it."""
    marker = " " * indent + entry.marker
    if entry.key is not None:
        return [marker.rstrip(" "), *lines]
    first = next(i for i, line in enumerate(lines) if not _is_comment(line))
    above = _indented([line.lstrip(" ") for line in lines[:first]], indent)
    return [*above, marker + lines[first].lstrip(" "), *lines[first + 1 :]]


def _is_comment(line: str) -> bool:
    return line.lstrip(" ")[:1] in {"", "#"}


def _in_brackets(node: _Collection) -> str | None:
    """Write a list or mapping that was in brackets in one line, if it can be."""
    if not node.is_flow or node.has_comments:
        return None
    words = []
    for entry in node.entries:
        value = entry.value
        word = _in_brackets(value) if isinstance(value, _Collection) else _word(value)
        if word is None:
            return None
        words.append(word if entry.key is None else f"{entry.key.word(in_flow=True)}: {word}")
    joined = ", ".join(words)
    return f"{{{joined}}}" if node.is_mapping else f"[{joined}]"


def _word(text: _Text) -> str | None:
    """Write a scalar in one line, for brackets, if it was in one."""
    return text.word(in_flow=True) if len(text.lines) == 1 and not text.is_block else None


def _is_for_rows(node: _Collection, indent: int) -> bool:
    """Say whether to write many words in a line: not sentences, nor what had a line for each."""
    if not node.is_flow or node.is_mapping or node.has_comments:
        return False
    if all(entry.is_below for entry in node.entries[1:]):
        return False
    # Two words always have room in a row, or one of them would come to have
    # its own line, and the list look different the next time.
    most = min(_MOST_IN_ROWS, (_COLUMNS - indent) // 2 - _INDENT)
    words = (_word(entry.value) for entry in node.entries if isinstance(entry.value, _Text))
    lengths = [len(word) for word in words if word is not None]
    return len(lengths) == len(node.entries) and max(lengths) <= most


def _rows(node: _Collection, indent: int) -> list[str]:
    """Write a list in brackets over several lines; they break where its author broke them."""
    rows, row = [], " " * indent + "["
    words = [f"{_word(entry.value)}," for entry in node.entries if isinstance(entry.value, _Text)]
    words[-1] = f"{words[-1][:-1]}]"
    for i, (entry, word) in enumerate(zip(node.entries, words, strict=True)):
        if i and (entry.is_below or len(row) + 1 + len(word) > _COLUMNS):
            rows.append(row)
            row = " " * (indent + 1) + word
        else:
            row += " " * bool(i) + word
    return [*rows, row]


# ------------------------------------------------------------------ comparing


def _says_the_same(file: str, tree: Node, comments: list[_Comment], after: bytes) -> bool:
    log = ProblemLog()
    read = read_tree(file, after, log)
    if read is None or log.has_errors or _meaning(read) != _meaning(tree):
        return False
    kept = _Reader(Source(file, after)).read().comments
    return sorted(comment.text for comment in kept) == sorted(comment.text for comment in comments)


def _meaning(node: Node) -> object:
    """Give what a tree says, without places; quotes count for words that need them."""
    if isinstance(node, Mapping):
        return [(key.value, _meaning(value)) for key, value in node.pairs]
    if isinstance(node, Sequence):
        return tuple(_meaning(item) for item in node.items)
    needs_quotes = as_scalar(node.value) != node.value
    return node.value, needs_quotes and node.quoted, node.over_lines and not node.quoted
