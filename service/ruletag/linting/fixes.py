"""The edits for those warnings that have one right answer.

A warning that may be answered in several ways has none, and so has one whose
place cannot be edited without a second thought: a line of a list file, an entry
over several lines, the only word of a list.
"""

import re
from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from typing import Final, NamedTuple

from ruletag.linting.comments import without_name
from ruletag.linting.trees import Trees, nodes_in
from ruletag.linting.words import is_latin, latin, of_all_forms, without_invisible
from ruletag.problems import Location, Problem
from ruletag.rules.patches import COMMA, Edit, Source, as_scalar
from ruletag.rules.yamltree import Mapping as MappingNode
from ruletag.rules.yamltree import Node, Scalar, Sequence

_NEEDLESS: Final = frozenset({"W501", "W502", "W504", "W526"})
_ENDINGS: Final = (".yaml", ".yml")
_DASH: Final = re.compile(r"\s*- +")
# What a window still says something about, once a count is deleted.
_NEED_A_WINDOW: Final = frozenset({"all", "none", "with"})


def fixes(
    problems: Iterable[Problem], sources: Mapping[str, bytes]
) -> Mapping[Problem, tuple[Edit, ...]]:
    """Give the edits that answer warnings of `ruletag.linting.runner.lint`.

    No two of them overlap; a warning whose edits would is left to the next run.
    """
    trees = Trees(sources)
    by_file: dict[str, list[Problem]] = defaultdict(list)
    for problem in problems:
        by_file[problem.location.file].append(problem)
    return {
        problem: edits
        for file, found in by_file.items()
        if file in sources and file.lower().endswith(_ENDINGS)
        for problem, edits in _FileFixes(Source(file, sources[file]), trees.tree(file)).of(found)
    }


class _FileFixes:
    """Gives the edits of one file."""

    def __init__(self, source: Source, tree: Node | None) -> None:
        self._source = source
        self._places = _Places(source, tree)

    def of(self, problems: Iterable[Problem]) -> Iterator[tuple[Problem, tuple[Edit, ...]]]:
        """Give the edits of each problem that has any; deletions go before all others."""
        ordered = sorted(problems, key=lambda problem: problem.code not in _NEEDLESS)
        deletions = self._deletions(ordered)
        done = _Spans()
        for problem in ordered:
            edits = tuple(self._edits(problem, deletions))
            if edits and done.take([(edit.start, edit.end) for edit in edits]):
                yield problem, edits

    def _edits(self, problem: Problem, deletions: Mapping[Location, Edit]) -> Iterator[Edit]:
        where = problem.location
        if problem.code in _NEEDLESS or problem.code == "W515":
            yield from (deletions[where],) if where in deletions else ()
        elif problem.code == "W505":
            yield from self._inflected(problem, deletions)
        elif problem.code == "W528":
            yield Edit(where.file, *without_name(self._source, where), "")
        elif where.length:
            yield from self._respelled(problem)

    def _inflected(self, problem: Problem, deletions: Mapping[Location, Edit]) -> Iterator[Edit]:
        """Write a word as the one that has all its forms; delete those written out beside it."""
        found = self._places.scalar(problem.location)
        if found is None:
            return
        scalar, in_flow = found
        others = [second.location for second in problem.related]
        if all(other in deletions for other in others):
            better = f"{scalar.value}~" if others else of_all_forms(scalar.value)
            is_quoted = in_flow or COMMA.search(better) is not None
            yield self._source.edit(scalar.location, as_scalar(better, in_flow=is_quoted))
            yield from (deletions[other] for other in others)

    def _respelled(self, problem: Problem) -> Iterator[Edit]:
        """Edit the letters of a keyword."""
        where = problem.location
        found = self._places.scalar(where)
        start, end = self._source.span(found[0].location if found else where)
        whole = self._source.text[start:end]
        word = self._source.text[slice(*self._source.span(where))]
        if problem.code == "W508" and is_latin(latin(word)):
            yield self._source.edit(where, latin(word))
        elif problem.code == "W509" and found and without_invisible(whole) != whole:
            yield self._source.edit(found[0].location, without_invisible(whole))
        elif problem.code == "W513" and found:
            yield self._source.edit(where, as_scalar(word, in_flow=found[1]))
        elif problem.code == "W520" and word in {"~", "*"}:
            yield self._source.edit(where, "")
        elif problem.code == "W530":
            yield self._source.edit(where, f"${word}")

    # ---------------------------------------------------------------------- deletions

    def _deletions(self, problems: Iterable[Problem]) -> dict[Location, Edit]:
        """Give what deletes each item that is needless, by its place."""
        by_holder: dict[int, dict[int, Location]] = defaultdict(dict)
        for place in (place for problem in problems for place in self._needless(problem)):
            item = self._places.item(place)
            if item is not None:
                by_holder[item[0]][item[1]] = place
        return {
            places[number]: Edit(self._source.file, start, end, "")
            for holder, places in by_holder.items()
            for number, (start, end) in self._places.deleted(holder, places.keys())
        }

    def _needless(self, problem: Problem) -> Iterator[Location]:
        if problem.code in _NEEDLESS:
            yield problem.location
        elif problem.code == "W505":
            yield from (second.location for second in problem.related)
        elif problem.code == "W515":
            names = self._places.names(problem.location)
            if "within" not in names or names & _NEED_A_WINDOW:
                yield problem.location


class _Spans:
    """Stretches of a text that do not overlap."""

    def __init__(self) -> None:
        self._taken: list[tuple[int, int]] = []

    def take(self, spans: list[tuple[int, int]]) -> bool:
        """Take all of these, or say that one of them is taken already."""
        if not all(map(self._is_free, spans)):
            return False
        for span in spans:
            insort(self._taken, span)
        return True

    def _is_free(self, span: tuple[int, int]) -> bool:
        i = bisect_left(self._taken, span)
        before, after = self._taken[i - 1 : i], self._taken[i : i + 1]
        return all(end <= span[0] for _, end in before) and all(
            span[1] <= start and span != (start, end) for start, end in after
        )


# ------------------------------------------------------------------ where things stand


class _Holder(NamedTuple):
    """A list or a mapping: its items, or its keys with their values.

    ``ends`` is where the last word of each ends; closing brackets may follow.
    """

    starts: tuple[int, ...]
    ends: tuple[int, ...]
    is_word: tuple[bool, ...]
    names: frozenset[str]
    is_flow: bool


class _Places:
    """The items and words of a file, by where they stand."""

    def __init__(self, source: Source, tree: Node | None) -> None:
        self._source = source
        self._text = source.text
        self._holders: list[_Holder] = []
        self._items: dict[tuple[int, int], tuple[int, int]] = {}
        self._scalars: dict[int, list[tuple[Scalar, bool]]] = defaultdict(list)
        self._by_start: dict[tuple[int, int], tuple[Scalar, bool]] = {}
        for node in nodes_in(tree):
            if not isinstance(node, Scalar):
                self._add(node)

    def _add(self, node: Sequence | MappingNode) -> None:
        is_flow = self._text[self._start(node) :][:1] in {"[", "{"}
        rows = _rows(node)
        for number, (place, nodes) in enumerate(rows):
            self._items[place.line, place.column] = (len(self._holders), number)
            for inner in nodes:
                if isinstance(inner, Scalar):
                    self._scalars[inner.location.line].append((inner, is_flow))
                    self._by_start[inner.location.line, inner.location.column] = (inner, is_flow)
        self._holders.append(
            _Holder(
                tuple(self._start(nodes[0]) for _, nodes in rows),
                tuple(self._end(nodes[-1]) for _, nodes in rows),
                tuple(isinstance(nodes[-1], Scalar) for _, nodes in rows),
                frozenset(key.value for key, _ in node.pairs)
                if isinstance(node, MappingNode)
                else frozenset(),
                is_flow,
            )
        )

    def _start(self, node: Node) -> int:
        return self._source.index(node.location.line, node.location.column)

    def _end(self, node: Node) -> int:
        """Give where the last word of a node ends."""
        while not isinstance(node, Scalar):
            inner = node.items[-1:] if isinstance(node, Sequence) else node.pairs[-1][1:]
            if not inner:
                return self._start(node)
            node = inner[0]
        return self._start(node) + node.location.length

    def scalar(self, where: Location) -> tuple[Scalar, bool] | None:
        """Give the word in which a place lies, and whether it stands in brackets."""
        exact = self._by_start.get((where.line, where.column))
        if exact is not None:
            return exact
        for scalar, in_flow in self._scalars.get(where.line, ()):
            first = scalar.location.column
            if first <= where.column < first + scalar.location.length:
                return scalar, in_flow
        return None

    def item(self, where: Location) -> tuple[int, int] | None:
        """Give the holder and the number of the item whose word stands at a place."""
        return self._items.get((where.line, where.column))

    def names(self, where: Location) -> frozenset[str]:
        """Give all keys of the mapping in which the key at a place stands."""
        item = self.item(where)
        return self._holders[item[0]].names if item is not None else frozenset()

    # ---------------------------------------------------------------------- deletions

    def deleted(
        self, number: int, items: AbstractSet[int]
    ) -> Iterator[tuple[int, tuple[int, int]]]:
        """Give what to delete for some items of a holder: nothing, if they were all of them."""
        holder = self._holders[number]
        if len(items) == len(holder.starts):
            return
        kept = max(set(range(len(holder.starts))) - items)
        for item in sorted(items):
            if not holder.is_flow:
                span = self._line_span(holder, item)
            elif item < kept:
                span = holder.starts[item], holder.starts[item + 1]
            else:
                span = self._trailing_span(holder, item)
            if span is not None and "#" not in self._between(holder, item, span):
                yield item, span

    def _between(self, holder: _Holder, item: int, span: tuple[int, int]) -> str:
        """Give what is deleted besides the item itself."""
        start, end = span
        if not holder.is_flow:
            return ""
        return self._text[start : holder.starts[item]] + self._text[holder.ends[item] : end]

    def _trailing_span(self, holder: _Holder, item: int) -> tuple[int, int] | None:
        """Give the item with the comma before it, for one behind which all are deleted."""
        is_last = item + 1 == len(holder.starts)
        if is_last and not holder.is_word[item]:
            return None
        start = self._comma_before(holder.starts[item])
        end = holder.ends[item] if is_last else self._comma_before(holder.starts[item + 1])
        return (start, end) if start >= 0 and end >= 0 else None

    def _comma_before(self, index: int) -> int:
        while index > 0 and self._text[index - 1].isspace():
            index -= 1
        return index - 1 if self._text[index - 1 : index] == "," else -1

    def _line_span(self, holder: _Holder, item: int) -> tuple[int, int] | None:
        """Give the line of an item that has one to itself."""
        start = holder.starts[item]
        number = self._source.line(start)
        begin = self._source.index(number, 1)
        before = self._text[begin:start]
        rest = self._text[holder.ends[item] :].split("\n", 1)[0]
        if number != self._source.line(holder.ends[item]):
            return None
        if holder.names and before.strip():  # the first key of an entry, behind its dash
            is_followed = item + 1 < len(holder.starts)
            return (start, holder.starts[item + 1]) if is_followed else None
        if not holder.names and not _DASH.fullmatch(before):
            return None
        if self._text[start] in "[{" and "}" not in rest and "]" not in rest:
            return None
        end = holder.ends[item] + len(rest)
        return begin, min(end + 1, len(self._text))


def _rows(node: Sequence | MappingNode) -> list[tuple[Location, tuple[Node, ...]]]:
    """Give the nodes of each item, and the place by which problems name it."""
    if isinstance(node, MappingNode):
        return [(key.location, (key, value)) for key, value in node.pairs]
    return [(_word_place(item), (item,)) for item in node.items]


def _word_place(item: Node) -> Location:
    """Give the place of a word, or of the word of a long form."""
    pairs = item.pairs if isinstance(item, MappingNode) else ()
    return next((value.location for key, value in pairs if key.value == "word"), item.location)
