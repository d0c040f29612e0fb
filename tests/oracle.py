"""The oracle: a second tagger, written from ``docs/rules.md`` alone, too plain to be wrong.

It tries every keyword at every character of the text, and knows no automaton, no
tables of offsets and no work done beforehand. What words are made of (English forms,
Korean particles, the scripts, the ends of sentences) is data with tests of its own.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, lru_cache
from itertools import chain, combinations, product, takewhile
from typing import NamedTuple
from unicodedata import category, combining, decomposition, normalize

from ruletag.language.cues import CONTEXTS, CUES, Cue
from ruletag.language.forms import plural_forms, spellings, verb_forms
from ruletag.language.korean import PARTICLE, begins_word, has_company
from ruletag.matching.contexts import Contexts
from ruletag.matching.tagging import Tag, Tagging
from ruletag.problems import Location, ProblemLog
from ruletag.rules.keywords import KeywordReader
from ruletag.rules.model import (
    NO_CONDITION,
    Category,
    Condition,
    Entry,
    Keyword,
    Line,
    Phrase,
    Reference,
    RuleSet,
    Window,
    Word,
)
from ruletag.text.sentences import Sentences
from ruletag.text.words import in_word, is_hangul, is_katakana, is_unspaced

Span = tuple[int, int]

LINE_BREAKS = "\n\r\v\f\x85\u2028\u2029"
INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u2064\u2066-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff]"
)
PLAIN = {"'": "’`´ʼ", "‘": "‚", '"': "“”„«»", "-": "‐‑‒−", "/": "⁄∕"}
SIGNS = {typographic: plain for plain, signs in PLAIN.items() for typographic in signs}
OPENING = "“‘„‚«‹「『"
QUOTES = "「」『』" + OPENING
FULL_STOPS = (".", "。", "．", "｡")
BLANK_LINE = re.compile("(?>\r\n|[\n\r\x85\u2028\u2029])[ \t]*[\n\r\x85\u2028\u2029]")
MOST_IN_TITLE = 150
SEPARATOR = re.compile(r"[ \n\-/']+")
NO_LETTERS = ("<super>", "<circle>", "<fraction>")
MOST_BETWEEN = 5


class Char(NamedTuple):
    """A folded character, and the characters as sent that it stands for."""

    text: str
    start: int
    end: int


class Sought(NamedTuple):
    """A phrase as it is sought: the forms of each word and whether a `*` ends it."""

    words: tuple[tuple[tuple[str, ...], bool], ...]
    exact: bool


class Found(NamedTuple):
    """Evidence as it is reported.

    ``parts`` are those of a gap or of a block, each with whether it lies in the
    title. ``keyword`` is what its author wrote, or the place of the entry where
    several words are found together.
    """

    in_title: bool
    start: int
    end: int
    keyword: str
    parts: tuple[tuple[int, int, bool], ...]
    contexts: tuple[str, ...]
    counts: bool


@dataclass(frozen=True)
class Verdict:
    """What one tagged category gets; no score where only categories below it are tagged."""

    score: Fraction | None
    evidence: tuple[Found, ...]
    implied_by: frozenset[str]


# ------------------------------------------------------------------ what is alike


def is_alpha(char: str) -> bool:
    return is_letter(char) and not char.isdigit()


def is_letter(char: str) -> bool:
    return in_word(char) and not decomposition(char).startswith(NO_LETTERS)


def fold(cluster: str, *, cased: bool) -> str:
    """Fold a character and the marks upon it."""
    plain = "".join(c if keeps(c) else normalize("NFKC", c) for c in cluster)
    return normalize("NFC", plain if cased else plain.casefold())


def keeps(char: str) -> bool:
    """Say whether the character stays as it is."""
    plain = normalize("NFKC", char)
    if len(normalize("NFKC", plain.casefold())) > 4 or (plain[0] == " " and plain != " "):
        return True
    return char in SIGNS or decomposition(char).startswith(NO_LETTERS)


def clusters(text: str) -> Iterator[Char]:
    """Cut the text into stretches that fold independently of each other."""
    seen = [Char(c, i, i + 1) for i, c in enumerate(text) if not INVISIBLE.match(c)]
    while seen:
        first = seen.pop(0)
        while seen and belongs(first.text, seen[0].text):
            first = Char(first.text + seen[0].text, first.start, seen.pop(0).end)
        yield first


def belongs(cluster: str, char: str) -> bool:
    if cluster == "\r" and char == "\n":
        return True
    apart = fold(cluster, cased=True) + fold(char, cased=True)
    return combining(char) > 0 or fold(cluster + char, cased=True) != apart


def read(text: str, *, cased: bool = False) -> list[Char]:
    """Fold the whole text: each folded character with the stretch that it stands for."""
    chars = [
        Char(char, start, end)
        for cluster, start, end in clusters(text)
        for char in fold(shown(cluster), cased=cased)
    ]
    return [sign(chars, i) for i in range(len(chars))]


def shown(cluster: str) -> str:
    """Give what counts of a cluster: one line break, and no marks upon what is no letter."""
    alone = cluster == "\r\n" or decomposition(cluster[0]).startswith(NO_LETTERS)
    return cluster[0] if alone else cluster


def sign(chars: list[Char], i: int) -> Char:
    char, start, end = chars[i]
    if char == "–":
        beside = [c.text for c in chars[max(i - 1, 0) : i + 2]]
        return Char("–" if any(c.isspace() for c in beside) else "-", start, end)
    if char.isspace():
        return Char("\n" if char in LINE_BREAKS else " ", start, end)
    return Char(SIGNS.get(char, char), start, end)


def readings(text: str, *, cased: bool) -> Iterator[list[Char]]:
    """Read the text as it stands, and with the words joined that a line end breaks."""
    chars = read(text, cased=cased)
    yield chars
    breaks = [line_end(text, chars, i) for i in range(1, len(chars))]
    out = {i for cut in breaks if cut for i in range(*cut)}
    if out:
        yield [char for i, char in enumerate(chars) if i not in out]


def line_end(text: str, chars: list[Char], i: int) -> Span | None:
    """Give what to leave out where a hyphen and a line end break a word at *i*."""
    end = i
    while end < len(chars) and chars[end].text in "- \n":
        end += 1
    cut = "".join(char.text for char in chars[i:end]).replace(" ", "")
    hyphen = cut == "-\n" and chars[i].text == "-"
    soft = cut == "\n" and "\u00ad" in text[chars[i - 1].end : chars[i].start]
    beside = "".join(char.text for char in (chars[i - 1], *chars[end : end + 1]))
    broken = (hyphen or soft) and len(beside) > 1 and all(map(is_alpha, beside))
    return (i, end) if broken else None


# ------------------------------------------------------------------ keywords


@lru_cache(maxsize=10_000)  # for the sake of many texts for the same rules
def alternatives(phrase: Phrase, language: str) -> tuple[Sought, ...]:
    """Give the phrase as it is sought, once for each further form of the whole."""
    if not isinstance(phrase.forms, tuple):
        return (sought(phrase, language),)
    wholes = [phrase.words, *(tuple(map(Word, form.split())) for form in phrase.forms)]
    return tuple(sought(Phrase(words, phrase.exact, "none"), language) for words in wholes)


def sought(phrase: Phrase, language: str) -> Sought:
    """Give the forms of each word, cut where something may stand between."""
    words = [atoms(word.text, exact=phrase.exact) for word in phrase.words]
    spelled = phrase.forms != "none" and language == "en"
    verbs = [word.inflected for word in phrase.words]
    if phrase.forms == "verb" and not any(verbs):
        verbs[0] = True
    made = []
    for n, word in enumerate(phrase.words):
        for i, atom in enumerate(words[n]):
            last = i == len(words[n]) - 1
            forms = [atom]
            if spelled and not word.open:
                plural = last and n == len(words) - 1 and not any(verbs)
                forms = inflections(atom, verb=last and verbs[n], plural=plural)
            made.append((tuple(folded(form, phrase) for form in forms), last and word.open))
    return Sought(tuple(made), phrase.exact)


def folded(form: str, phrase: Phrase) -> str:
    return "".join(char.text for char in read(form, cased=phrase.exact))


def atoms(word: str, *, exact: bool) -> list[str]:
    """Cut a word of a keyword where a space, a hyphen or the like may stand."""
    whole = "".join(char.text for char in read(f" {word} ", cased=True)).strip()
    for i in reversed(range(1, len(whole))):
        if script_changes(whole[i - 1], whole[i]) and not exact:
            whole = f"{whole[:i]}-{whole[i:]}"
    return [atom for atom in whole.replace("/", "-").replace("'", "-").split("-") if atom]


def inflections(word: str, *, verb: bool, plural: bool) -> list[str]:
    make = verb_forms if verb else plural_forms if plural else spellings
    forms = chain.from_iterable(make(spelling) for spelling in spellings(word))
    return [recased(spelling, word) for form in forms for spelling in spellings(form)]


def recased(form: str, written: str) -> str:
    """Give a form the capitals of the word as written, as far as they have letters in common."""
    if len(written.lower()) != len(written):  # İ
        return written if form == written.lower() else form
    alike = takewhile(lambda pair: pair[0].lower() == pair[1], zip(written, form, strict=False))
    capitals = "".join(letter for letter, _ in alike)
    return capitals + form[len(capitals) :]


# ------------------------------------------------------------------ one phrase


class TextRead:
    """One reading of one text."""

    def __init__(self, text: str, chars: list[Char]) -> None:
        self.text = text
        self.sentences = Sentences(text)
        self.chars = chars
        self.plain = "".join(char.text for char in chars)
        self.kinds = [kind(char.text) for char in chars]

    def at(self, i: int) -> str:
        return self.kinds[i] if 0 <= i < len(self.kinds) else "edge"

    def spans(self, sought: Sought) -> Iterator[Span]:
        """Try the phrase at every position."""
        first = chain.from_iterable(map(without_dots, sought.words[0][0]))
        if not any(form in self.plain for form in first):
            return  # for the sake of speed alone
        keyword = "".join(forms[0] for forms, _ in sought.words)
        for start in range(len(self.chars)):
            for end in self.ends(start, sought):
                span = (self.chars[start].start, self.chars[end - 1].end)
                if self.is_word(start, end, keyword) and not self.sentence_ends(start, end):
                    yield span

    def sentence_ends(self, start: int, end: int) -> bool:
        """Say whether a sentence ends inside, other than behind a dot that was sought."""
        return any(
            self.sentences.ends_between(self.chars[i - 1].start, self.chars[i].end)
            and not self.plain[start:i].rstrip(" \n-/'").endswith(".")
            for i in range(start + 1, end)
        )

    def is_word(self, start: int, end: int, keyword: str) -> bool:
        """Say whether the edges are there that Hangul and katakana ask for."""
        if is_katakana(keyword):
            around = self.plain[max(start - 1, 0) : start] + self.plain[end : end + 1]
            return not any(map(is_katakana, around))
        if not is_hangul(keyword[0]):
            return True
        # The syllable belongs to both sides, so that a change of script beside it is seen.
        before = one_space(self.plain[:end].casefold())[:-1]
        after = one_space(self.plain[start:].casefold())
        company = has_company(before + after, len(before), len(before) + 1)
        return begins_word(self.plain, start) and (len(keyword) > 1 or company)

    def ends(self, start: int, sought: Sought) -> Iterator[int]:
        """Give every position where the phrase ends that begins at *start*."""
        (forms, is_open), *rest = sought.words
        for end in {end for form in forms for end in self.word_ends(start, form, is_open=is_open)}:
            if not rest:
                yield end
                continue
            for after in [end] if sought.exact else self.particle_ends(end):
                for following in self.separator_ends(after, optional=not sought.exact):
                    yield from self.ends(following, Sought(tuple(rest), sought.exact))

    def word_ends(self, start: int, form: str, *, is_open: bool) -> Iterator[int]:
        if self.at(start) == self.at(start - 1) == "spaced":
            return
        for spelled in without_dots(form):
            end = start + len(spelled)
            if self.plain[start:end] != spelled:
                continue
            while is_open and self.at(end) == self.at(end - 1) == "spaced":
                end += 1
            missed = spelled == form[:-1] and self.plain[end : end + 1] == "."
            if missed or self.at(end) == self.at(end - 1) == "spaced":
                continue
            as_sent = self.text[self.chars[start].start : self.chars[end - 1].end]
            if spelled == form or "." in spelled or not any(map(str.islower, as_sent)):
                yield end

    def particle_ends(self, end: int) -> Iterator[int]:
        yield end
        if self.at(end - 1) == "hangul":
            particles = PARTICLE.removeprefix("(?:").removesuffix(")").split("|")
            yield from (end + len(p) for p in particles if self.plain.startswith(p, end))

    def separator_ends(self, start: int, *, optional: bool) -> Iterator[int]:
        found = SEPARATOR.match(self.plain, start)
        if found and may_separate(found[0]):
            yield found.end()
        if not found and optional and {self.at(start - 1), self.at(start)} & {"hangul", "unspaced"}:
            yield start


def without_dots(form: str) -> Iterator[str]:
    """Give a form with its dots, without the last and without any that stands after a letter."""
    yield form
    if form.endswith(".") and form[-2:-1].isalpha():
        yield form[:-1]
    none = "".join(c for i, c in enumerate(form) if c != "." or not form[max(i - 1, 0)].isalpha())
    if none not in (form, form[:-1]):
        yield none


def kind(char: str) -> str:
    if not is_letter(char):
        return "edge"
    return "hangul" if is_hangul(char) else "unspaced" if is_unspaced(char) else "spaced"


def one_space(text: str) -> str:
    """Write one space for a change of script and for what may stand between two words."""
    for i in reversed(range(1, len(text))):
        if script_changes(text[i - 1], text[i]):
            text = f"{text[:i]} {text[i:]}"
    return SEPARATOR.sub(lambda found: " " if may_separate(found[0]) else found[0], text)


def script_changes(left: str, right: str) -> bool:
    kinds = {kind(left), kind(right)}
    return "spaced" in kinds and bool(kinds & {"hangul", "unspaced"})


def may_separate(between: str) -> bool:
    return between.count("\n") < 2 and between.count("-") + between.count("/") < 2


# ------------------------------------------------------------------ what stands in a text


class UndeterminedError(Exception):
    """The page leaves open which words are the parts, and the answer hangs on it."""


class Way(NamedTuple):
    """One way in which a hit is made up.

    ``parts`` are those of a gap, ``spans`` are what contexts are judged by: the parts
    of parts. ``contexts`` are those that it brings along: `capitals`, and those of a
    match of another category.
    """

    parts: tuple[Span, ...]
    spans: tuple[Span, ...]
    contexts: frozenset[str]


class Hit(NamedTuple):
    """A place where a line is found, in one way or several."""

    start: int
    end: int
    line: int
    keyword: str
    ways: frozenset[Way]
    competes: bool = False

    @property
    def span(self) -> Span:
        return (self.start, self.end)


class Finding(NamedTuple):
    """What an entry finds in one place: one hit or several, chosen in one way or several."""

    span: Span
    choices: tuple[tuple[Hit, ...], ...]
    is_single: bool


class Evidence(NamedTuple):
    """A finding that is reported, in every way that it can be."""

    entry: int
    weight: Fraction
    counts: bool
    choices: tuple[Found, ...]
    places: frozenset[Span]
    ways: frozenset[Way]

    @property
    def place(self) -> Span:
        """Give where it stands in title and text, read as one."""
        if len(self.places) > 1:
            raise UndeterminedError
        return next(iter(self.places))


class Document:
    """A title and a text, read as one; what stands where in it."""

    def __init__(self, text: str, title: str) -> None:
        self.text = f"{title}\n\n{text}" if title else text
        self.sent_title = len(title)
        self.shift = len(title) + 2 if title else 0
        self.sentences = Sentences(self.text)
        self.known: dict[tuple[Phrase, str], set[Span]] = {}
        self.readings = {
            cased: [TextRead(self.text, chars) for chars in readings(self.text, cased=cased)]
            for cased in (False, True)
        }

    def phrase(self, phrase: Phrase, language: str) -> set[Span]:
        key = (phrase, language)
        if key not in self.known:
            spans = {
                span
                for one in alternatives(phrase, language)
                for reading in self.readings[phrase.exact]
                for span in reading.spans(one)
            }
            # Of forms that begin together only the longest is found.
            self.known[key] = {
                span for span in spans if not any(s[0] == span[0] and s[1] > span[1] for s in spans)
            }
        return self.known[key]

    # ------------------------------------------------------------------ places

    @cached_property
    def title(self) -> Span:
        """Give where the title stands: the one sent, else a first line that may be one."""
        if self.sent_title:
            return (0, self.sent_title)
        start = len(self.text) - len(self.text.lstrip())
        line = self.text[start:].splitlines()[0] if self.text[start:] else ""
        end = start + len(line)
        is_title = len(line) <= MOST_IN_TITLE and not line.rstrip().endswith(FULL_STOPS)
        return (start, end) if is_title and self.is_blank_line(end) else (start, start)

    def is_blank_line(self, i: int) -> bool:
        """Say whether the line ends here, and nothing stands on the next."""
        return BLANK_LINE.match(self.text, i) is not None

    def is_in_title(self, span: Span) -> bool:
        return self.title[0] <= span[0] and span[1] <= self.title[1]

    def between(self, start: int, end: int) -> str:
        """Give what stands between, folded."""
        chars = self.readings[False][0].chars
        return "".join(char.text for char in chars if start <= char.start < end)

    def is_in_capitals(self, span: Span) -> bool:
        """Say whether the line, or the lines, have no small letters."""
        before = re.split(f"[{LINE_BREAKS}]", self.text[: span[0]])[-1]
        behind = re.split(f"[{LINE_BREAKS}]", self.text[span[1] :])[0]
        line = before + self.text[slice(*span)] + behind
        return "".join(char.text for char in read(line, cased=True)).isupper()

    # ------------------------------------------------------------------ windows

    def fits(self, window: Window, hits: Iterable[Hit]) -> bool:
        """Say whether the hits stand together in such a window."""
        ordered = sorted(hits)
        first, last = ordered[0], ordered[-1]
        passed = range(first.start, last.start)
        sentences = sum(first.start < end <= last.start for end in self.sentences.boundaries())
        match window.unit:
            case "document":
                return True
            case "paragraph":
                return not any(map(self.is_blank_line, passed))
            case "sentences":
                return sentences < window.count
            case "words":
                few = words(self.between(first.end, last.start)) <= window.count
                return not sentences and few
        return not sentences and not self.ends_gap(passed, across=False)

    def ends_gap(self, inside: range, *, across: bool) -> bool:
        """Say whether one of the signs that end a gap stands here, a sentence end apart."""
        between = self.between(inside.start, inside.stop)
        if any(map(self.is_blank_line, inside)) or any(map(self.opens, inside)):
            return True
        if any(map(is_bracket, between)) or ":" in between:
            return True
        if across:
            return False
        return "--" in between or any(c in ";—―–" for c in between) or self.has_comma(inside)

    def may_pass(self, left: Span, right: Span, *, across: bool) -> bool:
        """Say whether a gap may lie between the two parts."""
        if self.sentences.ends_between(left[0], right[1]):
            return False
        few = words(self.between(left[1], right[0])) <= MOST_BETWEEN
        return few and not self.ends_gap(range(left[1], right[0]), across=across)

    def opens(self, i: int) -> bool:
        """Say whether an opening quotation mark stands here."""
        around = f" {self.text} "[i : i + 3]
        straight = around[1] in "\"'" and not around[2].isspace()
        return around[1] in OPENING or (straight and (around[0].isspace() or around[0] in "([{"))

    def has_comma(self, inside: range) -> bool:
        around = (f" {self.text} "[i : i + 3] for i in inside)
        return any(a[1] in ",，、" and not (a[0].isdecimal() and a[2].isdecimal()) for a in around)


def is_bracket(char: str) -> bool:
    return char in "<>" or (category(char) in {"Ps", "Pe"} and char not in QUOTES)


def words(between: str) -> int:
    count = 0
    for word in "".join(" " if c in " \n-/–—―" else c for c in between).split():
        unspaced = sum(map(is_unspaced, word))
        count += (unspaced + 1) // 2
        count += any(c.isalnum() and not is_unspaced(c) for c in word)
    return count


def overlap(one: Span, other: Span) -> bool:
    return one[0] < other[1] and other[0] < one[1]


def overlaps(span: Span, others: Iterable[Span]) -> bool:
    return any(overlap(span, other) for other in others)


# ------------------------------------------------------------------ rules


class Oracle:
    """One document and all rules."""

    def __init__(self, rules: RuleSet, text: str, title: str) -> None:
        self.document = Document(text, title)
        self.lists = {word_list.name: word_list.lines for word_list in rules.lists}
        self.categories = [owner for owner in rules.categories if owner.status != "off"]
        self.cues = (*built_in_cues(), *own_cues(rules))
        self.known: dict[str, tuple[Evidence, ...]] = {}

    @cached_property
    def contexts(self) -> Contexts:
        hits = [
            (*span, cue)
            for cue, phrase in self.cues
            for span in self.document.phrase(phrase, cue.language)
        ]
        return Contexts(self.document.text, self.document.sentences, hits)

    # ------------------------------------------------------------------ lines

    def lines(self, line: Line) -> Iterator[Line]:
        """Give the line, or each line of the list that it stands for."""
        reference = line.keyword.parts[0]
        is_list = len(line.keyword.parts) == 1 and isinstance(reference, Reference)
        if not (is_list and isinstance(reference, Reference) and reference.name in self.lists):
            yield line
            return
        for inner in self.lists[reference.name]:
            weight = line.weight if inner.weight is None else inner.weight
            yield from self.lines(Line(inner.keyword, inner.excepts + line.excepts, (), weight))

    def group(
        self,
        lines: Iterable[Line],
        owner: Category,
        cancelled: Iterable[Span] = (),
        *,
        across: bool = False,
    ) -> list[Hit]:
        """Give where any of these lines is found, each line of a list for itself."""
        each = enumerate(inner for line in lines for inner in self.lines(line))
        return [
            hit
            for number, line in each
            for hit in self.hits(number, line, owner, {*cancelled}, across=across)
        ]

    def hits(
        self, number: int, line: Line, owner: Category, cancelled: set[Span], *, across: bool
    ) -> Iterator[Hit]:
        """Give where one line is found that stands for no list."""
        keyword = line.keyword
        cancelled = cancelled | {hit.span for hit in self.group(line.excepts, owner)}
        first, *others = keyword.parts
        if isinstance(first, Reference) and not others:
            matches = {(one.place, one.ways) for one in self.counted_matches(first.name, owner)}
            for span, ways in matches:
                for left in uncancelled({span: {*ways}}, cancelled).values():
                    yield Hit(*span, number, keyword.written, frozenset(left))
            return
        parts = [
            uncancelled(self.part(part, keyword.language, owner), cancelled)
            for part in keyword.parts
        ]
        if not others:
            for span, left in parts[0].items():
                yield Hit(*span, number, keyword.written, frozenset(left), competes=True)
            return
        for place in self.places([list(part) for part in parts], across=across):
            chosen = product(*(part[span] for part, span in zip(parts, place, strict=True)))
            whole = frozenset(together(place, several) for several in chosen)
            yield Hit(place[0][0], place[-1][1], number, keyword.written, whole)

    def part(
        self, part: Phrase | Reference, language: str, owner: Category
    ) -> dict[Span, set[Way]]:
        """Give where a part of a keyword is found, and in which ways."""
        found: dict[Span, set[Way]] = defaultdict(set)
        if isinstance(part, Phrase):
            for span in self.document.phrase(part, language):
                in_capitals = part.exact and self.document.is_in_capitals(span)
                contexts = frozenset({"capitals"} if in_capitals else ())
                found[span].add(Way((), (span,), contexts))
        elif part.name in self.lists:
            for hit in self.group(self.lists[part.name], owner):
                found[hit.span] |= hit.ways
        else:
            for one in self.counted_matches(part.name, owner):
                found[one.place] |= one.ways
        return found

    def counted_matches(self, name: str, reader: Category) -> Iterator[Evidence]:
        """Give what counts of a category and of those below it."""
        for owner in self.categories:
            if not f"{owner.id}.".startswith(f"{name}."):
                continue
            if owner.status != "draft" or reader.status == "draft":
                yield from (one for one in self.judge(owner) if one.counts)

    def places(self, parts: Sequence[list[Span]], *, across: bool) -> Iterator[tuple[Span, ...]]:
        """Give every place of a gap, as the spans of its parts."""
        taken: set[Span] = set()
        for last in sorted(parts[-1], key=lambda s: (s[0], -s[1])):
            chains = self.chains(parts[:-1], last, across=across)
            place = max(chains, key=lambda c: [(s[1], s[0]) for s in reversed(c)], default=())
            whole = (place[0][0], last[1]) if place else last
            if place and not overlaps(whole, taken):
                taken.add(whole)
                yield place

    def chains(
        self, parts: Sequence[list[Span]], last: Span, *, across: bool
    ) -> Iterator[tuple[Span, ...]]:
        """Give all ways in which the parts may stand before the last one."""
        if not parts:
            yield (last,)
            return
        for span in parts[-1]:
            if span[1] <= last[0] and self.document.may_pass(span, last, across=across):
                before = self.chains(parts[:-1], span, across=across)
                yield from ((*spans, last) for spans in before)

    # ------------------------------------------------------------------ entries

    def entries(self, owner: Category) -> Iterator[tuple[Entry, Fraction]]:
        """Give the entries with their weights, each line of a bare list for itself."""
        for entry in owner.entries:
            weight = Fraction(1) if entry.weight is None else entry.weight
            if entry.is_block or entry.condition != NO_CONDITION:
                yield entry, weight
                continue
            for line in self.lines(entry.groups[0][0]):
                own = weight if line.weight is None else line.weight
                yield Entry(entry.location, ((line,),)), own

    def findings(self, entry: Entry, owner: Category, cancelled: Iterable[Span]) -> list[Finding]:
        condition = entry.condition
        groups = [
            [
                hit
                for hit in self.group(lines, owner, cancelled, across=condition.across_clauses)
                if not condition.in_title or self.document.is_in_title(hit.span)
            ]
            for lines in entry.groups
        ]
        company = self.group(condition.company, owner)
        disturbing = self.group(condition.none, owner)

        def accepts(hits: Sequence[Hit]) -> bool:
            near = condition.near
            beside = [hit for hit in company if are_apart_from(hit, hits)]
            return (
                not condition.company or any(self.document.fits(near, (*hits, o)) for o in beside)
            ) and not any(
                not are_apart_from(hit, hits) or self.document.fits(near, (*hits, hit))
                for hit in disturbing
            )

        if len(groups) > 1:
            return self.smallest(product(*groups), condition, accepts)
        single = [hit for hit in groups[0] if accepts([hit])]
        count = max(condition.at_least, condition.times)
        if count == 1:
            return list(each_for_itself(single))
        kept = settled(single)
        findings = self.counted(kept, count, condition)
        everywhere = [hit for hit in single if any(hit.span == other.span for other in kept)]
        others = self.counted(everywhere, count, condition)
        if [one.span for one in findings] != [one.span for one in others]:
            raise UndeterminedError  # which of several lines was found in one place
        return others

    def counted(self, hits: list[Hit], count: int, condition: Condition) -> list[Finding]:
        """Give so many hits together in a window, of different lines where that is asked."""
        several = [
            chosen
            for chosen in combinations(sorted(hits), count)
            if condition.times > 1 or len({hit.line for hit in chosen}) == count
        ]
        return self.smallest(several, condition, lambda _: True)

    def smallest(
        self,
        several: Iterable[tuple[Hit, ...]],
        condition: Condition,
        accepts: Callable[[Sequence[Hit]], bool],
    ) -> list[Finding]:
        """Give, of all that stand together in a window, the smallest, one a window.

        Of those that end with the same match only the smallest are looked at.
        """
        smallest: dict[tuple[int, Hit], list[tuple[Hit, ...]]] = defaultdict(list)
        for hits in several:
            in_order = sorted(hits) == [*hits] or not condition.in_order
            if in_order and are_apart(*hits) and self.document.fits(condition.within, hits):
                last = max(range(len(hits)), key=lambda i: hits[i].end)
                smallest[last, hits[last]].append(hits)
        covers: dict[Span, list[list[tuple[Hit, ...]]]] = defaultdict(list)
        for choices in smallest.values():
            start = max(min(hits).start for hits in choices)
            looked_at = [tuple(sorted(hits)) for hits in choices if min(hits).start == start]
            covers[cover(looked_at[0])].append(looked_at)
        taken: list[Finding] = []
        for span in sorted(covers, key=lambda s: (s[1] - s[0], s[0])):
            every = [hits for looked_at in covers[span] for hits in looked_at]
            if any(self.is_in_the_way(one, every, condition.within) for one in taken):
                continue
            if any(is_open({accepts(hits) for hits in looked_at}) for looked_at in covers[span]):
                raise UndeterminedError
            accepted = tuple(hits for hits in every if accepts(hits))
            if accepted:
                taken.append(Finding(span, accepted, is_single=False))
        return taken

    def is_in_the_way(
        self, taken: Finding, choices: Iterable[tuple[Hit, ...]], window: Window
    ) -> bool:
        """Say whether both overlap, or would fit into one window."""
        answers = {
            overlap(taken.span, cover(hits)) or self.document.fits(window, (*one, *hits))
            for one in taken.choices
            for hits in choices
        }
        if is_open(answers):
            raise UndeterminedError
        return True in answers

    # ------------------------------------------------------------------ categories

    def judge(self, owner: Category) -> tuple[Evidence, ...]:
        """Give the evidence of a category; none where it is vetoed."""
        if owner.id not in self.known:
            vetoed = any(self.findings(entry, owner, ()) for entry in owner.unless)
            self.known[owner.id] = () if vetoed else tuple(self.evidence(owner))
        return self.known[owner.id]

    def evidence(self, owner: Category) -> Iterator[Evidence]:
        cancelled = {hit.span for hit in self.group(owner.excepts, owner)}
        competing = []
        for number, (entry, weight) in enumerate(self.entries(owner)):
            for finding in self.findings(entry, owner, cancelled):
                reported = self.reported(number, (entry, weight), finding, owner)
                hit = finding.choices[0][0]
                if finding.is_single and hit.competes:
                    start, end = finding.span
                    rank = (start - end, start, -weight, number, hit.line)
                    competing.append((rank, finding.span, reported))
                else:
                    yield reported
        taken: set[Span] = set()
        for _, span, reported in sorted(competing, key=lambda one: one[0]):
            if not overlaps(span, taken):
                taken.add(span)
                yield reported

    def reported(
        self, number: int, weighed: tuple[Entry, Fraction], finding: Finding, owner: Category
    ) -> Evidence:
        entry, weight = weighed
        place = f"{entry.location.line}:{entry.location.column}"
        language = entry.groups[0][0].keyword.language
        choices: list[Found] = []
        places: set[Span] = set()
        ways: set[Way] = set()
        for hits in finding.choices:
            keyword = hits[0].keyword if finding.is_single else place
            for way in finding_ways(hits, is_single=finding.is_single):
                span = self.stretch(way.parts or (finding.span,))
                contexts = self.contexts_of(way, language)
                counts = owner.ignore.isdisjoint(contexts)
                sent = tuple(self.sent(part) for part in way.parts)
                start, end, in_title = self.sent(span)
                places.add(span)
                ways.add(way._replace(contexts=frozenset(contexts)))
                choices.append(Found(in_title, start, end, keyword, sent, contexts, counts))
        counting = {choice.counts for choice in choices}
        if len(counting) > 1:
            raise UndeterminedError
        return Evidence(
            number, weight, counting.pop(), tuple(choices), frozenset(places), frozenset(ways)
        )

    def stretch(self, parts: Sequence[Span]) -> Span:
        """Give the stretch of the parts, or of those in the text if some are there."""
        inside = [part for part in parts if part[0] >= self.document.shift]
        chosen = inside or parts
        return (chosen[0][0], max(end for _, end in chosen))

    def sent(self, span: Span) -> tuple[int, int, bool]:
        """Give a place in the title or the text as sent."""
        start, end = span
        shift = self.document.shift
        return (start, end, True) if start < shift else (start - shift, end - shift, False)

    def contexts_of(self, way: Way, language: str) -> tuple[str, ...]:
        found = {*self.contexts.of(way.spans, language)} | way.contexts
        return tuple(context for context in CONTEXTS if context in found)


def finding_ways(hits: Sequence[Hit], *, is_single: bool) -> Iterator[Way]:
    """Give the ways in which hits are what an entry finds."""
    if is_single:
        yield from hits[0].ways
        return
    parts = tuple(hit.span for hit in hits)
    yield from (together(parts, ways) for ways in product(*(hit.ways for hit in hits)))


def together(parts: tuple[Span, ...], ways: Sequence[Way]) -> Way:
    """Give the way in which several make up a whole with these parts."""
    spans = sorted(chain.from_iterable(way.spans for way in ways))
    return Way(parts, tuple(spans), frozenset().union(*(way.contexts for way in ways)))


def uncancelled(found: Mapping[Span, set[Way]], cancelled: set[Span]) -> dict[Span, set[Way]]:
    """Leave out what an exception overlaps; of several parts none may be overlapped."""
    left = {
        span: {w for w in ways if not any(overlaps(s, cancelled) for s in w.parts or [span])}
        for span, ways in found.items()
    }
    return {span: ways for span, ways in left.items() if ways}


def is_open(answers: set[bool]) -> bool:
    """Say whether the answer hangs on which words are chosen."""
    return len(answers) > 1


def cover(hits: Iterable[Hit]) -> Span:
    starts, ends = zip(*(hit.span for hit in hits), strict=True)
    return (min(starts), max(ends))


def are_apart(*hits: Hit) -> bool:
    return not any(overlap(one.span, other.span) for one, other in combinations(hits, 2))


def settled(hits: Iterable[Hit]) -> list[Hit]:
    """Let the longest of overlapping hits win, then the left-most, then the first line."""
    kept: list[Hit] = []
    for hit in sorted(hits, key=lambda h: (h.start - h.end, h.start, h.line)):
        if are_apart_from(hit, kept):
            kept.append(hit)
    return sorted(kept)


def each_for_itself(hits: Iterable[Hit]) -> Iterator[Finding]:
    """Give each hit; those of one place that compete are one, whichever line found it."""
    places: dict[Span, list[tuple[Hit, ...]]] = defaultdict(list)
    for hit in hits:
        if hit.competes:
            places[hit.span].append((hit,))
        else:
            yield Finding(hit.span, ((hit,),), is_single=True)
    for span, choices in places.items():
        yield Finding(span, tuple(choices), is_single=True)


def are_apart_from(hit: Hit, others: Iterable[Hit]) -> bool:
    return not overlaps(hit.span, (other.span for other in others))


# ------------------------------------------------------------------ cues


def own_cues(rules: RuleSet) -> Iterator[tuple[Cue, Phrase]]:
    for line in rules.cues:
        keyword = line.keyword
        cue = Cue(keyword.written, line.context, line.role, line.reach, keyword.language)
        yield cue, only_phrase(keyword)


@lru_cache
def built_in_cues() -> tuple[tuple[Cue, Phrase], ...]:
    return tuple(read_cues())


def read_cues() -> Iterator[tuple[Cue, Phrase]]:
    place = Location("cues", 1, 1)
    for cue in CUES:
        keyword = KeywordReader(cue.language, ProblemLog()).read(cue.keyword, place)
        assert keyword is not None, cue
        yield cue, only_phrase(keyword)


def only_phrase(keyword: Keyword) -> Phrase:
    (phrase,) = keyword.parts
    assert isinstance(phrase, Phrase), keyword
    return phrase


# ------------------------------------------------------------------ answers

Answer = dict[str, Verdict]
DRAFT = " (draft)"


def tag(rules: RuleSet, text: str, title: str = "", given: Mapping[str, Verdict] = {}) -> Answer:
    """Give the tagged categories, drafts with a word behind their id.

    Where several words may be the parts of one piece of evidence, those are chosen
    that another tagger has ``given``, if the page allows them.
    """
    oracle = Oracle(rules, text, title)
    own: Answer = {}
    for owner in oracle.categories:
        evidence = oracle.judge(owner)
        counting = {one.entry: one.weight for one in evidence if one.counts}
        score = sum(counting.values(), Fraction())
        if counting and score >= owner.threshold:
            id_ = owner.id + (DRAFT if owner.status == "draft" else "")
            also = given[id_].evidence if id_ in given else ()
            found = tuple(sorted(chosen(one, also) for one in evidence))
            own[id_] = Verdict(score, found, frozenset())
    return own | implied(own)


def chosen(evidence: Evidence, given: Iterable[Found]) -> Found:
    return min({*evidence.choices} & {*given} or evidence.choices)


def implied(own: Answer) -> Answer:
    """Give the categories above those that are tagged."""
    below: dict[str, set[str]] = defaultdict(set)
    for child in own:
        id_, draft, _ = child.partition(DRAFT)
        for n in range(id_.count(".")):
            below[".".join(id_.split(".")[: n + 1]) + draft].add(id_)
    return {
        parent: Verdict(None, (), frozenset(children))
        for parent, children in below.items()
        if parent not in own
    }


def verdicts(tagging: Tagging) -> Answer:
    """Put the answer of the matcher into the same words."""
    tags = {tagged.category: verdict(tagged) for tagged in tagging.tags}
    return tags | {tagged.category + DRAFT: verdict(tagged) for tagged in tagging.drafts}


def verdict(tagged: Tag) -> Verdict:
    found = (
        Found(
            one.in_title,
            one.start,
            one.end,
            one.source.split(":", 1)[1] if " + " in one.keyword else one.keyword,
            tuple((part.start, part.end, part.in_title) for part in one.parts),
            one.contexts,
            one.counts,
        )
        for one in tagged.evidence
    )
    score = None if tagged.score is None else Fraction(str(tagged.score))
    return Verdict(score, tuple(sorted(found)), frozenset(tagged.implied_by))
