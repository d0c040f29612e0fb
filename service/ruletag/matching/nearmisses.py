"""Find what a text has in place of keywords that do not stand in it.

Other forms, other case, a misspelling, a longer word, the words of a phrase apart
from each other: each is looked up in an index of the words of the text, so that the
time grows with the text and with the number of keywords, not with their product.
"""

import re
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from ruletag.language.forms import plural_forms, spellings, verb_forms
from ruletag.language.korean import begins_word
from ruletag.lazy import lazy
from ruletag.matching.automaton import Automaton
from ruletag.matching.gaps import GapFinder, Span
from ruletag.matching.obstacles import Scene
from ruletag.matching.reasons import Code, Reason
from ruletag.problems import quoted
from ruletag.rules.keywords import as_written
from ruletag.rules.model import Keyword, Phrase
from ruletag.text.folding import fold
from ruletag.text.words import HAS_OTHER_EDGES, is_hangul, is_katakana

_TOKEN: Final = re.compile("[^ ]+")
_DOT: Final = re.compile(r"(?<=[^\W\d_])\.")
_ENDINGS: Final = ("ing", "ed", "es", "s", "d")
# What is left where -ing or -ed took the place of an e: smuggl, argu, seiz, investigat.
_LOST_E: Final = re.compile(
    r"(?:[bcdfgkpstz]l|[cuvz]|[aeiou]s|[dr]g|[aeiouy].*[^aeiou](?:at|ur|id|od|ud|in|ut|ir|an[cg]))$"
)
_OFTEN_DOUBLE: Final = ("l", "s", "z", "f")  # at the end of a word: kill, pass
_MOST_PLACES: Final = 8  # of one word that are looked at
_SHORTEST_BEGINNING: Final = 4  # letters of a keyword that longer words may begin with
_SURELY_RIGHT: Final = 3  # letters at the beginning of a word in another form that is misspelled
_LENGTHS_SPELLED: Final = range(5, 25)  # of words that may be misspelled
_STEPS: Final = 20  # what it takes to look at a word, as a `Deadline` counts
_MOST_HITS: Final = 250_000  # of keywords in scripts without spaces

# The nearer a text comes to the keyword, the lower.
_RANKS: Final[dict[Code, int]] = {
    "case": 0,
    "sign_between": 1,
    "other_form": 1,
    "inside_word": 2,
    "apart": 3,
    "longer_word": 4,
    "spelling": 5,
}


class NearMiss(NamedTuple):
    """What stands in the text in place of a keyword; ``reason`` puts it into words."""

    rank: int
    reason: Callable[[], Reason]


class NearMisses:
    """Looks for keywords in one text, in which they do not stand as written."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene

    def of(self, keywords: Sequence[Keyword]) -> list[NearMiss | None]:
        """Give for each keyword what comes nearest to it, or None."""
        phrases = [keyword.parts[0] if len(keyword.parts) == 1 else None for keyword in keywords]
        glued = _Glued(self._scene, self._words, self._glued_words(phrases))
        found: list[NearMiss | None] = []
        for phrase, keyword in zip(phrases, keywords, strict=True):
            self._scene.judge.deadline.spend(_STEPS)
            miss = self._of_phrase(phrase, keyword, glued) if isinstance(phrase, Phrase) else None
            found.append(miss)
        return found

    def best(self, keywords: Sequence[Keyword]) -> NearMiss | None:
        """Give what comes nearest to any of the keywords."""
        found = [miss for miss in self.of(keywords) if miss is not None]
        return min(found, key=lambda miss: miss.rank, default=None)

    @lazy
    def _words(self) -> "_Words":
        return _Words(self._scene)

    def _glued_words(self, phrases: Iterable[object]) -> Iterator[str]:
        for phrase in phrases:
            if isinstance(phrase, Phrase) and _is_glued(phrase):
                yield from _tokens(phrase)

    def _of_phrase(self, phrase: Phrase, keyword: Keyword, glued: "_Glued") -> NearMiss | None:
        if _is_glued(phrase):
            return glued.near(_tokens(phrase))
        tokens = _tokens(phrase)
        if not tokens or any(word.open for word in phrase.words):
            return None
        sought = _Sought(phrase, keyword, tokens)
        if len(tokens) == 1:
            return self._of_word(sought)
        return self._of_dotted(sought) or self._of_words(sought)

    # ------------------------------------------------------------------ one word

    def _of_word(self, sought: "_Sought") -> NearMiss | None:
        word, words = sought.tokens[0], self._words
        if word in words:
            return self._miss("case", [words.first(word)], _CASE)
        forms = words.forms(word) if sought.has_forms else ()
        if forms:
            return self._miss("other_form", [words.first(forms[0])], *sought.advice(forms[0]))
        longer = words.longer(word) if len(word) >= _SHORTEST_BEGINNING else None
        if longer is not None:
            too = " too," if sought.phrase.words[0].inflected else ""
            spelled = sought.phrase.words[0].text
            write = f"{spelled if spelled.lower() == word else word}*"
            advice = f"write `{write}`{too} to find words that begin so"
            return self._miss("longer_word", [words.first(longer)], advice, write)
        similar = self._similar(sought)
        if similar is not None and words.span(words.first(similar)) not in self._keyword_places:
            return self._miss("spelling", [words.first(similar)], "is one of the two misspelled?")
        return None

    def _similar(self, sought: "_Sought") -> str | None:
        """Give a word of the text that is a slip of the pen away from the word, or a form of it."""
        word, words = sought.tokens[0], self._words
        if len(word) not in _LENGTHS_SPELLED:
            return None
        similar = words.similar(word)
        # Most words are not worth writing out: nothing in the text begins as they do.
        if similar is None and sought.has_forms and words.begins(word[:_SURELY_RIGHT]):
            inflect = verb_forms if sought.phrase.words[0].inflected else plural_forms
            similar = next(filter(None, map(words.similar, inflect(word))), None)
        return similar

    @lazy
    def _keyword_places(self) -> set[Span]:
        """Where keywords of the rules stand: these words are not misspelled."""
        return {span for spans in self._scene.hits.values() for span in spans}

    def _miss(self, code: Code, tokens: Sequence[int], advice: str, write: str = "") -> NearMiss:
        def reason() -> Reason:
            spans = [self._words.span(token) for token in tokens]
            whole = (spans[0][0], spans[-1][1])
            detail = f"{_SAID[code]} {self._scene.named(whole)}; {advice}"
            return Reason(code, detail, (self._scene.place(whole),), 1, write)

        return NearMiss(_RANKS[code], reason)

    def _of_dotted(self, sought: "_Sought") -> NearMiss | None:
        """Look for a word with dots that stands without them, but not in capitals."""
        undotted = _DOT.sub("", sought.written.lstrip("=")).casefold()
        if undotted == sought.written.casefold() or undotted not in self._words:
            return None
        advice = "without its dots a word must be in capitals"
        return self._miss("case", [self._words.first(undotted)], advice)

    # ------------------------------------------------------------- several words

    def _of_words(self, sought: "_Sought") -> NearMiss | None:
        """Look for the words of a phrase in other forms, beside each other or apart."""
        words = self._words
        accepted: list[tuple[str, ...]] = []
        for token in sought.tokens:
            forms = words.forms(token) if sought.has_forms else ()
            accepted.append((token, *forms) if token in words else forms)
            if not accepted[-1]:
                return None
        rarest = min(range(len(accepted)), key=lambda i: sum(map(words.count, accepted[i])))
        for number in words.some(accepted[rarest]):
            run = range(number - rarest, number - rarest + len(accepted))
            if words.stand(run, accepted) and not self._are_parted(run):
                return self._of_run(sought, run)
        shared = (
            sentence
            for sentence in words.some_sentences(accepted[rarest])
            if all(words.in_sentence(forms, sentence) for forms in accepted)
        )
        sentence = next(shared, None)
        if sentence is None:
            return None
        return NearMiss(_RANKS["apart"], lambda: self._apart(sought, accepted, sentence))

    def _are_parted(self, run: range) -> bool:
        """Say whether a sentence ends within a run of words."""
        start, end = self._words.span(run[0])[0], self._words.span(run[-1])[1]
        return self._scene.findings.sentences.ends_between(start, end)

    def _of_run(self, sought: "_Sought", run: range) -> NearMiss:
        """Say what is not as written in words that stand side by side."""
        found = [self._words[token] for token in run]
        strange = [i for i, word in enumerate(found) if word not in sought.sought_forms(i)]
        if strange:
            return self._miss("other_form", run, *sought.advice_for_several(found, strange))
        if sought.phrase.exact:
            return self._miss("case", run, _CASE)
        return self._miss("sign_between", run, "a sign between its words ends a phrase")

    def _apart(self, sought: "_Sought", accepted: Sequence[Sequence[str]], sentence: int) -> Reason:
        """Say where the words of a phrase stand in one sentence."""
        tokens = [self._words.in_range(forms, sentence) for forms in accepted]
        spans = [self._words.span(token) for token in tokens]
        text, sentences = self._scene.text, self._scene.findings.sentences
        chain = GapFinder(text, sentences).find([[span] for span in spans])
        words = [as_written(word.text, inflected=word.inflected) for word in sought.phrase.words]
        write = " ... ".join(words) if chain and len(words) == len(spans) else ""
        said = ", ".join(map(self._scene.named, spans))
        advice = f"write the gap `{write}`" if write else "`all` finds words in one sentence"
        detail = f"its words stand apart from each other in one sentence: {said}; {advice}"
        places = tuple(map(self._scene.place, spans))
        return Reason("apart", detail, places, 1, write)


_CASE: Final = "its case must be exactly as written"
_SAID: Final[dict[Code, str]] = {
    "case": "seen in other case:",
    "sign_between": "its words stand side by side:",
    "other_form": "seen in another form:",
    "longer_word": "a longer word begins so:",
    "spelling": "seen in a similar spelling:",
}


class _Sought(NamedTuple):
    """A phrase of a script with spaces, and its words as folding leaves them."""

    phrase: Phrase
    keyword: Keyword
    tokens: tuple[str, ...]

    @property
    def written(self) -> str:
        """The keyword as its author wrote it."""
        return self.keyword.written

    @property
    def has_forms(self) -> bool:
        """Say whether its words may have other forms, sought or not."""
        return self.keyword.language == "en"

    def sought_forms(self, number: int) -> frozenset[str]:
        """Give the forms of a word that are found."""
        token = self.tokens[number]
        phrase = self.phrase
        if self.keyword.language != "en" or phrase.exact or phrase.forms == "none":
            return frozenset((token,))
        if len(phrase.words) != len(self.tokens):
            return frozenset((token, *_inflections(token)))
        is_last = number == len(self.tokens) - 1
        if phrase.words[number].inflected:
            return frozenset(verb_forms(token))
        if is_last and not any(word.inflected for word in phrase.words):
            return frozenset(plural_forms(token))
        return frozenset((token,))

    def advice(self, form: str) -> tuple[str, str]:
        """Say how to find another form of a single word: a sentence, and what to write."""
        word, phrase = self.tokens[0], self.phrase
        if phrase.exact:
            return f"{quoted(self.written)} allows no other form; write {quoted(word)}", word
        if phrase.forms == "none":
            return "`forms: none` allows no other form", ""
        if isinstance(phrase.forms, tuple):
            return f"add {quoted(form)} to its `forms`", ""
        if form in _bases(word) and word in plural_forms(form):
            return f"write {quoted(form)}, which finds its plural too", form
        bases = [b for b in (word, *_bases(word)) if form in verb_forms(b)]
        base = form if form in bases else next(iter(bases), "")
        if not base or phrase.words[0].inflected:
            return f"your keyword is {quoted(self.written)}; write {quoted(form)} too", form
        return f"your keyword is {quoted(self.written)}, write {quoted(base + '~')}", f"{base}~"

    def advice_for_several(self, found: Sequence[str], strange: Sequence[int]) -> tuple[str, str]:
        """Say how to find other forms of some words of a phrase."""
        if self.phrase.exact or self.phrase.forms != "default":
            return f"{quoted(self.written)} allows no other form", ""
        write = [as_written(word.text, inflected=word.inflected) for word in self.phrase.words]
        if len(write) != len(found):
            return "no other form of it is sought", ""
        for i in strange:
            is_verb = found[i] in verb_forms(self.tokens[i]) and not self._is_noun(found[i], i)
            write[i] = f"{self.tokens[i]}~" if is_verb else found[i]
        written = " ".join(write)
        return f"your keyword is {quoted(self.written)}, write {quoted(written)}", written

    def _is_noun(self, form: str, number: int) -> bool:
        return form in plural_forms(self.tokens[number])


# ------------------------------------------------------------------- the text


class _Words:
    """The words of one text, folded, by their numbers."""

    def __init__(self, scene: Scene) -> None:
        self._sentences = scene.findings.sentences
        self._deadline = scene.judge.deadline
        self.reading = fold(scene.text, self._deadline)
        found = list(_TOKEN.finditer(self.reading.scan))
        self._list = [match.group() for match in found]
        self._spans = [match.span() for match in found]
        self._numbers: dict[str, list[int]] = defaultdict(list)
        for number, word in enumerate(self._list):
            self._numbers[word].append(number)

    def __contains__(self, word: str) -> bool:
        return word in self._numbers

    def __getitem__(self, number: int) -> str:
        return self._list[number]

    def first(self, word: str) -> int:
        """Give the number of the first place of a word."""
        return self._numbers[word][0]

    def count(self, word: str) -> int:
        """Count the places of a word that is there."""
        return len(self._numbers[word])

    def some(self, words: Iterable[str]) -> Iterator[int]:
        """Give the first places of each of some words."""
        for word in words:
            yield from self._numbers[word][:_MOST_PLACES]

    def span(self, number: int) -> Span:
        """Give the span of a word in the text as sent."""
        return self.reading.span(*self._spans[number])

    def stand(self, run: range, accepted: Sequence[Sequence[str]]) -> bool:
        """Say whether in a run of words each is one of those accepted in its place."""
        if run.start < 0 or run.stop > len(self._list):
            return False
        return all(self._list[n] in forms for n, forms in zip(run, accepted, strict=True))

    # ------------------------------------------------------------ by sentences

    @lazy
    def _sentence_of(self) -> list[int]:
        return [self._sentences.number_at(self.span(n)[0]) for n in range(len(self._list))]

    @lazy
    def _sentences_with(self) -> dict[str, dict[int, None]]:
        found: dict[str, dict[int, None]] = defaultdict(dict)
        for word, sentence in zip(self._list, self._sentence_of, strict=True):
            found[word][sentence] = None
        return found

    def some_sentences(self, words: Iterable[str]) -> Iterator[int]:
        """Give the first sentences that hold one of some words."""
        for word in words:
            yield from list(self._sentences_with[word])[:_MOST_PLACES]

    def in_sentence(self, words: Iterable[str], sentence: int) -> bool:
        """Say whether one of the words stands in a sentence."""
        return any(sentence in self._sentences_with[word] for word in words)

    def in_range(self, words: Sequence[str], sentence: int) -> int:
        """Give the number of the first of some words in a sentence that holds one."""
        first = bisect_left(self._sentence_of, sentence)
        last = bisect_right(self._sentence_of, sentence)
        return next(n for n in range(first, last) if self._list[n] in words)

    # ------------------------------------------------------------- alike, longer

    def forms(self, word: str) -> tuple[str, ...]:
        """Give the other forms of a word that stand in the text."""
        if word not in self._forms:
            self._forms[word] = tuple(self._find_forms(word))
        return self._forms[word]

    def _find_forms(self, word: str) -> Iterator[str]:
        own = (*verb_forms(word), *plural_forms(word), *spellings(word))
        found = dict.fromkeys(form for form in own if form in self._numbers)
        alike = {other for stem in _stems(word) for other in self._by_stem.get(stem, ())}
        if alike - {word}:
            found |= dict.fromkeys(form for form in _inflections(word) if form in alike)
        found.pop(word, None)
        return iter(found)

    @lazy
    def _forms(self) -> dict[str, tuple[str, ...]]:
        return {}

    @lazy
    def _by_stem(self) -> dict[str, list[str]]:
        """The words by what may be left of them without an ending."""
        found: dict[str, list[str]] = defaultdict(list)
        for word in self._numbers:
            self._deadline.spend(_STEPS)
            for stem in _stems(word):
                found[stem].append(word)
        return found

    @lazy
    def _sorted(self) -> list[str]:
        return sorted(self._numbers)

    def begins(self, letters: str) -> bool:
        """Say whether a word begins with some letters."""
        i = bisect_left(self._sorted, letters)
        return i < len(self._sorted) and self._sorted[i].startswith(letters)

    def longer(self, word: str) -> str | None:
        """Give a longer word that begins so."""
        i = bisect_right(self._sorted, word)
        longer = self._sorted[i] if i < len(self._sorted) else ""
        return longer if longer.startswith(word) else None

    @lazy
    def _shortened(self) -> dict[str, str]:
        """The words by what is left of them without one letter, several parted by spaces."""
        found: dict[str, str] = {}
        for word in self._numbers:
            self._deadline.spend(_STEPS)
            if len(word) in _LENGTHS_SPELLED and word.isalpha():
                for key in _without_a_letter(word):
                    known = found.get(key)
                    found[key] = word if known is None else f"{known} {word}"
        return found

    def similar(self, word: str) -> str | None:
        """Give a word that one slip of the pen leads to; its first letter is the same."""
        known = self._shortened
        for key in (word, *_without_a_letter(word)):
            for other in known.get(key, "").split(" ")[:_MOST_PLACES]:
                if other[:1] == word[0] and _is_one_slip(word, other):
                    return other
        for key in _without_a_letter(word):
            if key in self._numbers and key[0] == word[0] and len(key) in _LENGTHS_SPELLED:
                return key
        return None


def _without_a_letter(word: str) -> Iterator[str]:
    return (word[:i] + word[i + 1 :] for i in range(len(word)))


def _is_one_slip(one: str, other: str) -> bool:
    """Say whether a letter was added, left out, changed, or two were exchanged."""
    front = 0
    while front < min(len(one), len(other)) and one[front] == other[front]:
        front += 1
    rest, other_rest = one[front:], other[front:]
    if len(rest) != len(other_rest):
        return rest[1:] == other_rest or rest == other_rest[1:]
    exchanged = rest[1::-1] + rest[2:]
    return rest[1:] == other_rest[1:] or exchanged == other_rest


# ------------------------------------------------------------ scripts without spaces


class _Glued:
    """Finds keywords of Hangul, Han, Kana or Thai wherever they stand in words."""

    def __init__(self, scene: Scene, words: _Words, sought: Iterable[str]) -> None:
        self._scene = scene
        self._words = words
        self._places: dict[str, list[Span]] = defaultdict(list)
        strings = list(dict.fromkeys(sought))
        left = _MOST_HITS
        for last, number in Automaton(strings).hits(words.reading.scan) if strings else ():
            places = self._places[strings[number]]
            if len(places) < _MOST_PLACES:
                places.append((last + 1 - len(strings[number]), last + 1))
            left -= 1
            if not left:
                break

    def near(self, tokens: Sequence[str]) -> NearMiss | None:
        """Say where a keyword stands, though not as it must."""
        if not tokens or not all(token in self._places for token in tokens):
            return None
        if len(tokens) == 1:
            span = self._places[tokens[0]][0]
            return NearMiss(_RANKS["inside_word"], lambda: self._inside(span))
        sentences = [
            {self._sentence(span): span for span in self._places[token]} for token in tokens
        ]
        shared = set.intersection(*map(set, sentences))
        if not shared:
            return None
        spans = [known[min(shared)] for known in sentences]
        return NearMiss(_RANKS["apart"], lambda: self._apart(spans))

    def _sentence(self, span: Span) -> int:
        return self._scene.findings.sentences.number_at(self._words.reading.span(*span)[0])

    def _inside(self, span: Span) -> Reason:
        reading = self._words.reading
        plain = reading.plain
        start, end = span
        found = plain[start:end]
        advice = "it stands there, but not as a word of its own"
        if is_hangul(found[0]) and not begins_word(plain, start):
            advice = "a Hangul keyword must begin a word"
        elif is_hangul(found[0]) and len(found) == 1:
            advice = "a single syllable needs a particle, a number, a measure or a price beside it"
        elif is_katakana(found):
            advice = "a katakana keyword is not found inside a longer katakana word"
        word = reading.span(*_around(reading.scan, span))
        place = self._scene.place(reading.span(start, end))
        detail = f"stands inside a longer word: {self._scene.named(word)}; {advice}"
        return Reason("inside_word", detail, (place,))

    def _apart(self, spans: Sequence[Span]) -> Reason:
        sent = [self._words.reading.span(*span) for span in spans]
        said = ", ".join(map(self._scene.named, sent))
        detail = f"its words stand apart from each other in one sentence: {said}; "
        detail += "`all` finds words in one sentence"
        return Reason("apart", detail, tuple(map(self._scene.place, sent)))


def _around(scan: str, span: Span) -> Span:
    """Give the word around a stretch, as far as it reaches on both sides."""
    first, last = span
    while first and span[0] - first < _MOST_PLACES and scan[first - 1] != " ":
        first -= 1
    while last < len(scan) and last - span[1] < _MOST_PLACES and scan[last] != " ":
        last += 1
    return first, last


# ---------------------------------------------------------------------- keywords


def _is_glued(phrase: Phrase) -> bool:
    return any(HAS_OTHER_EDGES.search(word.text) for word in phrase.words)


def _tokens(phrase: Phrase) -> tuple[str, ...]:
    """Give the words of a phrase as they stand in the index of a text."""
    text = " ".join(word.text for word in phrase.words)
    if text.isascii() and text.isalpha():
        return (text.lower(),)
    return tuple(fold(text).scan.split())


def _stems(word: str) -> set[str]:
    """Give what may be left of a word without an ending, whatever it stands for."""
    stems = {word, word.removesuffix("e")}
    stems.update(word.removesuffix(ending) for ending in _ENDINGS)
    if word.endswith(("y", "ies", "ied")):
        stems.add(word.removesuffix("y").removesuffix("ies").removesuffix("ied") + "i")
    stems.update([stem[:-1] for stem in stems if stem[-2:-1] == stem[-1:]])
    return stems


@lru_cache(maxsize=4096)
def _inflections(word: str) -> tuple[str, ...]:
    """Give the other forms of a word, and those of the words it may be a form of."""
    forms: dict[str, None] = {}
    for base in (word, *_bases(word)):
        for form in (base, *verb_forms(base), *plural_forms(base)):
            forms |= dict.fromkeys(spellings(form))
    forms.pop(word, None)
    return tuple(forms)


def _bases(word: str) -> list[str]:
    """Give the words of which a word may be a form: *smuggle* for *smuggling*."""
    stems = [word.removesuffix(ending) for ending in _ENDINGS if word.endswith(ending)]
    if word.endswith(("ies", "ied")):
        stems.append(word[:-3] + "y")
    bases = []
    for stem in stems:
        likely = (stem + "e", stem) if _LOST_E.search(stem) else (stem, stem + "e")
        is_doubled = stem[-2:-1] == stem[-1:] and stem[-1:] not in _OFTEN_DOUBLE
        bases += [stem[:-1], *likely] if is_doubled else [*likely, stem[:-1]]
    known = dict.fromkeys(base for base in bases if len(base) > 1 and base != word)
    return [b for b in known if word in verb_forms(b) or word in plural_forms(b)]
