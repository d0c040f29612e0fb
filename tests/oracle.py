"""The oracle: a second tagger, written from ``docs/rules.md`` alone, too plain to be wrong.

It tries every keyword at every character of the text, and knows no automaton, no
tables of offsets and no work done beforehand. What words are made of (English forms,
Korean particles, the scripts, the ends of sentences) is data with tests of its own.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import chain, pairwise, takewhile
from typing import NamedTuple
from unicodedata import category, combining, decomposition, normalize

from ruletag.language.forms import plural_forms, spellings, verb_forms
from ruletag.language.korean import PARTICLE, begins_word, has_company
from ruletag.matching.tagger import Tagging
from ruletag.rules.model import Category, Entry, Keyword, ListReference, Phrase, RuleSet, Word
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
    """Evidence: its span, its keyword as written and, for a gap, the spans of its parts."""

    start: int
    end: int
    keyword: str
    parts: tuple[Span, ...]


@dataclass(frozen=True)
class Verdict:
    """What one tagged category gets; no score where only categories below it are tagged."""

    score: Fraction | None
    evidence: frozenset[Found]
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


@lru_cache  # for the sake of many texts for the same rules
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


# ------------------------------------------------------------------ one text


class Oracle:
    """One text and the lists that its rules may use."""

    def __init__(self, text: str, lists: Mapping[str, tuple[Entry, ...]]) -> None:
        self.text = text
        self.lists = lists
        self.sentences = Sentences(text)
        self.readings = {
            cased: [TextRead(text, chars) for chars in readings(text, cased=cased)]
            for cased in (False, True)
        }

    def phrase(self, phrase: Phrase, language: str) -> set[Span]:
        return {
            span
            for one in alternatives(phrase, language)
            for reading in self.readings[phrase.exact]
            for span in reading.spans(one)
        }

    def part(self, part: Phrase | ListReference, language: str) -> set[Span]:
        if isinstance(part, Phrase):
            return self.phrase(part, language)
        lines = [entry.keyword for entry in self.lists[part.name]]
        return set().union(*(self.part(line.parts[0], line.language) for line in lines))

    def places(self, keyword: Keyword, cancelled: set[Span]) -> Iterator[tuple[Span, ...]]:
        """Give every place of a keyword, as the spans of its parts."""
        parts = [
            sorted(s for s in self.part(part, keyword.language) if not overlaps(s, cancelled))
            for part in keyword.parts
        ]
        if len(parts) == 1:
            yield from ((span,) for span in parts[0])
            return
        taken: set[Span] = set()
        for last in sorted(parts[-1], key=lambda s: (s[0], -s[1])):
            chosen = [last]
            for spans in reversed(parts[:-1]):
                before = [s for s in spans if s[1] <= chosen[0][0]]
                chosen[:0] = sorted(before, key=lambda s: (s[1], s[0]))[-1:]
            whole = (chosen[0][0], last[1])
            if len(chosen) < len(parts) or overlaps(whole, taken):
                continue
            if all(self.may_pass(*gap) for gap in pairwise(chosen)):
                taken.add(whole)
                yield tuple(chosen)

    def may_pass(self, left: Span, right: Span) -> bool:
        """Say whether a gap may lie between the two parts."""
        inside = range(left[1], right[0])
        chars = [c for c in self.readings[False][0].chars if c.start in inside]
        between = "".join(c.text for c in chars)
        if self.sentences.ends_between(left[0], right[1]) or "--" in between:
            return False
        if "\n\n" in between.replace(" ", "") or any(self.opens(i) for i in inside):
            return False
        return (
            not any(map(ends_gap, between))
            and not self.has_comma(inside)
            and (words(between) <= MOST_BETWEEN)
        )

    def opens(self, i: int) -> bool:
        """Say whether an opening quotation mark stands here."""
        around = f" {self.text} "[i : i + 3]
        straight = around[1] in "\"'" and not around[2].isspace()
        return around[1] in OPENING or (straight and (around[0].isspace() or around[0] in "([{"))

    def has_comma(self, inside: range) -> bool:
        around = (f" {self.text} "[i : i + 3] for i in inside)
        return any(a[1] in ",，、" and not (a[0].isdecimal() and a[2].isdecimal()) for a in around)

    # -------------------------------------------------------------- categories

    def keyword_spans(self, keywords: Iterable[Keyword]) -> set[Span]:
        """Give where any of these phrases stands, lists written out."""
        return {
            (place[0][0], place[-1][1])
            for keyword in keywords
            for place in self.places(keyword, set())
        }

    def entries(self, owner: Category) -> Iterator[Entry]:
        """Give the entries of the category, each line of a list for itself."""
        for entry in owner.entries:
            part = entry.keyword.parts[0]
            if len(entry.keyword.parts) > 1 or isinstance(part, Phrase):
                yield entry
                continue
            for line in self.lists[part.name]:
                weight = entry.weight if line.weight is None else line.weight
                yield Entry(line.keyword, weight, line.excepts + entry.excepts)

    def judge(self, owner: Category) -> Verdict:
        kept: list[tuple[int, Found]] = []
        matches: list[tuple[int, int, Fraction, int, Found]] = []
        everywhere = self.keyword_spans(owner.excepts)
        weights = []
        for number, entry in enumerate(self.entries(owner)):
            weight = Fraction(1) if entry.weight is None else entry.weight
            weights.append(weight)
            cancelled = everywhere | self.keyword_spans(entry.excepts)
            for place in self.places(entry.keyword, cancelled):
                start, end = place[0][0], place[-1][1]
                if len(place) > 1:
                    kept.append((number, Found(start, end, entry.keyword.written, place)))
                else:
                    found = Found(start, end, entry.keyword.written, ())
                    matches.append((start - end, start, -weight, number, found))
        taken: set[Span] = set()
        for *_, number, found in sorted(matches):
            if not overlaps(found[:2], taken):
                taken.add(found[:2])
                kept.append((number, found))
        score = sum((weights[number] for number in {number for number, _ in kept}), Fraction())
        return Verdict(score, frozenset(found for _, found in kept), frozenset())


def overlaps(span: Span, others: Iterable[Span]) -> bool:
    return any(span[0] < end and start < span[1] for start, end in others)


def ends_gap(char: str) -> bool:
    bracket = category(char) in {"Ps", "Pe"} and char not in QUOTES
    return bracket or char in "<>:;—―–"


def words(between: str) -> int:
    count = 0
    for word in "".join(" " if c in " \n-/" else c for c in between).split():
        unspaced = sum(map(is_unspaced, word))
        count += (unspaced + 1) // 2
        count += any(c.isalnum() and not is_unspaced(c) for c in word)
    return count


def tag(rules: RuleSet, text: str) -> dict[str, Verdict]:
    """Give the tagged categories."""
    oracle = Oracle(text, {word_list.name: word_list.entries for word_list in rules.lists})
    verdicts = {}
    for owner in rules.categories:
        verdict = oracle.judge(owner)
        if verdict.score is not None and verdict.score >= owner.threshold and verdict.evidence:
            verdicts[owner.id] = verdict
    own = set(verdicts)
    for child in own:
        for n in range(child.count(".")):
            parent = ".".join(child.split(".")[: n + 1])
            below = frozenset(c for c in own if c.startswith(parent + "."))
            if parent not in own:
                verdicts[parent] = Verdict(None, frozenset(), below)
    return verdicts


def verdicts(tagging: Tagging) -> dict[str, Verdict]:
    """Put the answer of the matcher into the same words."""
    return {
        tagged.category: Verdict(
            None if tagged.score is None else Fraction(str(tagged.score)),
            frozenset(
                Found(one.start, one.end, one.keyword, tuple((p.start, p.end) for p in one.parts))
                for one in tagged.evidence
            ),
            frozenset(tagged.implied_by),
        )
        for tagged in tagging.tags
    }
