"""Compiled rules as bytes: from the process that compiles to those that answer.

The bytes are pickles, so they are only ever read from memory that the processes
of one service share (`ruletag.serving.shared`), never from a file that somebody
else could have written.
"""

import gc
import io
import pickle
from collections.abc import Iterator, Sequence
from dataclasses import fields, replace
from functools import partial
from typing import Any, Final, cast

from ruletag.matching.compiler import CompiledCategory, CompiledRules
from ruletag.matching.entries import CompiledEntry
from ruletag.matching.terms import Keys

_AT_ONCE: Final = 2_000  # rows; while pickle reads a piece, no other thread of the process runs


def dump(rules: CompiledRules) -> Iterator[bytes]:
    """Give compiled rules as pieces of bytes."""
    for name in _NAMES:
        value = getattr(rules, name)
        if name == "keys":
            yield _pickled((value.automaton, value.lengths, value.terms, value.nested))
            yield from _pieces(value.keys)
        elif name == "categories":
            yield from _pieces(tuple(map(_with_rows, value)), at_once=1)
        elif name in _TABLES:
            yield from _pieces(tuple(value.items()))
        else:
            yield _pickled(value)


def load(content: bytes) -> CompiledRules:
    """Give back what `dump` wrote.

    Other threads get their turn between pieces. The search for garbage is put off
    meanwhile: it would look at every value that has just been made.
    """
    file = io.BytesIO(content)
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        return CompiledRules(*(_field(name, file) for name in _NAMES))
    finally:
        if was_enabled:
            gc.enable()


_NAMES: Final = tuple(field.name for field in fields(CompiledRules))
_Entries = Sequence[CompiledEntry]
_AS_ENTRY: Final = partial(tuple.__new__, CompiledEntry)  # there are many, and this is quick
_TABLES: Final = frozenset({"words", "members", "uses", "gap_of", "guards", "cues", "needed"})


def _field(name: str, file: io.BytesIO) -> Any:  # noqa: ANN401 - one of the fields
    if name in _TABLES:
        return dict(_rows(file))
    if name == "categories":
        return tuple(map(_with_entries, _rows(file)))
    value = pickle.load(file)  # noqa: S301 - see the head of this module
    if name == "keys":
        automaton, *rest = value
        return Keys(automaton, tuple(_rows(file)), *rest)
    return value


def _with_rows(category: CompiledCategory) -> CompiledCategory:
    """Take the class off the entries, since each would be written and read by itself for it."""
    entries = category.entries
    if not isinstance(entries, tuple):
        return category
    return replace(category, entries=cast("_Entries", tuple(map(tuple, entries))))


def _with_entries(category: CompiledCategory) -> CompiledCategory:
    entries = category.entries
    if not isinstance(entries, tuple):
        return category
    return replace(category, entries=tuple(map(_AS_ENTRY, entries)))


def _pickled(value: object) -> bytes:
    return pickle.dumps(value, pickle.HIGHEST_PROTOCOL)


def _pieces(rows: tuple[Any, ...], at_once: int = _AT_ONCE) -> Iterator[bytes]:
    starts = range(0, len(rows), at_once)
    yield _pickled(starts)
    for first in starts:
        yield _pickled(rows[first : first + at_once])


def _rows(file: io.BytesIO) -> Iterator[Any]:
    for _ in pickle.load(file):  # noqa: S301
        yield from pickle.load(file)  # noqa: S301
