"""Turn located trees into rules; every problem of every file is collected on the way.

What one file says is read by `ruletag.rules.definitions`; here stands what only
shows when all files are together. One mistake gives one problem: what only
follows from another is not reported.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from collections.abc import Mapping as MappingType
from typing import Final

from ruletag.lazy import lazy
from ruletag.problems import Location, ProblemLog, nearest
from ruletag.rules.definitions import DefinitionReader
from ruletag.rules.model import (
    Category,
    CueLine,
    Keyword,
    Line,
    Reference,
    WordList,
    lines_of,
)
from ruletag.rules.values import FILE, ValueReader, kind
from ruletag.rules.wordlists import ReadList
from ruletag.rules.yamltree import Mapping, Node, Scalar

_MOST_IN_A_ROW: Final = 64  # lists and categories, each of which refers to the next
_MOST_PLACES: Final = 3  # shown beside the first, where one mistake stands in many


class RulesParser:
    """Reads the trees of one rule set, file by file, into categories and lists.

    ``shared`` lists may be used, too; one of the same name takes their place.
    """

    def __init__(
        self, log: ProblemLog, read_list: ReadList, shared: Iterable[WordList] = ()
    ) -> None:
        self._log = log
        self._read_list = read_list
        self._shared = {word_list.name: word_list for word_list in shared}
        self._categories: dict[str, Category] = {}
        self._lists: dict[str, WordList] = {}
        self._cues: list[CueLine] = []
        # Where a list may be missing only because its file could not be read,
        # nobody is told that there is none.
        self._knows_all_lists = True

    def add_file(self, tree: Node | None) -> None:
        """Read one file's categories and lists; None if the file could not be read."""
        if tree is None:
            self._knows_all_lists = False
        elif isinstance(tree, Mapping):
            self._add(tree)
        else:
            self._knows_all_lists = False
            detail = f"a rule file is a mapping, not {kind(tree)}"
            self._log.add("E203", tree.location, detail, hint="begin with `categories:`")

    def _add(self, tree: Mapping) -> None:
        keys, is_complete = ValueReader(self._log).keys(tree, FILE, FILE.of)
        self._check_version(keys.get("version"))
        language = ValueReader(self._log).language(keys.get("language"), "en")
        reader = DefinitionReader(language, self._log, self._read_list)
        for word_list in reader.lists(keys.get("lists")):
            self._define("list", word_list.name, word_list.location, self._lists)
            self._lists.setdefault(word_list.name, word_list)
        for category in reader.categories(keys.get("categories")):
            self._define("category", category.id, category.location, self._categories)
            self._categories.setdefault(category.id, category)
        self._cues += reader.cues(keys.get("cues"))
        self._knows_all_lists = self._knows_all_lists and is_complete and reader.knows_all_lists
        if is_complete and not any(name in keys for name in ("lists", "categories", "cues")):
            hint = "add `categories:`, and below it categories with their words"
            self._log.add("E111", tree.location, "no categories and no lists", hint=hint)

    def finish(self) -> tuple[tuple[Category, ...], tuple[WordList, ...], tuple[CueLine, ...]]:
        """Check what only shows when all files are read, and give the rules in order of id."""
        for name in self._categories.keys() & self._lists.keys():
            self._report_one_name(name)
        own = tuple(self._owners())
        self._lists = self._shared | self._lists
        unknown: dict[str, list[Location]] = defaultdict(list)
        references = {owner: dict(self._references(lines, unknown)) for owner, lines in own}
        for name, places in unknown.items():
            self._report_unknown(name, places)
        if not self._categories.keys() & self._lists.keys():
            self._refuse_circles(references)
        by_id = sorted(self._categories.items())
        return (
            tuple(category for _, category in by_id),
            tuple(self._lists.values()),
            tuple(self._cues),
        )

    # ---------------------------------------------------------------- one file

    def _check_version(self, node: Node | None) -> None:
        if node is not None and not (isinstance(node, Scalar) and node.value == "1"):
            hint = "write `version: 1`, or leave it out"
            self._log.add("E206", node.location, "`version` can only be 1", hint=hint)

    def _define(
        self, what: str, name: str, place: Location, known: MappingType[str, Category | WordList]
    ) -> None:
        if name in known:
            first = known[name].location
            related = ((first, "first defined here"),)
            detail = f"{what} `{name}` is defined twice: here and in {first.file}:{first.line}"
            hint = "put all its words into one place, or give this one another name"
            self._log.add("E401", place, detail, hint=hint, related=related)

    # --------------------------------------------------------------- all files

    def _owners(self) -> Iterator[tuple[str, Iterable[Line]]]:
        """Give each list and category with all its lines."""
        for name, word_list in self._lists.items():
            yield name, word_list.marked
        for id_, category in self._categories.items():
            yield id_, lines_of(category)

    def _references(
        self, lines: Iterable[Line], unknown: dict[str, list[Location]]
    ) -> Iterator[tuple[str, Location]]:
        """Give the names that lines refer to, each with its place; note those unknown."""
        for keyword in _keywords(lines):
            for part in keyword.parts:
                if not isinstance(part, Reference):
                    continue
                place = _place_of(keyword, part.name)
                if part.name in self._lists:
                    if len(keyword.parts) > 1:
                        self._check_in_gap(place, self._lists[part.name])
                    yield part.name, place
                elif self._is_category(part.name):
                    yield part.name, place
                else:
                    unknown[part.name].append(place)

    def _is_category(self, name: str) -> bool:
        """Say whether a category of this name, or below it, is defined."""
        return name in self._below

    def _check_in_gap(self, place: Location, word_list: WordList) -> None:
        gap = next((e.keyword for e in word_list.marked if len(e.keyword.parts) > 1), None)
        if gap is not None:
            detail = f"`${word_list.name}` stands in a gap, and has a gap itself"
            hint = "keep the lines with a gap in a list of their own"
            related = ((gap.location, "a line with a gap"),)
            self._log.add("E305", place, detail, hint=hint, related=related)

    def _report_unknown(self, name: str, places: list[Location]) -> None:
        if not self._knows_all_lists:
            return
        first, *others = sorted(places)
        more = f" (used in {len(places):,} places)" if others else ""
        related = [(place, "used here too") for place in others[:_MOST_PLACES]]
        detail = f"there is no list or category `{name}`{more}"
        self._log.add("E306", first, detail, hint=lambda: self._list_hint(name), related=related)

    def _list_hint(self, name: str) -> str:
        if name[0].isdigit():
            return f"`\\${name}` is the amount"
        known = [f"${known}" for known in (*self._lists, *self._below)]
        return nearest(f"${name}", known) or f"define it: `lists: {{{name}: [copper, zinc]}}`"

    def _report_one_name(self, name: str) -> None:
        related = ((self._categories[name].location, "the category is defined here"),)
        detail = f"`{name}` is a list and a category; `${name}` could mean either"
        place = self._lists[name].location
        self._log.add("E402", place, detail, hint="give the list another name", related=related)

    def _refuse_circles(self, references: MappingType[str, MappingType[str, Location]]) -> None:
        """Report each list or category that comes back to itself, with the way it does."""
        done: set[str] = set()
        for name in references:
            if name not in done:
                self._follow(name, references, done)

    def _follow(
        self,
        start: str,
        references: MappingType[str, MappingType[str, Location]],
        done: set[str],
    ) -> None:
        """Walk all references from one name, on a stack of its own."""
        way = [start]
        waiting = [self._leads_to(start, references)]
        while way:
            step = next(waiting[-1], None)
            if step is None:
                done.add(way.pop())
                waiting.pop()
            elif step[0] in way:
                self._report_circle(way[way.index(step[0]) :], step)
            elif len(way) >= _MOST_IN_A_ROW:
                done.add(step[0])
                detail = f"more than {_MOST_IN_A_ROW} lists and categories lead to one another"
                self._log.add("E108", step[1], detail, hint="put the words in fewer lists")
            elif step[0] not in done:
                way.append(step[0])
                waiting.append(self._leads_to(step[0], references))

    def _leads_to(
        self, name: str, references: MappingType[str, MappingType[str, Location]]
    ) -> Iterator[tuple[str, Location]]:
        """Give what a name refers to; a category brings those below it along."""
        for referred, place in references.get(name, {}).items():
            if referred in self._lists:
                yield referred, place
                continue
            for id_ in self._below.get(referred, ()):
                yield id_, place

    @lazy
    def _below(self) -> MappingType[str, list[str]]:
        """The categories that a name stands for: the one of that id, and those below it."""
        below: dict[str, list[str]] = defaultdict(list)
        for id_ in self._categories:
            for i in (*(found for found, sign in enumerate(id_) if sign == "."), len(id_)):
                below[id_[:i]].append(id_)
        return below

    def _report_circle(self, way: list[str], step: tuple[str, Location]) -> None:
        name, place = step
        path = " → ".join(f"${name}" for name in (*way, name))
        detail = (
            f"`${name}` leads back to itself: {path}"
            if len(way) > 1
            else (f"`${name}` stands in its own definition")
        )
        hint = "put the words that both need into a list of their own"
        self._log.add("E312", place, detail, hint=hint)


def _keywords(lines: Iterable[Line]) -> Iterator[Keyword]:
    for line in lines:
        yield line.keyword
        if line.excepts:
            yield from (exception.keyword for exception in line.excepts)


def _place_of(keyword: Keyword, name: str) -> Location:
    start = keyword.written.find(f"${name}")
    return keyword.location.piece(keyword.written, start, start + len(name) + 1)
