"""Read the deny lists of Presidio recognizers, from YAML or JSON.

One recognizer, a list of them, or a mapping that holds one under ``recognizers``
or ``ad_hoc_recognizers``. Regexes have no counterpart and are listed.
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
    decode,
    label_of,
    literal,
    read_yaml,
    why_not,
)
from ruletag.rules.yamltree import Mapping, Node, Scalar, Sequence

_HEAD: Final = (
    "Imported from the Presidio recognizers {name}.",
    "A deny list finds words in any case and as written, so `forms: none` stands with each.",
)
_HOLDERS: Final = ("recognizers", "ad_hoc_recognizers")
_ENTITY: Final = ("supported_entity", "supported_entities")
# What says nothing about which words are found.
_OF_NO_EFFECT: Final = frozenset(
    {
        *("name", "type", "version", "country_code", "supported_language", "supported_languages"),
        *(*_ENTITY, "enabled", "deny_list"),
    }
)
_OF_THE_FILE: Final = frozenset({*_HOLDERS, "text", "language", "supported_languages"})
_DEFAULTS: Final = {"deny_list_score": ("1", "1.0"), "global_regex_flags": ("26",)}
_WHY_NOT: Final = {
    "patterns": "a regex has no counterpart",
    "context": "such words only raise the score of what is found anyway; `with:` would demand them",
    "deny_list_score": "how sure a match is has no counterpart; weights add up, scores do not",
}
_FALSE: Final = frozenset({"false", "no", "off"})
_ESCAPED: Final = re.compile(
    r"\\(?:u(?P<high>[dD][89abAB][0-9a-fA-F]{2})\\u(?P<low>[dD][c-fC-F][0-9a-fA-F]{2})|[^u]|u)"
)


def read(source: Source) -> Imported:
    """Give a category for every entity that has a deny list."""
    tree = read_yaml(_as_yaml(source.content))
    recognizers = list(_recognizers(tree))
    if not recognizers:
        why = "there is no recognizer in it: a mapping with `supported_entity` and `deny_list`"
        raise UnreadableError([(tree.location.line, tree.location.column, why)])
    head = tuple(line.format(name=source.shown) for line in _HEAD)
    of_the_file = tuple(_others(tree, _OF_THE_FILE)) if _is_holder(tree) else ()
    return Imported(head, tuple(_categories(recognizers, Names(source.category))), of_the_file)


def _as_yaml(content: bytes) -> bytes:
    """Make JSON readable for YAML, which knows neither its pairs of escapes nor tabs."""
    text = decode(content)
    if text.lstrip()[:1] not in {"{", "["}:
        return content
    return _ESCAPED.sub(_plain, text.replace("\t", " ")).encode()


def _plain(escape: re.Match[str]) -> str:
    if escape["high"]:
        pair = int(escape["high"], 16), int(escape["low"], 16)
        return chr(0x10000 + ((pair[0] - 0xD800) << 10) + (pair[1] - 0xDC00))
    return "/" if escape[0] == "\\/" else escape[0]


def _is_holder(node: Node) -> bool:
    return isinstance(node, Mapping) and any(key.value in _HOLDERS for key, _ in node.pairs)


def _recognizers(node: Node) -> Iterator[Mapping]:
    if isinstance(node, Sequence):
        yield from (item for item in node.items if isinstance(item, Mapping))
    elif isinstance(node, Mapping) and _is_holder(node):
        for key, value in node.pairs:
            if key.value in _HOLDERS:
                yield from _recognizers(value)
    elif isinstance(node, Mapping):
        yield node


def _categories(recognizers: list[Mapping], names: Names) -> Iterator[Category]:
    """Give a category for each entity, and one for what is switched off of it."""
    lines: dict[tuple[str, str], list[Line]] = {}
    for recognizer in recognizers:
        values = {key.value: value for key, value in recognizer.pairs}
        is_off = any(word.value.lower() in _FALSE for word in _scalars(values.get("enabled")))
        key = _entity(values) or "entity", "off" if is_off else ""
        lines.setdefault(key, []).extend(_lines(recognizer, values))
    for (entity, status), found in lines.items():
        has_both = status and (entity, "") in lines
        identity = names.id(f"{entity} {status}" if has_both else entity)
        yield Category(identity, tuple(found), label=label_of(entity, identity), status=status)


def _entity(values: dict[str, Node]) -> str:
    found = [word.value for key in (*_ENTITY, "name") for word in _scalars(values.get(key))]
    return found[0].strip() if found else ""


def _lines(recognizer: Mapping, values: dict[str, Node]) -> Iterator[Line]:
    yield from _others(recognizer, _OF_NO_EFFECT)
    words = _scalars(values.get("deny_list"))
    patterns = values.get("patterns")
    if not words and (patterns is None or _says_nothing("patterns", patterns)):
        place = recognizer.location
        why = "it has no deny list; what it finds is written in code"
        yield Remark(place.line, place.column, _entity(values) or "recognizer", why)
    for word in words:
        keyword = literal(word.value)
        why = why_not(keyword)
        place = word.location
        yield (
            Remark(place.line, place.column, word.value, why)
            if why
            else Entry(((Word(keyword, only=True),),))
        )


def _others(node: Node, known: frozenset[str]) -> Iterator[Remark]:
    """Give a remark for each key that says something which is not carried."""
    for key, value in node.pairs if isinstance(node, Mapping) else ():
        if key.value == "supported_languages" and isinstance(value, Sequence):
            for language in value.items:
                yield from _others(language, frozenset({"language"}))
        if key.value in known or _says_nothing(key.value, value):
            continue
        why = _WHY_NOT.get(key.value, "it has no counterpart")
        for place, piece in _pieces(key, value):
            yield Remark(place.location.line, place.location.column, piece, why)


def _says_nothing(key: str, value: Node) -> bool:
    """Tell what is empty, as ``null`` or ``[]``, or is so anyway."""
    if isinstance(value, Scalar):
        return value.value in {"", "~", "null", *_DEFAULTS.get(key, ())}
    return not (value.items if isinstance(value, Sequence) else value.pairs)


def _pieces(key: Scalar, value: Node) -> Iterator[tuple[Node, str]]:
    """Give each pattern by itself, and other values in one piece."""
    if key.value != "patterns" or not isinstance(value, Sequence):
        said = ", ".join(word.value for word in _scalars(value))
        yield key, f"{key.value}: {said}".removesuffix(": ")
        return
    for pattern in value.items:
        parts = dict(_texts(pattern))
        shown = parts.get("regex") or " ".join(parts.values()) or "pattern"
        yield pattern, f"{parts['name']}: {shown}" if "name" in parts else shown


def _texts(node: Node) -> Iterator[tuple[str, str]]:
    for key, value in node.pairs if isinstance(node, Mapping) else ():
        if isinstance(value, Scalar):
            yield key.value, value.value


def _scalars(node: Node | None) -> list[Scalar]:
    """Give the texts of a list, or a text by itself."""
    if isinstance(node, Scalar):
        return [] if node.value in {"null", "~"} and not node.quoted else [node]
    items = node.items if isinstance(node, Sequence) else ()
    return [item for item in items if isinstance(item, Scalar) and item.value.strip()]
