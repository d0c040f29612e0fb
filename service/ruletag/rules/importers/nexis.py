"""Turn search queries of news archives into entries and categories.

A query selects documents. What fits one entry becomes one; a conjunction of
several becomes a category that counts its entries (``threshold``), and what is
excluded vetoes it (``unless``). Nothing that is not exact in this is carried.
"""

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, combinations, permutations, product
from math import prod
from typing import Final, NamedTuple

from ruletag.rules.importers.queries import (
    CASES,
    FILTERS,
    TITLES,
    Connector,
    Join,
    Marked,
    Query,
    QueryError,
    Span,
    Term,
    Tree,
    queries,
    read_query,
)
from ruletag.rules.importers.rulefile import (
    Category,
    Comment,
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
    one_spaced,
    why_not,
)

_HEAD: Final = (
    "Imported from the queries {name}.",
    "Words are found in any case, the last of a phrase with its plural. `w/n` and `pre/n` allow n",
    "words between and stay within a sentence; `!`, and `*` at the end of a word, are stars here.",
)
_MOST_GROUPS: Final = 8
_MOST_COUNTED: Final = 100
_MOST_WAYS: Final = 16  # one query may be written as so many entries
_DOCUMENT: Final = "document"
_TRUNCATED: Final = re.compile(r"[^!*?]+[!*]")
_COMMENT: Final = re.compile(r"(?<!\S)#[^\n\r]*")
_WILD: Final = re.compile(r"[!*?]")
_ENDINGS: Final = re.compile(r".*\$[0-9]")
_FILTERED: Final = "it selects documents by other things than words; select them before tagging"
_MOST_SHOWN: Final = 300


class _NotCarriedError(Exception):
    """A piece that cannot be said, and why."""

    def __init__(self, why: str, span: Span) -> None:
        super().__init__(why)
        self.span = span


class _Lost(NamedTuple):
    """A piece that is left out, with what in it is the reason."""

    span: Span
    why: str
    reason: Span


class _Way(NamedTuple):
    """One way for a document to be found: all of ``wanted`` are in it, none of ``refused``."""

    wanted: tuple[Entry, ...]
    refused: tuple[Entry, ...] = ()


class _Part(NamedTuple):
    """What a query became: lines for a category, and ways that need one of their own."""

    lines: list[Line]
    ways: list[_Way]

    @property
    def has_entries(self) -> bool:
        """Say whether some of it goes into a category that others share."""
        return any(isinstance(line, Entry) for line in self.lines)


def read(source: Source) -> Imported:
    """Give a category for the queries of each name, and one for those without."""
    text = decode(source.content)
    place = _places(text)
    otherwise = "" if source.category else source.id
    by_name: dict[str, list[_Part]] = {}
    for query in queries(text):
        by_name.setdefault(query.name or otherwise, []).append(_part(query, place))
    if not by_name:
        raise UnreadableError([(0, 0, "there is no query in it")])
    names = Names(source.category)
    categories = chain.from_iterable(
        _categories(names, tuple(filter(None, name.split("."))), parts)
        for name, parts in by_name.items()
    )
    return Imported(tuple(line.format(name=source.shown) for line in _HEAD), tuple(categories))


def _places(text: str) -> Callable[[int], tuple[int, int]]:
    """Give what tells line and column of an index."""
    starts = [0, *(found.end() for found in re.finditer(r"\r\n|[\n\r]", text))]

    def place(index: int) -> tuple[int, int]:
        line = bisect_right(starts, index)
        return line, index - starts[line - 1] + 1

    return place


def _part(query: Query, place: Callable[[int], tuple[int, int]]) -> _Part:
    """Read one query; what of it cannot be carried stands among the lines."""
    shown = _cut(query, (query.start, query.start + len(query.text)))
    shown = shown if len(shown) <= _MOST_SHOWN else f"{shown[:_MOST_SHOWN]}…"
    lines: list[Line] = [Comment(f"Line {place(query.start)[0]}: {shown}")]
    translation = _Translation()
    ways: list[_Way] = []
    try:
        tree, notes = read_query(query)
        ways = translation.ways(tree)
        lines += (_note(query, place, why, span) for why, span in notes)
    except (QueryError, _NotCarriedError) as error:
        whole = query.start, query.start + len(query.text)
        translation.lost.append(_Lost(whole, str(error), error.span))
    lines += (_remark(query, place, lost) for lost in translation.lost)
    entries = [_as_entries(way) for way in ways]
    lines += chain.from_iterable(entries)
    return _Part(lines, [way for way, own in zip(ways, entries, strict=True) if not own])


def _remark(query: Query, place: Callable[[int], tuple[int, int]], lost: _Lost) -> Remark:
    why = lost.why
    if lost.reason != lost.span:
        why = f"`{_cut(query, lost.reason)}`: {why}"
    return Remark(*place(lost.reason[0]), _cut(query, lost.span), why)


def _note(query: Query, place: Callable[[int], tuple[int, int]], why: str, span: Span) -> Remark:
    return Remark(*place(span[0]), _cut(query, span), why, carried=True)


def _cut(query: Query, span: Span) -> str:
    """Give a piece of a query in one line, without comments."""
    text = query.text[span[0] - query.start : span[1] - query.start]
    return one_spaced(_COMMENT.sub(" ", text))


# ----------------------------------------------------------------- categories


def _categories(names: Names, path: tuple[str, ...], parts: Sequence[_Part]) -> Iterator[Category]:
    """Give the category of these queries, and below it one for each way that needs its own."""
    identity = names.id(*path)
    label = label_of(path[-1], identity) if path else ""
    ways = [way for part in parts for way in part.ways]
    if len(ways) == 1 and not any(part.has_entries for part in parts):
        yield _of_its_own(identity, chain.from_iterable(p.lines for p in parts), ways[0], label)
        return
    shared = [part for part in parts if part.has_entries or not part.ways]
    if shared:
        lines = tuple(chain.from_iterable(part.lines for part in shared))
        yield Category(identity, lines, label=label)
    number = 0
    for part in parts:
        about = part.lines[:1] if part.has_entries else part.lines
        for way in part.ways:
            number += 1
            yield _of_its_own(names.id(*path, f"part {number}"), about, way, "")
            about = part.lines[:1]


def _of_its_own(identity: str, lines: Iterable[Line], way: _Way, label: str) -> Category:
    """Write a way as a category: so many entries must match, and none of those that veto it."""
    joined = _joined(way.wanted)
    entries = way.wanted if joined is None else (joined,)
    if len(entries) > 1:  # each counts once, whatever of its words are found
        entries = tuple(entry._replace(is_block=True) for entry in entries)
    elif _is_group(entries[0]):
        entries = tuple(Entry(((word,),)) for word in entries[0].groups[0])
    return Category(
        identity,
        (*lines, *entries),
        unless=tuple(chain.from_iterable(map(_alone, way.refused))),
        threshold=len(way.wanted) if joined is None else 1,
        label=label,
    )


def _alone(entry: Entry) -> Iterator[Entry]:
    """Write words any of which will do one by one."""
    if _is_group(entry):
        yield from (Entry(((word,),)) for word in entry.groups[0])
    else:
        yield entry


def _as_entries(way: _Way) -> list[Entry]:
    """Give a way as entries of a category that others share; nothing if it needs its own."""
    if not way.refused and len(way.wanted) == 1:
        return list(_alone(way.wanted[0]))
    joined = _joined(way.wanted)
    if joined is None or not all(map(_is_group, way.refused)):
        return []
    if way.refused and joined.within not in {"", _DOCUMENT}:
        return []
    none = tuple(word for entry in way.refused for word in entry.groups[0])
    return [joined._replace(none=none, within=_DOCUMENT, is_block=True)]


def _joined(entries: Sequence[Entry]) -> Entry | None:
    """Give one entry that wants what all of these want, if there is one."""
    if len(entries) == 1:
        return None if entries[0].in_title or entries[0].none else entries[0]
    groups = tuple(entry.groups[0] for entry in entries)
    if not all(map(_is_group, entries)) or len(groups) > _MOST_GROUPS:
        return None
    return Entry(groups, within=_DOCUMENT)


def _without_implied(entries: tuple[Entry, ...]) -> tuple[Entry, ...]:
    """Leave out what must match anyway where another entry does."""
    kept: list[Entry] = []
    for entry in dict.fromkeys(entries):
        if any(_implies(other, entry) for other in kept):
            continue
        kept = [*(other for other in kept if not _implies(entry, other)), entry]
    return tuple(kept)


def _implies(first: Entry, second: Entry) -> bool:
    if len(first.groups) > 1 or len(second.groups) > 1 or second.times > 1:
        return False
    is_inside = first.in_title or not second.in_title
    return is_inside and set(first.groups[0]) <= set(second.groups[0])


def _is_countable(entries: Iterable[Entry]) -> bool:
    """Say whether no two entries would compete for one word, so that each counts."""
    groups = [entry.groups[0] for entry in entries if len(entry.groups) == entry.times == 1]
    return not any(_share(first, second) for first, second in combinations(groups, 2))


def _is_group(entry: Entry) -> bool:
    """Say whether the entry is words any of which will do, and nothing else."""
    return entry == Entry(entry.groups[:1])


def _share(first: Iterable[Word], second: Iterable[Word]) -> bool:
    """Say whether one place in a text could be a word of both groups."""
    stems, others = _stems(first), _stems(second)
    if stems & others:
        return True
    everything = stems | others
    begin = tuple(stem.removesuffix("*") for stem in everything if stem.endswith("*"))
    of_first = any(stem.startswith(begin) for stem in stems if not stem.endswith("*"))
    of_second = any(stem.startswith(begin) for stem in others if not stem.endswith("*"))
    return bool(begin) and (of_first or of_second)


def _stems(words: Iterable[Word]) -> set[str]:
    return {part.lower().removesuffix("s") for word in words for part in word.text.split()}


# ---------------------------------------------------------------- translation


class _Translation:
    """Turns the tree of one query into ways; ``lost`` is what is left out of them."""

    def __init__(self) -> None:
        self.lost: list[_Lost] = []

    def ways(self, tree: Tree) -> list[_Way]:
        """Give the ways for a document to be found; raise if there are none."""
        if isinstance(tree, Term):
            return [_Way((Entry(((_word(tree),),)),))]
        if isinstance(tree, Marked):
            return self._marked(tree)
        return {"or": self._or, "near": self._near, "and": self._and, "not": self._not}[tree.kind](
            tree
        )

    # -------------------------------------------------------------- connectors

    def _or(self, tree: Join) -> list[_Way]:
        words: list[Word] = []
        ways: list[_Way] = []
        for way in self._alternatives(tree.items):
            if len(way.wanted) == 1 and not way.refused and _is_group(way.wanted[0]):
                words += way.wanted[0].groups[0]
            else:
                ways.append(way)
        if not words and not ways:
            raise _NotCarriedError("none of the alternatives can be carried", tree.span)
        grouped = [_Way((Entry((tuple(dict.fromkeys(words)),)),))] if words else []
        return grouped + ways

    def _and(self, tree: Join) -> list[_Way]:
        operands = [self.ways(item) for item in self._without_filters(tree)]
        if not operands:
            raise _NotCarriedError(_FILTERED, tree.span)
        if prod(map(len, operands)) > _MOST_WAYS:
            why = f"it would take more than {_MOST_WAYS} entries; split the query"
            raise _NotCarriedError(why, tree.span)
        ways = [
            _Way(
                _without_implied(tuple(chain.from_iterable(way.wanted for way in chosen))),
                tuple(chain.from_iterable(way.refused for way in chosen)),
            )
            for chosen in product(*operands)
        ]
        for way in ways:
            if not _is_countable(way.wanted):
                why = "one word of a text could answer two sides of `and`; a rule needs two words"
                raise _NotCarriedError(why, tree.span)
        return ways

    def _not(self, tree: Join) -> list[_Way]:
        wanted = self.ways(tree.items[0])
        refused = tuple(
            chain.from_iterable(map(self._refused, self._without_filters(tree, start=1)))
        )
        return [way._replace(refused=way.refused + refused) for way in wanted]

    def _refused(self, tree: Tree) -> list[Entry]:
        """Give what must not match; nothing may be lost here, or the rule would find more."""
        inner = _Translation()
        ways = inner.ways(tree)
        if inner.lost:
            raise _NotCarriedError(f"what is excluded: {inner.lost[0].why}", inner.lost[0].reason)
        entries = [way.wanted[0] if len(way.wanted) == 1 else _joined(way.wanted) for way in ways]
        known = [entry for entry in entries if entry is not None]
        if len(known) < len(entries) or any(way.refused for way in ways):
            raise _NotCarriedError("what is excluded does not fit one entry", tree.span)
        return known

    def _near(self, tree: Join) -> list[_Way]:
        first = tree.connectors[0]
        is_chain = all(other[:4] == first[:4] for other in tree.connectors)
        is_one_window = is_chain and first.unit in {"sentences", "paragraph"}
        if len(tree.connectors) > 1 and not is_one_window:
            why = "more than two words near one another; a rule has one distance for all"
            raise _NotCarriedError(why, tree.span)
        if len(tree.items) > _MOST_GROUPS:
            raise _NotCarriedError(f"more than {_MOST_GROUPS} groups", tree.span)
        groups = tuple(self._group(item, "stands near another word") for item in tree.items)
        if first.unit == "adjacent":
            return [_Way((_adjacent(groups, first, tree.span),))]
        within = {"sentences": "sentence", "paragraph": "paragraph"}.get(
            first.unit, f"{first.words} word{'s' * (first.words > 1)}"
        )
        return [_Way((Entry(groups, within=within, in_order=first.in_order),))]

    def _without_filters(self, tree: Join, start: int = 0) -> list[Tree]:
        kept: list[Tree] = []
        for item in tree.items[start:]:
            if isinstance(item, Marked) and item.name in FILTERS:
                self.lost.append(_Lost(item.span, _FILTERED, item.span))
            else:
                kept.append(item)
        return kept

    # ------------------------------------------------------------------- names

    def _marked(self, tree: Marked) -> list[_Way]:
        if tree.item is None or tree.name in FILTERS:
            raise _NotCarriedError(_FILTERED, tree.span)
        if tree.name in TITLES:
            return [self._in_title(way) for way in self.ways(tree.item)]
        if tree.name == "atleast":
            return [_Way((self._counted(tree, self._group(tree.item, "is counted")),))]
        if tree.name in CASES:
            words = self._group(tree.item, "has its case marked")
            cased = (_in_case(tree.name, word, tree.span) for word in words)
            return [_Way((Entry((tuple(chain.from_iterable(cased)),)),))]
        raise _NotCarriedError(f"`{tree.name}` has no counterpart", tree.span)

    def _in_title(self, way: _Way) -> _Way:
        wanted = way.wanted
        joined = _joined(wanted) if len(wanted) > 1 else None
        if joined is not None:
            wanted = (joined,)
        return _Way(*(tuple(e._replace(in_title=True) for e in es) for es in (wanted, way.refused)))

    def _counted(self, tree: Marked, words: tuple[Word, ...]) -> Entry:
        if not 1 <= tree.least <= _MOST_COUNTED:
            raise _NotCarriedError(f"counts go from 1 to {_MOST_COUNTED}", tree.span)
        return Entry((words,), times=tree.least)

    def _group(self, tree: Tree, what: str) -> tuple[Word, ...]:
        """Give words any of which will do; other alternatives are lost."""
        found = self.ways(tree)
        first = found[0]
        is_group = len(first.wanted) == 1 and not first.refused and _is_group(first.wanted[0])
        if not is_group:
            raise _NotCarriedError(f"what {what} can only be words and `or`", tree.span)
        if len(found) > 1:
            why = f"what {what} can only be words and `or`; only the words are carried"
            self.lost.append(_Lost(tree.span, why, tree.span))
        return first.wanted[0].groups[0]

    def _alternatives(self, items: Sequence[Tree]) -> Iterator[_Way]:
        """Give the ways of those that can be carried; the others are lost."""
        for item in items:
            try:
                yield from self.ways(item)
            except _NotCarriedError as error:
                self.lost.append(_Lost(item.span, str(error), error.span))


# ---------------------------------------------------------------------- words


def _word(term: Term) -> Word:
    text = " ".join(_keyword(word, term.span) for word in term.words)
    why = why_not(text)
    if why:
        raise _NotCarriedError(why, term.span)
    return Word(text)


def _keyword(word: str, span: Span) -> str:
    if _TRUNCATED.fullmatch(word):
        return f"{literal(word[:-1])}*"
    if word[-1] in "!*" and _WILD.search(word[:-1]) is None:
        raise _NotCarriedError("a star alone", span)
    if _WILD.search(word):
        raise _NotCarriedError("a wildcard can only stand for the end of a word", span)
    if _ENDINGS.fullmatch(word):
        raise _NotCarriedError("`$` with a number, for so many letters, has no counterpart", span)
    return literal(word)


def _in_case(name: str, word: Word, span: Span) -> Iterator[Word]:
    if name == "singular":
        yield word._replace(only=True)
        return
    if "*" in word.text:
        raise _NotCarriedError("a star looks at no case", span)
    cases = {
        "allcaps": [word.text.upper()],
        "nocaps": [word.text.lower()],
        "caps": [word.text.title(), word.text.upper()],
    }
    yield from (Word(text, exact=True, only=True) for text in dict.fromkeys(cases[name]))


def _adjacent(groups: tuple[tuple[Word, ...], ...], connector: Connector, span: Span) -> Entry:
    """Write words side by side as phrases."""
    orders = [groups] if connector.in_order else list(permutations(groups))
    if prod(map(len, groups)) * len(orders) > _MOST_WAYS:
        why = f"side by side these are more than {_MOST_WAYS} phrases"
        raise _NotCarriedError(why, span)
    if any(word != Word(word.text) for group in groups for word in group):
        raise _NotCarriedError("a case that is marked in one word of a phrase", span)
    phrases = (" ".join(w.text for w in chosen) for order in orders for chosen in product(*order))
    return Entry((tuple(map(Word, phrases)),))
