"""Read a quanteda dictionary in YAML: nested keys become dotted categories, globs stars.

A key holds a word, a list of words, further keys, or a list of all of these.
"""

import re
from collections.abc import Iterator
from typing import Final

from ruletag.rules.importers.rulefile import (
    Category,
    Entry,
    Imported,
    Line,
    Names,
    Remark,
    Source,
    UnreadableError,
    Word,
    label_of,
    literal,
    read_yaml,
    why_not,
)
from ruletag.rules.yamltree import Mapping, Node, Scalar, Sequence

_HEAD: Final = (
    "Imported from the quanteda dictionary {name}.",
    "quanteda finds words in any case and exactly as written, so `forms: none` stands with each.",
    "Delete it where the plural is meant, too; write `word~` for all forms of a verb.",
)
_LITERAL_STAR: Final = re.compile(r"\\\*$")


_Path = tuple[str, ...]


def read(source: Source) -> Imported:
    """Give a category for every key that holds words."""
    tree = read_yaml(source.content)
    if not isinstance(tree, Mapping):
        raise UnreadableError([(tree.location.line, 1, "a dictionary begins with a key: `key:`")])
    lines: dict[_Path, list[Line]] = {}
    for path, node in _keys((), tree):
        words = _words(node)
        if words:  # in lists one key may stand twice
            lines.setdefault(path, []).extend(map(_line, words))
    if not lines:
        raise UnreadableError([(0, 0, "there is no word in it")])
    names = Names(source.category)
    categories = tuple(_category(path, found, names) for path, found in lines.items())
    return Imported(tuple(line.format(name=source.shown) for line in _HEAD), categories)


def _keys(path: _Path, node: Node) -> Iterator[tuple[_Path, Node]]:
    """Give every key with its value, each before those inside it. The tree is never deep."""
    if isinstance(node, Mapping):
        for key, value in node.pairs:
            inner = (*path, key.value)
            yield inner, value
            yield from _keys(inner, value)
    elif isinstance(node, Sequence):
        for item in node.items:
            yield from _keys(path, item)


def _words(node: Node) -> list[Scalar]:
    """Give the words that stand directly under a key."""
    if isinstance(node, Scalar):
        return [node] if node.value.strip() else []
    if isinstance(node, Mapping):
        return []
    return [word for item in node.items for word in _words(item)]


def _category(path: _Path, lines: list[Line], names: Names) -> Category:
    identity = names.id(*path)
    return Category(identity, tuple(lines), label=label_of(path[-1], identity))


def _line(word: Scalar) -> Line:
    keyword = _keyword(word.value)
    why = _why_not_glob(word.value) or why_not(keyword)
    if why:
        return Remark(word.location.line, word.location.column, word.value, why)
    is_only_a_stem = keyword.endswith("*") and " " not in keyword
    return Entry(((Word(keyword, only=not is_only_a_stem),),))


def _keyword(glob: str) -> str:
    words = literal(glob).split(" ")
    return " ".join(_LITERAL_STAR.sub("*", word) for word in words)


def _why_not_glob(glob: str) -> str:
    for word in glob.split():
        if "?" in word:
            return "`?` stands for one character, which a rule cannot say"
        if word.strip("*") == "":
            return "`*` alone stands for any word; a gap ` ... ` is near to it"
        if "*" in word[:-1]:
            return "a star can only end a word"
    return ""
