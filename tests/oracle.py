"""The oracle: a second tagger, written from ``docs/rules.md`` alone, too plain to be wrong.

It tries every keyword at every character of the text, and knows no automaton, no
tables of offsets and no work done beforehand. What words are made of (English forms,
Korean particles, the scripts, the ends of sentences) is data with tests of its own.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain, combinations
from typing import NamedTuple
from unicodedata import category, combining, decomposition, normalize

from ruletag.language.forms import plural_forms, spellings, verb_forms
from ruletag.language.korean import PARTICLE, begins_word, has_company
from ruletag.rules.model import Category, Entry, Keyword, ListReference, Phrase, RuleSet
from ruletag.text.sentences import Sentences
from ruletag.text.words import in_word, is_hangul, is_katakana, is_unspaced

Span = tuple[int, int]
Pieces = tuple[tuple[tuple[str, ...], bool], ...]  # the forms of each word, and whether `*` ends it

LINE_BREAKS = "\n\r\v\f\x85\u2028\u2029"
INVISIBLE = "\u00ad\u200b\u200c\u200d\u200e\u200f\u2060\ufeff" + "".join(map(chr, range(0xFE00, 0xFE10)))
SIGNS = {"“": '"', "”": '"', "„": '"', "’": "'", "‘": "'", "‚": "'", "‐": "-", "‑": "-"}  # noqa: RUF001
OPENING = "“‘„‚«‹「『"  # noqa: RUF001
QUOTES = "「」『』" + OPENING
NO_LETTERS = ("<super>", "<circle>", "<fraction>")
MOST_BETWEEN = 5


class Char(NamedTuple):
    """A folded character, and the characters as sent that it stands for."""

    text: str
    start: int
    end: int


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


def is_letter(char: str) -> bool:
    return in_word(char) and not decomposition(char).startswith(NO_LETTERS)


def fold(cluster: str, *, cased: bool) -> str:
    """Fold a character and the marks upon it."""
    plain = "".join(c if keeps(c) else normalize("NFKC", c) for c in cluster)
    plain = plain.replace("ß", "ss") if cased else plain.casefold()
    return normalize("NFC", plain)


def keeps(char: str) -> bool:
    long = len(normalize("NFKC", normalize("NFKC", char).casefold())) > 4
    return long or decomposition(char).startswith(NO_LETTERS)


def clusters(text: str) -> Iterator[Char]:
    """Cut the text into stretches that fold independently of each other."""
    seen = [Char(c, i, i + 1) for i, c in enumerate(text) if c not in INVISIBLE]
    while seen:
        first = seen.pop(0)
        while seen and belongs(first.text, seen[0].text):
            first = Char(first.text + seen[0].text, first.start, seen.pop(0).end)
        yield first


def belongs(cluster: str, char: str) -> bool:
    if cluster == "\r" and char == "\n":
        return True
    apart = fold(cluster, cased=True) + fold(char, cased=True)
    return combining(normalize("NFKD", char)[0]) > 0 or fold(cluster + char, cased=True) != apart


def read(text: str, *, cased: bool = False) -> list[Char]:
    """Fold the whole text: each folded character with the stretch that it stands for."""
    chars: list[Char] = []
    for cluster, start, end in clusters(text):
        folded = fold(cluster, cased=cased)
        if cluster[0] in LINE_BREAKS:
            chars.append(Char("\n", start, end))
        elif len(cluster) > 1 and folded == "".join(fold(c, cased=cased) for c in cluster):
            places = [i for i in range(start, end) if text[i] not in INVISIBLE]
            chars += [Char(f, i, i + 1) for i in places for f in fold(text[i], cased=cased)]
        else:
            chars += [Char(f, start, end) for f in folded]
    return [sign(chars, i) for i in range(len(chars))]


def sign(chars: list[Char], i: int) -> Char:
    char, start, end = chars[i]
    if char == "–":  # noqa: RUF001
        beside = [c.text for c in chars[max(i - 1, 0) : i + 2]]
        return Char("–" if any(c.isspace() for c in beside) else "-", start, end)  # noqa: RUF001
    if char.isspace():
        return Char("\n" if char in LINE_BREAKS else " ", start, end)
    return Char(SIGNS.get(char, char), start, end)


def readings(text: str, *, cased: bool) -> Iterator[list[Char]]:
    """Read the text with each of its words that a line end breaks as one word and as two."""
    chars = read(text, cased=cased)
    breaks = [cut for i in range(1, len(chars)) if (cut := line_end(chars, i)) is not None]
    for joined in chain.from_iterable(combinations(breaks, n) for n in range(len(breaks) + 1)):
        out = set(chain.from_iterable(range(*cut) for cut in joined))
        yield [char for i, char in enumerate(chars) if i not in out]


def line_end(chars: list[Char], i: int) -> Span | None:
    if chars[i].text != "-" or not is_letter(chars[i - 1].text):
        return None
    end = i + 1
    while end < len(chars) and chars[end].text in " \n":
        end += 1
    one_break = [c.text for c in chars[i:end]].count("\n") == 1
    return (i, end) if one_break and end < len(chars) and is_letter(chars[end].text) else None


# ------------------------------------------------------------------ keywords


def alternatives(phrase: Phrase, language: str) -> Iterator[Pieces]:
    """Give the phrase as it is sought, once for each further form of the whole."""
    if isinstance(phrase.forms, tuple):
        yield pieces(Phrase(phrase.words, phrase.exact, "none"), language)
        for form in phrase.forms:
            yield tuple(((atom,), False) for word in form.split() for atom in atoms(word, phrase))
    else:
        yield pieces(phrase, language)


def atoms(word: str, phrase: Phrase) -> list[str]:
    """Cut a word of a keyword where a hyphen, a slash or an apostrophe may stand."""
    folded = "".join(char.text for char in read(word, cased=phrase.exact))
    return folded.replace("/", "-").replace("'", "-").strip("-").split("-")


def pieces(phrase: Phrase, language: str) -> Pieces:
    flat = [
        (atom, word.inflected and i == n - 1, word.open and i == n - 1)
        for word in phrase.words
        for n in [len(atoms(word.text, phrase))]
        for i, atom in enumerate(atoms(word.text, phrase))
        if atom
    ]
    has_plural = phrase.forms == "plural" or not any(inflected for _, inflected, _ in flat)
    has_forms = language == "en" and phrase.forms != "none"
    made = []
    for i, (atom, inflected, is_open) in enumerate(flat):
        last = i == len(flat) - 1
        forms = [atom]
        if has_forms and not is_open:
            verb = inflected or (last and phrase.forms == "verb")
            plural = last and has_plural and not verb
            forms = [recased(form, atom) for form in inflections(atom, verb=verb, plural=plural)]
        made.append((tuple(dict.fromkeys(forms)), is_open))
    return tuple(made)


def inflections(word: str, *, verb: bool, plural: bool) -> list[str]:
    make = verb_forms if verb else plural_forms if plural else spellings
    forms = chain.from_iterable(make(spelling) for spelling in spellings(word))
    return [spelling for form in forms for spelling in spellings(form)]


def recased(form: str, written: str) -> str:
    """Give a form the capitals of the word as written, as far as they have letters in common."""
    n = next((i for i, (a, b) in enumerate(zip(form, written.lower(), strict=False)) if a != b), 99)
    n = min(n, len(form), len(written))
    return written[:n] + form[n:]


# ------------------------------------------------------------------ one phrase


class Sought:
    """One reading of one text."""

    def __init__(self, text: str, chars: list[Char]) -> None:
        self.text = text
        self.sentences = Sentences(text)
        self.chars = chars
        self.plain = "".join(char.text for char in chars)
        self.kinds = [kind(char.text) for char in chars]

    def at(self, i: int) -> str:
        return self.kinds[i] if 0 <= i < len(self.kinds) else "edge"

    def spans(self, sought: Pieces) -> Iterator[Span]:
        """Try the phrase at every position."""
        keyword = "".join(forms[0] for forms, _ in sought)
        for start in range(len(self.chars)):
            for end in self.ends(start, sought):
                span = (self.chars[start].start, self.chars[end - 1].end)
                if self.is_word(start, end, keyword) and not self.sentence_ends(start, end):
                    yield span

    def sentence_ends(self, start: int, end: int) -> bool:
        """Say whether a sentence ends inside, other than behind a dot that was sought."""
        inner = self.chars[start:end]
        return any(
            self.sentences.ends_between(left.start, right.end) and left.text != "."
            for left, right in zip(inner, inner[1:], strict=False)
        )

    def is_word(self, start: int, end: int, keyword: str) -> bool:
        """Say whether the edges are there that Hangul and katakana ask for."""
        if is_katakana(keyword):
            around = self.plain[max(start - 1, 0) : start] + self.plain[end : end + 1]
            return not any(map(is_katakana, around))
        if not is_hangul(keyword[0]):
            return True
        before, after = (one_space(s) for s in (self.plain[:start], self.plain[end:]))
        company = has_company(before + keyword + after, len(before), len(before + keyword))
        return begins_word(self.plain, start) and (len(keyword) > 1 or company)

    def ends(self, start: int, sought: Pieces) -> Iterator[int]:
        """Give every position where the phrase ends that begins at *start*."""
        (forms, is_open), *rest = sought
        for end in {end for form in forms for end in self.word_ends(start, form, is_open=is_open)}:
            if not rest:
                yield end
                continue
            for after in self.particle_ends(end):
                for following in self.separator_ends(after):
                    yield from self.ends(following, tuple(rest))

    def word_ends(self, start: int, form: str, *, is_open: bool) -> Iterator[int]:
        if self.at(start) == self.at(start - 1) == "spaced":
            return
        for end, without_dot in self.spelled(start, form):
            stop = end
            while is_open and self.at(stop) == self.at(stop - 1) != "unspaced":
                stop += 1
            if self.at(stop) == self.at(stop - 1) == "spaced":
                continue
            as_sent = self.text[self.chars[start].start : self.chars[stop - 1].end]
            if not (without_dot and any(c.islower() for c in as_sent)):
                yield stop

    def spelled(self, i: int, form: str, before: str = "") -> Iterator[tuple[int, bool]]:
        """Match letter by letter; a dot after a letter may be missing."""
        if not form:
            yield i, False
            return
        if self.plain[i : i + 1] == form[0]:
            yield from self.spelled(i + 1, form[1:], form[0])
        if form[0] == "." and before.isalpha():
            for end, _ in self.spelled(i, form[1:], form[0]):
                yield end, True

    def particle_ends(self, end: int) -> Iterator[int]:
        yield end
        if self.at(end - 1) == "hangul":
            particles = PARTICLE.removeprefix("(?:").removesuffix(")").split("|")
            yield from (end + len(p) for p in particles if self.plain.startswith(p, end))

    def separator_ends(self, start: int) -> Iterator[int]:
        end = start
        while self.plain[end : end + 1] in (" ", "\n", "-", "/", "'"):
            end += 1
        between = self.plain[start:end]
        if between.count("\n") > 1 or between.count("-") + between.count("/") > 1:
            return
        if between or {self.at(start - 1), self.at(start)} & {"hangul", "unspaced"}:
            yield end


def kind(char: str) -> str:
    if not is_letter(char):
        return "edge"
    return "hangul" if is_hangul(char) else "unspaced" if is_unspaced(char) else "spaced"


def one_space(text: str) -> str:
    inner = " ".join(text.split())
    return " " * text[:1].isspace() + inner + " " * (text[-1:].isspace() and bool(inner))


# ------------------------------------------------------------------ one text


class Oracle:
    """One text and the lists that its rules may use."""

    def __init__(self, text: str, lists: Mapping[str, tuple[Entry, ...]]) -> None:
        self.text = text
        self.lists = lists
        self.sentences = Sentences(text)
        self.sought = {
            cased: [Sought(text, chars) for chars in readings(text, cased=cased)]
            for cased in (False, True)
        }

    def phrase(self, phrase: Phrase, language: str) -> set[Span]:
        return {
            span
            for sought in alternatives(phrase, language)
            for reading in self.sought[phrase.exact]
            for span in reading.spans(sought)
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
        for last in sorted(parts[-1], key=lambda s: (s[1], s[0])):
            chosen = [last]
            for spans in reversed(parts[:-1]):
                before = [s for s in spans if s[1] <= chosen[0][0]]
                chosen[:0] = sorted(before, key=lambda s: (s[1], -s[0]))[-1:]
            whole = (chosen[0][0], last[1])
            gaps = list(zip(chosen, chosen[1:], strict=False))
            if len(chosen) < len(parts) or overlaps(whole, taken):
                continue
            if all(self.may_pass(*gap) for gap in gaps):
                taken.add(whole)
                yield tuple(chosen)

    def may_pass(self, left: Span, right: Span) -> bool:
        """Say whether a gap may lie between the two parts."""
        inside = range(left[1], right[0])
        chars = [c for c in self.sought[False][0].chars if c.start in inside]
        between = "".join(c.text for c in chars)
        if self.sentences.ends_between(left[0], right[1]) or "--" in between:
            return False
        if "\n\n" in between.replace(" ", "") or any(self.opens(i) for i in inside):
            return False
        return not any(map(ends_gap, between)) and not self.has_comma(inside) and (
            words(between) <= MOST_BETWEEN
        )

    def opens(self, i: int) -> bool:
        """Say whether an opening quotation mark stands here."""
        around = f" {self.text} "[i : i + 3]
        straight = around[1] in "\"'" and not around[2].isspace()
        return around[1] in OPENING or (straight and (around[0].isspace() or around[0] in "([{"))

    def has_comma(self, inside: range) -> bool:
        around = (f" {self.text} "[i : i + 3] for i in inside)
        return any(a[1] in ",，、" and not (a[0].isdigit() and a[2].isdigit()) for a in around)  # noqa: RUF001

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
    return bracket or char in ":;—―–"  # noqa: RUF001


def words(between: str) -> int:
    count = 0
    for word in "".join(" " if c in " \n-/" else c for c in between).split():
        unspaced = sum(map(is_unspaced, word))
        count += (unspaced + 1) // 2
        count += any(c.isalnum() and is_letter(c) and not is_unspaced(c) for c in word)
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
