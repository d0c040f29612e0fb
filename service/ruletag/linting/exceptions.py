"""Keywords that exceptions leave nothing of, and exceptions that concern nothing."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import Final, NamedTuple

from ruletag.linting.found import Base, Found, found_by, open_stem, phrases, single_phrase
from ruletag.linting.scopes import Lists, is_plain
from ruletag.matching.wordforms import Form
from ruletag.problems import Location, Problem, Related, quoted
from ruletag.rules.model import Category, Entry, Keyword, Line, LineTable, Phrase, Reference
from ruletag.text.folding import fold
from ruletag.text.words import HAS_OTHER_EDGES

_CANCELS: Final = "this exception cancels it"


class Exceptions:
    """Judges exceptions against the words they are to cancel."""

    def __init__(self, lists: Lists) -> None:
        self._lists = lists
        self._known: dict[str, _Vocabulary] = {}

    # ------------------------------------------------------------------ dead words

    def dead(self, category: Category) -> Iterator[Problem]:
        """Report the keywords of a category that can never count."""
        general = _Cancelling(self._words(category.excepts))
        vetoes = _Vetoes(category)
        for entry in category.entries:
            for line in (line for group in entry.groups for line in group):
                own = _Cancelling(self._words(line.excepts)) if line.excepts else general
                yield from _dead(line.keyword, (general, own))
            yield from vetoes.of(entry)

    def _words(self, lines: Iterable[Line]) -> Iterator[Keyword]:
        """Give the keywords of lines, those of lists in the rules written out."""
        for line in lines:
            name = self._lists.name(line)
            if not name:
                yield line.keyword
            for inner in self._lists.closure([name]) if name else ():
                found = self._lists.by_name[inner]
                yield from (written.keyword for written in found.lines if not found.file)

    # ------------------------------------------------------------- idle exceptions

    def idle(self, category: Category) -> Iterator[Problem]:
        """Report the exceptions that overlap no keyword they could cancel."""
        whole = [line for entry in category.entries for group in entry.groups for line in group]
        if category.excepts:
            yield from self._idle(category.excepts, self._vocabulary(whole), "of this category")
        for entry in category.entries:
            yield from self._idle_of(entry)

    def _idle_of(self, entry: Entry) -> Iterator[Problem]:
        """Report exceptions of single lines; one of a block stands at many lines."""
        owners: dict[Location, tuple[Line, list[Line]]] = {}
        for line in (line for group in entry.groups for line in group):
            for exception in line.excepts:
                place = exception.keyword.location
                owners.setdefault(place, (exception, []))[1].append(line)
        known: dict[tuple[Location, ...], _Vocabulary] = {}
        for exception, lines in owners.values():
            places = tuple(line.keyword.location for line in lines)
            if places not in known:
                known[places] = self._vocabulary(lines)
            yield from self._idle((exception,), known[places], "here")

    def _idle(
        self, exceptions: Iterable[Line], vocabulary: "_Vocabulary", where: str
    ) -> Iterator[Problem]:
        if not vocabulary.is_whole:
            return
        for exception in exceptions:
            if self._is_from_file(exception) or any(
                map(vocabulary.may_overlap, self._words((exception,)))
            ):
                continue
            written = quoted(exception.keyword.written)
            detail = f"the exception {written} shares no word with any keyword {where}"
            hint = "mend its spelling, or delete it"
            yield Problem(exception.keyword.location, "W504", detail, hint)

    def _is_from_file(self, exception: Line) -> bool:
        """Say whether words of a list file are excepted, which are not looked at."""
        names = self._lists.closure(filter(None, [self._lists.name(exception)]))
        return any(self._lists.by_name[name].file for name in names)

    def _vocabulary(self, lines: Iterable[Line]) -> "_Vocabulary":
        result = _Vocabulary()
        for line in lines:
            for part in line.keyword.parts:
                if isinstance(part, Reference):
                    result.add_all(self._of_reference(part.name))
                else:
                    result.add(_parts(part, line.keyword.language))
        return result

    def _of_reference(self, name: str) -> "_Vocabulary":
        if name not in self._known:
            word_list = self._lists.by_name.get(name)
            if word_list is None:  # what a category matches is not known here
                self._known[name] = _Vocabulary(is_whole=False)
            elif word_list.file:
                self._known[name] = _firsts(word_list.lines)
            else:
                self._known[name] = self._vocabulary(word_list.lines)
        return self._known[name]


# ------------------------------------------------------------------- what cancels


class _Cancelling:
    """Phrases that cancel, as the words they find."""

    def __init__(self, keywords: Iterable[Keyword]) -> None:
        self._phrases: dict[str, Keyword] = {}
        self._counts: set[int] = set()
        self.stems: dict[str, Keyword] = {}
        self._forms: dict[Base, Keyword] = {}
        for keyword in keywords:
            phrase = single_phrase(keyword)
            for base in found_by(phrase, keyword.language).free if phrase else ():
                self._add(base, keyword)
        self._lengths = sorted(set(map(len, self.stems)))

    @property
    def is_empty(self) -> bool:
        """Say whether there is nothing that cancels."""
        return not (self._phrases or self.stems or self._forms)

    def _add(self, base: Base, keyword: Keyword) -> None:
        stem = open_stem(base)
        if stem:
            self.stems[stem] = keyword
        elif isinstance(base, Form) or HAS_OTHER_EDGES.search(base):
            self._forms.setdefault(base, keyword)
        else:
            self._phrases.setdefault(base, keyword)
            self._counts.add(base.count(" ") + 1)

    def one_for(self, found: Found) -> Keyword | None:
        """Give an exception, if whatever is found has one."""
        last = None
        for base in (*found.free, *(base for base, *_ in found.bound)):
            last = self._cancels(base)
            if last is None:
                return None
        return last

    def _cancels(self, base: Base) -> Keyword | None:
        stem = open_stem(base)
        if stem:
            return self._by_stem(stem)
        if isinstance(base, Form) or HAS_OTHER_EDGES.search(base):
            return self._forms.get(base)
        words = base.split(" ")
        stretches = (
            " ".join(words[i : i + count])
            for i in range(len(words))
            for count in self._counts
            if i + count <= len(words)
        )
        found = (self._phrases.get(stretch) for stretch in stretches)
        by_stem = map(self._by_stem, words) if self.stems else ()
        return next((keyword for keyword in (*found, *by_stem) if keyword is not None), None)

    def _by_stem(self, word: str) -> Keyword | None:
        stems = (self.stems.get(word[:length]) for length in self._lengths)
        return next((keyword for keyword in stems if keyword is not None), None)


def _dead(keyword: Keyword, cancelling: Iterable[_Cancelling]) -> Iterator[Problem]:
    """Report a keyword or a gap, one part of which is always cancelled."""
    cancelling = [one for one in cancelling if not one.is_empty]
    for phrase in phrases(keyword) if cancelling else ():
        found = found_by(phrase, keyword.language)
        exception = next(filter(None, (c.one_for(found) for c in cancelling)), None)
        if exception is not None:
            detail = (
                f"{quoted(keyword.written)} never counts: "
                f"the exception {quoted(exception.written)} cancels it wherever it stands"
            )
            related = (Related(exception.location, _CANCELS),)
            hint = "delete one of the two"
            yield Problem(keyword.location, "W503", detail, hint, related=related)
            return


class _Vetoes:
    """The phrases that veto a category, or stand under ``none`` of an entry."""

    def __init__(self, category: Category) -> None:
        lines = [entry.groups[0][0] for entry in category.unless if is_plain(entry)]
        self._by_parts = {_identity(line.keyword): line.keyword for line in lines}

    def of(self, entry: Entry) -> Iterator[Problem]:
        """Report a keyword that vetoes itself."""
        if entry.is_block or len(entry.groups[0]) > 1:
            return
        keyword = entry.groups[0][0].keyword
        identity = _identity(keyword)
        disturbing = {_identity(line.keyword): line.keyword for line in entry.condition.none}
        other = self._by_parts.get(identity) or disturbing.get(identity)
        if other is not None:
            key = "unless" if identity in self._by_parts else "none"
            detail = f"{quoted(keyword.written)} never counts: it stands under `{key}` too"
            related = (Related(other.location, "here it forbids itself"),)
            hint = "delete one of the two"
            yield Problem(keyword.location, "W503", detail, hint, related=related)


def _identity(keyword: Keyword) -> object:
    return keyword.parts, keyword.language


# ------------------------------------------------------------- what may be overlapped


class _Parts(NamedTuple):
    """The words that a phrase is made of, and its characters of scripts without edges."""

    words: frozenset[str]
    stems: frozenset[str]
    characters: frozenset[str]


class _Vocabulary:
    """The words that keywords are made of: what shares none of them overlaps no match."""

    def __init__(self, *, is_whole: bool = True) -> None:
        self.is_whole = is_whole
        self.words: set[str] = set()
        self.stems: set[str] = set()
        self.characters: set[str] = set()
        self.firsts: set[str] = set()
        self._ordered: list[str] = []

    def add(self, parts: _Parts) -> None:
        """Add the words of a phrase."""
        self.words |= parts.words
        self.stems |= parts.stems
        self.characters |= parts.characters

    def add_all(self, other: "_Vocabulary") -> None:
        """Add all words of another one."""
        self.is_whole = self.is_whole and other.is_whole
        self.words |= other.words
        self.stems |= other.stems
        self.characters |= other.characters
        self.firsts |= other.firsts

    def may_overlap(self, keyword: Keyword) -> bool:
        """Say whether a match of the exception could overlap one of these words."""
        phrase = single_phrase(keyword)
        if phrase is None:  # a gap passes over anything
            return True
        words, stems, characters = _parts(phrase, keyword.language)
        return (
            not self.words.isdisjoint(words)
            or not self.characters.isdisjoint(characters)
            or any(word[0] in self.firsts for word in words | stems | characters)
            or any(self._has_beginning(word) for word in words | stems)
            or any(map(self._begins_a_word, stems))
        )

    def _begins_a_word(self, stem: str) -> bool:
        if len(self._ordered) != len(self.words) + len(self.stems):
            self._ordered = sorted([*self.words, *self.stems])
        i = bisect_left(self._ordered, stem)
        return any(word.startswith(stem) for word in self._ordered[i : i + 1])

    def _has_beginning(self, word: str) -> bool:
        return bool(self.stems) and any(word[:i] in self.stems for i in range(1, len(word) + 1))


def _firsts(lines: Sequence[Line]) -> _Vocabulary:
    """Stand in for the words of a list file: of each word only what it begins with."""
    result = _Vocabulary()
    words = lines.words if isinstance(lines, LineTable) else ()
    result.firsts.update(
        word[0].lower() for written in words for word in written.split(" ") if word
    )
    for line in lines.others.values() if isinstance(lines, LineTable) else lines:
        text = line.keyword.written.casefold()
        result.firsts |= {word[0] for word in text.split()} if text.isascii() else set(text)
    return result


def _parts(phrase: Phrase, language: str) -> _Parts:
    words: set[str] = set()
    stems: set[str] = set()
    found = found_by(phrase, language)
    bases = [*found.free, *(base for base, *_ in found.bound)]
    for base in bases:
        if isinstance(base, str):
            words.update(_pieces(base))
        elif base.pieces:
            stretches = [_pieces(stretch) for stretch in (base.key, *base.pieces)]
            words.update(chain.from_iterable(stretches))
            stems.update(stretch[-1] for stretch in stretches[:-1] if stretch)  # before a star
        else:
            words.update(base.key.split())
    return _Parts(frozenset(words), frozenset(stems), frozenset(_characters(phrase)))


def _characters(phrase: Phrase) -> Iterator[str]:
    """Give the characters of a phrase that holds some of scripts without edges."""
    further = phrase.forms if isinstance(phrase.forms, tuple) else ()
    for text in (*(word.text for word in phrase.words), *further):
        if HAS_OTHER_EDGES.search(text):
            yield from fold(text).scan.replace(" ", "")


def _pieces(text: str) -> list[str]:
    return "".join(c if c.isalnum() else " " for c in text).split()
