"""Keywords that another one of the same scope makes needless."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import islice
from typing import Final, NamedTuple
from unicodedata import normalize

from ruletag.language.forms import plural_forms, verb_forms
from ruletag.linting.found import Base, Bound, Found, covers, found_by, single_phrase, single_word
from ruletag.linting.scopes import Item, Lists, Scope, is_plain, weight_of
from ruletag.problems import Problem, Related, quoted
from ruletag.rules.model import Category, Keyword, Line, LineTable, RuleSet, WordList

_MOST_COMPARED: Final = 16  # other keywords that find the same word
_DELETE: Final = "delete this one"


def needless(scope: Scope) -> Iterator[Problem]:
    """Report each line of a scope that finds nothing which another does not find."""
    table = _Table(scope.items)
    written_out = dict(_written_out(table))
    handled = {i for base, forms in written_out.items() for i in (base, *forms)}
    for base, forms in written_out.items():
        yield _as_verb(table, base, forms)
    for i, item in enumerate(scope.items):
        j = table.wider(i) if i not in handled else None
        if j is not None:
            is_twice = table.wider(j, among=(i,)) is not None or table.are_alike(i, j)
            if is_twice or not scope.may_add_up(item):
                yield _needless(item.line.keyword, scope.items[j].line.keyword, is_twice=is_twice)


def _needless(keyword: Keyword, other: Keyword, *, is_twice: bool) -> Problem:
    """Say that a keyword adds nothing to another."""
    written, wider = quoted(keyword.written), quoted(other.written)
    related = (Related(other.location, "this finds it too"),)
    if not is_twice:
        detail = f"{written} is found by {wider} anyway"
        return Problem(keyword.location, "W502", detail, _DELETE, related=related)
    related = (Related(other.location, "first given here"),)
    if keyword.written == other.written:
        return Problem(keyword.location, "W501", f"{written} is given twice", _DELETE, "", related)
    if _is_folded(keyword, other):
        detail = f"{written} and {wider} are the same: case and width make no difference"
        return Problem(keyword.location, "W526", detail, _DELETE, related=related)
    detail = f"{written} finds just what {wider} finds"
    return Problem(keyword.location, "W501", detail, _DELETE, related=related)


def _is_folded(keyword: Keyword, other: Keyword) -> bool:
    return _folded(keyword.written) == _folded(other.written)


def _folded(text: str) -> str:
    return normalize("NFKC", text).casefold()


# ----------------------------------------------------------------------- one scope


class _Table:
    """Which lines of a scope find which words."""

    def __init__(self, items: tuple[Item, ...]) -> None:
        self.items = items
        self.found: list[Found | None] = [_found(item.line) for item in items]
        self._free: dict[Base, list[int]] = defaultdict(list)
        self._bound: dict[Bound, list[int]] = defaultdict(list)
        self._stems: dict[str, list[int]] = defaultdict(list)
        self._others: dict[object, int] = {}
        for i, found in enumerate(self.found):
            self._add(i, found)
        self._lengths = sorted(set(map(len, self._stems)))

    def _add(self, i: int, found: Found | None) -> None:
        if found is None:
            keyword = self.items[i].line.keyword
            self._others.setdefault((keyword.parts, keyword.language), i)
            return
        for base in found.free:
            self._free[base].append(i)
        for bound in found.bound:
            self._bound[bound].append(i)
        if found.stem:
            self._stems[found.stem].append(i)

    def lines_that_find(self, word: str) -> list[int]:
        """Give the lines that find a word in any case."""
        return self._free.get(word, [])

    def wider(self, i: int, among: Iterable[int] | None = None) -> int | None:
        """Give a line that finds all that line ``i`` does, and wins where both do."""
        found = self.found[i]
        if found is None:
            return self._same(i)
        candidates = self._candidates(found) if among is None else among
        for j in islice(candidates, _MOST_COMPARED):
            other = self.found[j]
            if j == i or other is None or not covers(other, found):
                continue
            if is_stronger(self.items[j], self.items[i]) and not (
                j > i
                and among is None
                and covers(found, other)
                and is_stronger(self.items[i], self.items[j])
            ):
                return j
        return None

    def are_alike(self, i: int, j: int) -> bool:
        """Say whether two lines find the same, whatever their weights are."""
        one, other = self.found[i], self.found[j]
        return one is None or other is None or covers(one, other)

    def _same(self, i: int) -> int | None:
        keyword = self.items[i].line.keyword
        j = self._others[keyword.parts, keyword.language]
        return j if j != i and is_stronger(self.items[j], self.items[i]) else None

    def _candidates(self, found: Found) -> Iterator[int]:
        one = found.one()
        yield from self._free.get(one, ())
        for bound in islice(found.bound, 1):
            yield from self._bound.get(bound, ())
        stem = one if isinstance(one, str) else found.stem
        for length in self._lengths:
            yield from self._stems.get(stem[:length], ()) if length <= len(stem) else ()


def _found(line: Line) -> Found | None:
    phrase = single_phrase(line.keyword)
    return found_by(phrase, line.keyword.language) if phrase is not None else None


def is_stronger(one: Item, other: Item) -> bool:
    """Say whether the first line makes the second needless, where both find the same."""
    return (
        _at_least(one.weight, other.weight)
        and set(_written(one.line.excepts)) <= set(_written(other.line.excepts))
        and set(other.line.ids) <= set(one.line.ids)
    )


def _at_least(one: Fraction | None, other: Fraction | None) -> bool:
    return one == other or (one is not None and other is not None and one > other)


def _written(lines: Iterable[Line]) -> Iterator[str]:
    return (line.keyword.written for line in lines)


# ------------------------------------------------------------------ forms by hand


def _written_out(table: _Table) -> Iterator[tuple[int, tuple[int, ...]]]:
    """Give the lines that are a verb beside forms of it which ``~`` would find."""
    for i, item in enumerate(table.items):
        word = single_word(item.line.keyword)
        if word is None or word.inflected or word.open or item.line.excepts:
            continue
        if item.line.keyword.language != "en" or not word.text.isascii():
            continue
        forms = _forms_beside(word.text.lower(), table)
        if forms:
            yield i, tuple(forms)


def _forms_beside(verb: str, table: _Table) -> list[int]:
    others = [form for form in verb_forms(verb) if form != verb]
    # A gerund alone may be a noun of its own: shipping beside ship.
    plurals = set(plural_forms(verb))
    lines = {form: _line_of_form(form, table) for form in others}
    if not any(
        j is not None and form not in plurals and not form.endswith("ing")
        for form, j in lines.items()
    ):
        return []
    return sorted({j for j in lines.values() if j is not None})


def _line_of_form(form: str, table: _Table) -> int | None:
    for j in table.lines_that_find(form)[:_MOST_COMPARED]:
        line = table.items[j].line
        phrase = single_phrase(line.keyword)
        is_bare = phrase is not None and phrase.forms == "default" and not phrase.exact
        if is_bare and line.keyword.written.lower() == form and not line.excepts:
            return j
    return None


def _as_verb(table: _Table, base: int, forms: tuple[int, ...]) -> Problem:
    keyword = table.items[base].line.keyword
    others = [table.items[j].line.keyword for j in forms]
    named = " and ".join(quoted(other.written) for other in others)
    kind = "is a form" if len(others) == 1 else "are forms"
    detail = f"{named} {kind} of {quoted(keyword.written)}, written out"
    hint = f"write `{keyword.written}~` once: it finds every form of the verb"
    related = tuple(Related(other.location, "found by it too") for other in others)
    return Problem(keyword.location, "W505", detail, hint, related=related)


# --------------------------------------------------------------------- list files


def repeated(word_list: WordList) -> Iterator[Problem]:
    """Report the lines of a list file that stand in it before; its forms are not compared."""
    first: dict[object, int] = {}
    lines = word_list.lines
    for number, identity in _identities(lines):
        known = first.setdefault(identity, number)
        if known != number:
            one, other = lines[number], lines[known]
            if one.ids == other.ids and one.weight == other.weight:
                yield _needless(one.keyword, other.keyword, is_twice=True)


def _identities(lines: Sequence[Line]) -> Iterator[tuple[int, object]]:
    """Give the number of each line and what is equal if both find the same."""
    words = lines.words if isinstance(lines, LineTable) else ()
    for number, word in enumerate(words):
        if word:
            yield number, word.lower()
    others = lines.others.items() if isinstance(lines, LineTable) else enumerate(lines)
    for number, line in others:
        keyword = line.keyword
        phrase = single_phrase(keyword)
        is_exact = phrase is not None and phrase.exact
        yield number, (keyword.written if is_exact else keyword.written.casefold(), is_exact)


# -------------------------------------------------------- a category and its lists


class _Entry(NamedTuple):
    """A line of a list, where a category has the list as an entry."""

    list: str
    line: Line


class ListedWords:
    """The words of those lists that stand as entries in categories."""

    def __init__(self, rule_set: RuleSet, lists: Lists) -> None:
        self._lists = lists
        self._sought: set[Base] = set()
        self._by_word: dict[Base, list[_Entry]] = defaultdict(list)
        used: dict[str, None] = {}
        for category in rule_set.categories:
            names = dict.fromkeys(name for name, _ in _used(category, lists))
            used |= names
            for entry in category.entries if names else ():
                found = _found(entry.groups[0][0]) if is_plain(entry) else None
                self._sought |= {found.one()} if found is not None else set()
        for name in lists.closure(used) if self._sought else ():
            self._read(name, lists.by_name[name].lines)

    def _read(self, name: str, lines: Sequence[Line]) -> None:
        """Note those lines of a list that could find what is sought."""
        if isinstance(lines, LineTable):
            for number, word in enumerate(lines.words):
                if word.lower() in self._sought:
                    self._by_word[word.lower()].append(_Entry(name, lines[number]))
            return
        for line in lines:
            found = _found(line)
            for base in found.free & self._sought if found is not None else ():
                self._by_word[base].append(_Entry(name, line))

    def needless(self, category: Category) -> Iterator[Problem]:
        """Report the keywords of a category that a list among its entries finds anyway."""
        used = dict(_used(category, self._lists))
        names = {inner: used[name] for name in used for inner in self._lists.closure([name])}
        for entry in category.entries if names else ():
            line = entry.groups[0][0]
            found = _found(line) if is_plain(entry) else None
            if found is not None:
                item = Item(line, weight_of(line, entry))
                may_add_up = item.weight is None or item.weight < category.threshold
                yield from self._needless(item, found, names, may_add_up=may_add_up)

    def _needless(
        self, item: Item, found: Found, names: Mapping[str, Fraction], *, may_add_up: bool
    ) -> Iterator[Problem]:
        for name, line in islice(self._by_word.get(found.one(), ()), _MOST_COMPARED):
            if name not in names:
                continue
            weight = line.weight if line.weight is not None else names[name]
            wider = _found(line)
            if wider is None or not covers(wider, found) or (may_add_up and wider != found):
                continue
            if is_stronger(Item(line, weight), item):
                yield _in_a_list(item.line.keyword, line.keyword, name)
                return


def _used(category: Category, lists: Lists) -> Iterator[tuple[str, Fraction]]:
    """Give the lists that stand as entries of a category, without exceptions of their own."""
    for entry in category.entries:
        line = entry.groups[0][0]
        name = lists.name(line) if is_plain(entry) and not line.excepts else ""
        if name:
            yield name, weight_of(line, entry)


def _in_a_list(keyword: Keyword, listed: Keyword, name: str) -> Problem:
    detail = f"{quoted(keyword.written)} stands in the list `${name}`, which is an entry here too"
    related = (Related(listed.location, "in the list"),)
    return Problem(keyword.location, "W501", detail, _DELETE, related=related)
