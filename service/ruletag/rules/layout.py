"""Write a rule file in its canonical layout: order, meaning and every comment stay.

All is written anew, line by line. What comes out is read again; a file that
would then say something else is refused.
"""

from typing import Final

from ruletag.problems import Location, Problem, ProblemLog, RuleSetError
from ruletag.rules.commented import (
    INDENT,
    Collection,
    Comment,
    Document,
    Entry,
    Text,
    read_document,
)
from ruletag.rules.patches import Edit, Source, as_scalar
from ruletag.rules.yamltree import Mapping, Node, Scalar, Sequence, read_tree

_COLUMNS: Final = 100
_MOST_IN_ROWS: Final = 40  # characters of a word; what is longer is a sentence, on its own line
_CATEGORIES: Final = "categories"


def formatted(file: str, content: bytes) -> bytes:
    """Give a rule file in its canonical layout; as it is if it holds nothing but one text.

    Raises `RuleSetError` where it cannot be read.
    """
    log = ProblemLog()
    tree = _read(file, content, log)
    if isinstance(tree, Scalar):
        return content
    source = Source(file, content)
    document = read_document(source)
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


# -------------------------------------------------------------------- writing


def _document(document: Document) -> list[str]:
    return [*document.head, *_block(document.whole, 0), *document.foot]


def _block(node: Collection, indent: int, *, is_spaced: bool = False) -> list[str]:
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


def _above(entry: Entry, indent: int) -> list[str]:
    lines = _comments(entry.above, indent)
    is_apart = all(comment.line < entry.line for comment in entry.above)
    return [*lines, ""] if entry.is_spaced and is_apart else lines


def _comments(comments: list[Comment], indent: int) -> list[str]:
    lines = []
    for comment in comments:
        lines += [""] * comment.is_spaced + _indented([comment.text], indent)
    return lines


def _indented(lines: list[str], indent: int) -> list[str]:
    return [" " * indent + line if line else "" for line in lines]


def _entry(entry: Entry, indent: int) -> list[str]:
    """Write what follows the comments above an entry."""
    if isinstance(entry.value, Text):
        return _indented(_text(entry, entry.value, indent), indent)
    return _collection(entry, entry.value, indent)


def _beside(line: str, entry: Entry) -> str:
    """Put the comment that stands beside an entry behind a line; columns of comments stay."""
    if entry.beside is None:
        return line
    return f"{line}{' ' * max(2, entry.beside.gap)}{entry.beside.text}"


def _text(entry: Entry, text: Text, indent: int) -> list[str]:
    """Write a scalar behind its key or dash; below its key where it was, if it is long."""
    first, *others = text.lines if len(text.lines) > 1 else [text.word(in_flow=False)]
    line = f"{entry.marker}{first}".rstrip(" ")
    rest = _indented(others, INDENT)
    if text.is_block:
        return [_beside(line, entry), *rest]
    is_long = bool(rest) or indent + len(line) > _COLUMNS
    if entry.key and entry.is_below and is_long:
        line, rest = entry.marker.rstrip(" "), _indented([first, *others], INDENT)
    *before, last = line, *rest
    return [*before, _beside(last, entry)]


def _collection(entry: Entry, node: Collection, indent: int) -> list[str]:
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


def _put_beside(entry: Entry, node: Collection, lines: list[str], rows: int) -> None:
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


def _behind(entry: Entry, lines: list[str], indent: int) -> list[str]:
    """Put lines below a key, or behind a dash: then comments at their beginning go above it."""
    marker = " " * indent + entry.marker
    if entry.key is not None:
        return [marker.rstrip(" "), *lines]
    first = next(i for i, line in enumerate(lines) if not _is_comment(line))
    above = _indented([line.lstrip(" ") for line in lines[:first]], indent)
    return [*above, marker + lines[first].lstrip(" "), *lines[first + 1 :]]


def _is_comment(line: str) -> bool:
    return line.lstrip(" ")[:1] in {"", "#"}


def _in_brackets(node: Collection) -> str | None:
    """Write a list or mapping that was in brackets in one line, if it can be."""
    if not node.is_flow or node.has_comments:
        return None
    words = []
    for entry in node.entries:
        value = entry.value
        word = _in_brackets(value) if isinstance(value, Collection) else _word(value)
        if word is None:
            return None
        words.append(word if entry.key is None else f"{entry.key.word(in_flow=True)}: {word}")
    joined = ", ".join(words)
    return f"{{{joined}}}" if node.is_mapping else f"[{joined}]"


def _word(text: Text) -> str | None:
    """Write a scalar in one line, for brackets, if it was in one."""
    return text.word(in_flow=True) if len(text.lines) == 1 and not text.is_block else None


def _is_for_rows(node: Collection, indent: int) -> bool:
    """Say whether to write many words in a line: not sentences, nor what had a line for each."""
    if not node.is_flow or node.is_mapping or node.has_comments:
        return False
    if all(entry.is_below for entry in node.entries[1:]):
        return False
    # Two words always have room in a row, or one of them would come to have
    # its own line, and the list look different the next time.
    most = min(_MOST_IN_ROWS, (_COLUMNS - indent) // 2 - INDENT)
    words = (_word(entry.value) for entry in node.entries if isinstance(entry.value, Text))
    lengths = [len(word) for word in words if word is not None]
    return len(lengths) == len(node.entries) and max(lengths) <= most


def _rows(node: Collection, indent: int) -> list[str]:
    """Write a list in brackets over several lines; they break where its author broke them."""
    rows, row = [], " " * indent + "["
    words = [f"{_word(entry.value)}," for entry in node.entries if isinstance(entry.value, Text)]
    words[-1] = f"{words[-1][:-1]}]"
    for i, (entry, word) in enumerate(zip(node.entries, words, strict=True)):
        if i and (entry.is_below or len(row) + 1 + len(word) > _COLUMNS):
            rows.append(row)
            row = " " * (indent + 1) + word
        else:
            row += " " * bool(i) + word
    return [*rows, row]


# ------------------------------------------------------------------ comparing


def _says_the_same(file: str, tree: Node, comments: list[Comment], after: bytes) -> bool:
    log = ProblemLog()
    read = read_tree(file, after, log)
    if read is None or log.has_errors or _meaning(read) != _meaning(tree):
        return False
    kept = read_document(Source(file, after)).comments
    return sorted(comment.text for comment in kept) == sorted(comment.text for comment in comments)


def _meaning(node: Node) -> object:
    """Give what a tree says, without places; quotes count for words that need them."""
    if isinstance(node, Mapping):
        return [(key.value, _meaning(value)) for key, value in node.pairs]
    if isinstance(node, Sequence):
        return tuple(_meaning(item) for item in node.items)
    needs_quotes = as_scalar(node.value) != node.value
    return node.value, needs_quotes and node.quoted, node.over_lines and not node.quoted
