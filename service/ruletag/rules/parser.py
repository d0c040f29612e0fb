"""Turn located trees into rules; every problem of every file is collected on the way.

What one file says is read by `ruletag.rules.definitions`; here stands what only
shows when all files are together. One mistake gives one problem: what only
follows from another is not reported.
"""

import re
from collections import defaultdict
from collections.abc import Iterator
from collections.abc import Mapping as MappingType
from typing import Final

from ruletag.problems import Location, ProblemLog, nearest, quoted
from ruletag.rules.definitions import DefinitionReader
from ruletag.rules.model import Category, Entry, Keyword, ListReference, WordList
from ruletag.rules.values import FILE, ValueReader, kind
from ruletag.rules.yamltree import Mapping, Node, Scalar

_LANGUAGE: Final = re.compile(r"[a-z]{2,3}(?:-[A-Za-z0-9]{1,8}){0,3}")
_LANGUAGES: Final = {
    "english": "en", "korean": "ko", "chinese": "zh", "japanese": "ja", "russian": "ru",
    "french": "fr", "spanish": "es", "german": "de", "arabic": "ar",
}  # fmt: skip
_MOST_PLACES: Final = 3  # shown beside the first, where one mistake stands in many


class RulesParser:
    """Reads the trees of one rule set, file by file, into categories and lists."""

    def __init__(self, log: ProblemLog) -> None:
        self._log = log
        self._categories: dict[str, Category] = {}
        self._lists: dict[str, WordList] = {}
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
        reader = DefinitionReader(self._language(keys.get("language")), self._log)
        for word_list in reader.lists(keys.get("lists")):
            self._define("list", word_list.name, word_list.location, self._lists)
            self._lists.setdefault(word_list.name, word_list)
        for category in reader.categories(keys.get("categories")):
            self._define("category", category.id, category.location, self._categories)
            self._categories.setdefault(category.id, category)
        self._knows_all_lists = self._knows_all_lists and is_complete and reader.knows_all_lists
        if is_complete and "lists" not in keys and "categories" not in keys:
            hint = "add `categories:`, and below it categories with their words"
            self._log.add("E111", tree.location, "no categories and no lists", hint=hint)

    def finish(self) -> tuple[tuple[Category, ...], tuple[WordList, ...]]:
        """Check what only shows when all files are read, and give the rules in order of id."""
        for name in self._categories.keys() & self._lists.keys():
            self._report_one_name(name)
        unknown: dict[str, list[Location]] = defaultdict(list)
        for keyword in self._all_keywords():
            for part in keyword.parts:
                if isinstance(part, ListReference):
                    self._check_reference(keyword, part.name, unknown)
        for name, places in unknown.items():
            self._report_unknown_list(name, places)
        for word_list in self._lists.values():
            for entry in word_list.entries:
                self._refuse_nesting(entry.keyword)
        by_id = sorted(self._categories.items())
        return tuple(category for _, category in by_id), tuple(self._lists.values())

    # ---------------------------------------------------------------- one file

    def _language(self, node: Node | None) -> str:
        if node is None:
            return "en"
        written = node.value if isinstance(node, Scalar) else ""
        if _LANGUAGE.fullmatch(written):
            return written
        code = _LANGUAGES.get(written.casefold(), written.lower())
        hint = f"write `{code}`" if _LANGUAGE.fullmatch(code) else ""
        self._log.add("E206", node.location, "`language` is a code such as `en` or `ko`", hint=hint)
        return "en"

    def _check_version(self, node: Node | None) -> None:
        if node is not None and not (isinstance(node, Scalar) and node.value == "1"):
            hint = "write `version: 1`, or leave it out"
            self._log.add("E206", node.location, "`version` can only be 1", hint=hint)

    def _define(
        self, what: str, name: str, place: Location, known: MappingType[str, Category | WordList]
    ) -> None:
        if name in known:
            related = ((known[name].location, "first defined here"),)
            detail = f"{what} `{name}` is defined twice"
            hint = "put all its words into one place, or give this one another name"
            self._log.add("E401", place, detail, hint=hint, related=related)

    # --------------------------------------------------------------- all files

    def _all_keywords(self) -> Iterator[Keyword]:
        for category in self._categories.values():
            yield from category.excepts
            yield from _keywords(category.entries)
        for word_list in self._lists.values():
            for entry in word_list.entries:
                yield from entry.excepts

    def _check_reference(
        self, keyword: Keyword, name: str, unknown: dict[str, list[Location]]
    ) -> None:
        place = _place_of(keyword, name)
        if name not in self._lists:
            unknown[name].append(place)
        elif len(keyword.parts) > 1:
            self._check_in_gap(place, self._lists[name])

    def _check_in_gap(self, place: Location, word_list: WordList) -> None:
        gap = next((e.keyword for e in word_list.entries if len(e.keyword.parts) > 1), None)
        if gap is not None:
            detail = f"`${word_list.name}` stands in a gap, and has a gap itself"
            hint = "keep the lines with a gap in a list of their own"
            related = ((gap.location, "a line with a gap"),)
            self._log.add("E305", place, detail, hint=hint, related=related)

    def _report_unknown_list(self, name: str, places: list[Location]) -> None:
        first, *others = sorted(places)
        more = f" (used in {len(places):,} places)" if others else ""
        related = [(place, "used here too") for place in others[:_MOST_PLACES]]
        if name in self._categories:
            detail = f"`${name}`: a category inside a category is not yet supported{more}"
            hint = "put the words into a list that both use"
            self._log.add("E202", first, detail, hint=hint, related=related)
        elif self._knows_all_lists:
            detail = f"there is no list `{name}`{more}"
            self._log.add(
                "E306", first, detail, hint=lambda: self._list_hint(name), related=related
            )

    def _list_hint(self, name: str) -> str:
        if name[0].isdigit():
            return f"`\\${name}` is the amount"
        close = nearest(f"${name}", [f"${known}" for known in self._lists])
        return close or f"define it: `lists: {{{name}: [copper, zinc]}}`"

    def _report_one_name(self, name: str) -> None:
        related = ((self._categories[name].location, "the category is defined here"),)
        detail = f"`{name}` is a list and a category; `${name}` could mean either"
        place = self._lists[name].location
        self._log.add("E402", place, detail, hint="give the list another name", related=related)

    def _refuse_nesting(self, keyword: Keyword) -> None:
        if any(isinstance(part, ListReference) for part in keyword.parts):
            detail = f"{quoted(keyword.written)}: a list inside a list is not yet supported"
            hint = "write its words here, too"
            self._log.add("E202", keyword.location, detail, hint=hint)


def _keywords(entries: tuple[Entry, ...]) -> Iterator[Keyword]:
    for entry in entries:
        yield entry.keyword
        yield from entry.excepts


def _place_of(keyword: Keyword, name: str) -> Location:
    start = keyword.written.find(f"${name}")
    return keyword.location.piece(keyword.written, start, start + len(name) + 1)
