"""Matches stand in the contexts that a reader would give them, and in doubt in none."""

import re
from collections.abc import Iterable
from functools import cache
from time import perf_counter
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ruletag.language.cues import CONTEXTS, CUES, Cue
from ruletag.matching.contexts import Contexts, CueHit
from ruletag.matching.gaps import Span
from ruletag.matching.wordforms import written_forms
from ruletag.rules.model import Phrase, Word
from ruletag.text.sentences import Sentences

NONE: Final = ""

# name, text with the parts of one match in [[ ]], its contexts
ENGLISH: Final = [
    # negated by what stands before
    ("no", "No [[arrests]] were made.", "negated"),
    ("no evidence of", "They found no evidence of [[smuggling]] aboard.", "negated"),
    ("no one", "No one was [[arrested]].", "negated"),
    ("nobody", "Nobody was [[arrested]] at the rally.", "negated"),
    ("none of them", "None of them was [[arrested]].", "negated"),
    ("not", "The border had not been [[closed]].", "negated"),
    ("a contraction", "They didn't [[smuggle]] gold.", "negated"),
    ("a contraction with a typographic apostrophe", "They didn’t [[smuggle]].", "negated"),
    ("cannot", "They cannot [[smuggle]] gold.", "negated"),
    ("never", "He never [[smuggled]] gold.", "negated"),
    ("denied", "He denied [[smuggling]] gold.", "negated"),
    ("denied that", "He denied that any goods had been [[smuggled]].", "negated"),
    ("denied reports", "He denied reports that his aide had been [[detained]].", "negated"),
    ("denied the thing itself", "He denied the [[smuggling]].", "negated"),
    ("without", "It was settled without [[arrests]].", "negated"),
    ("failed to", "The gang failed to [[smuggle]] the gold.", "negated"),
    ("refused to", "Seoul refused to [[close the border]].", "negated"),
    ("yet to", "He has yet to be [[arrested]].", "negated"),
    ("avoided", "He avoided [[arrest]].", "negated"),
    ("ruled out before", "The minister ruled out [[closing the border]].", "negated"),
    ("acquitted", "She was acquitted of [[smuggling]] gold.", "negated"),
    ("instead of", "They paid duty instead of [[smuggling]] it.", "negated"),
    ("no longer", "He no longer [[smuggles]].", "negated historical"),
    ("a question", "Was he not [[arrested]]?", "negated"),
    ("a plain question", "Was he [[arrested]]?", NONE),
    ("two negations are one", "It is not true that no [[smuggling]] took place.", "negated"),
    ("in capitals", "NO [[ARRESTS]] MADE", "negated"),
    ("over a line break", "They did not\n[[smuggle]] gold.", "negated"),
    ("across a quotation mark", "He denied “[[smuggling]] gold”.", "negated"),
    # negated by what stands behind
    ("was ruled out", "[[Smuggling]] was ruled out.", "negated"),
    ("has been ruled out", "[[Smuggling]] of gold has been ruled out.", "negated"),
    ("did not happen", "The [[arrest]] did not happen.", "negated"),
    ("were unfounded", "Reports of [[arrests]] were unfounded.", "negated"),
    ("turned out to be false", "The [[closure]] turned out to be false.", "negated"),
    ("ruled out in another clause", "He was [[arrested]], but murder was ruled out.", NONE),
    ("who ruled it out", "The [[arrest]] of Kim, who was ruled out, stunned all.", NONE),
    ("too far behind", "[[Smuggling]] by a few men in the far north was ruled out.", NONE),
    ("a comma before it", "He was [[arrested]], and smuggling was ruled out.", NONE),
    # look like a cue
    ("not only", "Not only did he [[smuggle]] rice.", NONE),
    ("not just", "He was not just [[arrested]].", NONE),
    ("no doubt", "There is no doubt that he [[smuggled]] gold.", NONE),
    ("no fewer than", "No fewer than nine [[arrests]] followed.", NONE),
    ("no later than", "It will be [[closed]] no later than May.", NONE),
    ("no less than", "No less than a ton was [[smuggled]].", NONE),
    ("not the first", "It is not the first [[arrest]].", NONE),
    ("whether or not", "Whether or not he [[smuggled]], he ran.", "hypothetical"),
    ("did not deny", "He did not deny [[smuggling]].", NONE),
    ("cannot be denied", "It cannot be denied that he [[smuggled]].", NONE),
    ("did not rule out", "He did not rule out [[closing the border]].", NONE),
    ("denied bail", "He was denied bail and [[jailed]].", NONE),
    ("an abbreviation", "The No. 3 [[smuggler]] was freed.", NONE),
    ("abbreviations", "Nos. 3 and 4 [[smuggled]] gold.", NONE),
    ("no-fly zone", "The no-fly zone [[closed]] the border.", NONE),
    ("sentenced without parole", "Jailed for life without parole for [[smuggling]].", NONE),
    ("without bail", "Held without bail on [[smuggling]] charges.", NONE),
    ("a second cue beside what is none", "Not only was no [[smuggler]] caught.", "negated"),
    # what the reach ends at
    ("but", "He did not talk but [[smuggled]] gold.", NONE),
    ("because", "He was not hurt because police [[arrested]] him.", NONE),
    ("after", "He did not speak after his [[arrest]].", NONE),
    ("who", "Nobody knew the man who [[smuggled]] gold.", NONE),
    ("when", "Nobody was hurt when they [[arrested]] him.", NONE),
    ("did not say", "Police did not say he was [[arrested]].", NONE),
    ("could not stop", "They could not stop [[smuggling]].", NONE),
    ("failed to stop", "They failed to stop [[smuggling]].", NONE),
    ("not clear whether", "It is not clear whether he was [[arrested]].", "hypothetical"),
    ("declined to comment", "He declined to comment on [[arrests]].", NONE),
    ("and police", "He did not stop and police [[arrested]] him.", NONE),
    ("and was", "He was not armed and was [[arrested]].", NONE),
    ("a semicolon", "He did not run; [[arrested]] he was.", NONE),
    ("a colon", "He said no: [[arrest]] me.", NONE),
    ("a time is no border", "He was not at 10:30 [[arrested]].", "negated"),
    ("a dash", "He did not run — [[arrested]] he was.", NONE),
    ("a spaced en dash", "He did not run – [[arrested]] he was.", NONE),
    ("two hyphens", "He did not run--[[arrested]] he was.", NONE),
    ("a spaced hyphen", "He did not run - [[arrested]] he was.", NONE),
    ("a hyphen is no border", "They ran no cross-border [[smuggling]].", "negated"),
    ("a bracket", "He did not run (he was [[arrested]]).", NONE),
    ("the sentence", "He did not run. [[Arrested]] he was.", NONE),
    ("an answer", "“No,” he said, “[[arrest]] me right now.”", "quoted"),
    ("a blank line", "No arrests\n\n[[Smuggling]] goes on", NONE),
    ("too far", "No one in that part of the far north was [[arrested]].", NONE),
    ("the match is before", "[[Smuggling]] never stops.", NONE),
    # what is taken as given
    ("the", "He did not see the [[smugglers]].", NONE),
    ("the, and a word", "He did not see the two [[smugglers]].", NONE),
    ("a possessive pronoun", "He did not mourn his [[arrest]].", NONE),
    ("a genitive", "No paper printed Kim's [[arrest]].", NONE),
    ("the, further off", "No one at the border was [[arrested]].", "negated"),
    ("directly behind the cue, and a word", "He denied the two [[arrests]] matter.", NONE),
    ("and my", "He did not run and my men [[arrested]] him.", NONE),
    ("directly behind the cue", "He is not the [[smuggler]].", "negated"),
    # commas
    ("first of a list", "No [[gold]], copper or zinc was found.", "negated"),
    ("middle of a list", "No gold, [[copper]] or zinc was found.", "negated"),
    ("end of a list", "No gold, copper or [[zinc]] was found.", "negated"),
    ("middle of a list of four", "No gold, [[tin]], copper or zinc was found.", "negated"),
    ("a comma before and", "They had no gold, copper, and [[zinc]].", "negated"),
    ("middle, a comma before and", "They had no gold, [[copper]], and zinc.", "negated"),
    ("a list of verbs", "He was not [[arrested]], charged or tried.", "negated"),
    ("end of a list of verbs", "He was not charged, tried or [[arrested]].", "negated"),
    ("two words an item", "No scrap metal, copper wire or [[zinc]] was found.", "negated"),
    ("a clause with and", "He denied smuggling, and police [[arrested]] him.", NONE),
    ("before a clause with and", "He denied [[smuggling]], and police arrested him.", "negated"),
    ("a clause without and", "Without evidence, police [[arrested]] him.", NONE),
    ("a clause with two objects", "Without proof, they [[arrested]] Kim and Choi.", NONE),
    ("an object that is a pair", "Without proof, police [[arrested]] him and her.", NONE),
    ("a pair is no list", "He was not armed, and [[arrested]].", NONE),
    ("a comma behind the cue", "No, [[smugglers]] or thieves said it.", NONE),
    ("a comma in a number", "They found no 10,000 tons of [[copper]].", "negated"),
    ("a list before the cue", "[[Smuggling]], theft and murder were ruled out.", "negated"),
    ("a list with a last comma", "[[Smuggling]], theft, and murder were ruled out.", "negated"),
    ("a number before the cue", "[[Smuggling]] of 10,000 tons was ruled out.", "negated"),
    ("a clause before the cue", "He was [[arrested]], said Kim, smuggling was ruled out.", NONE),
    # hypothetical
    ("would", "They would [[close the border]].", "hypothetical"),
    ("may", "They may [[close the border]].", "hypothetical"),
    ("the month", "In May [[smugglers]] moved gold.", NONE),
    ("if", "If they [[smuggle]] gold, they pay.", "hypothetical"),
    ("plans to", "Seoul plans to [[close the border]].", "hypothetical"),
    ("threatened to", "Seoul threatened to [[close the border]].", "hypothetical"),
    ("likely", "He is likely to be [[arrested]].", "hypothetical"),
    ("is possible", "A [[border closure]] is possible.", "hypothetical"),
    ("an attempt", "They tried to [[smuggle]] gold.", NONE),
    ("a report", "He was allegedly [[smuggling]] gold, it was reportedly said.", NONE),
    ("the future", "They will [[close the border]].", NONE),
    ("would not", "They would not [[close the border]].", "negated hypothetical"),
    ("could not", "They could not [[smuggle]] gold.", "negated"),
    ("military might", "By military might [[arrested]] men were freed.", NONE),
    # historical
    ("former", "A former [[smuggler]] spoke.", "historical"),
    ("a decade", "In the 1990s they [[smuggled]] gold.", "historical"),
    ("a year alone", "In 1999 they [[smuggled]] gold.", NONE),
    ("a plan", "They plan to [[smuggle]] gold.", "hypothetical"),
    ("hardly", "They hardly [[smuggled]] gold.", NONE),
    ("six words behind not", "They do not as a rule so often gladly [[smuggle]].", "negated"),
    ("seven words behind not", "They do not as a rule so very often gladly [[smuggle]].", NONE),
    ("a former officer", "A former officer was [[arrested]].", NONE),
    ("in the past", "In the past [[smugglers]] moved gold.", "historical"),
    ("years ago", "They [[smuggled]] gold years ago.", "historical"),
    ("in the past week", "In the past week [[smugglers]] moved gold.", NONE),
    ("used to", "They used to [[smuggle]] gold.", "historical"),
    ("used for", "A boat used to [[smuggle]] gold sank.", NONE),
    ("once", "Once [[arrested]], he talked.", NONE),
    # several parts
    ("one part", "They did not [[close]] and seal the [[border]].", "negated"),
    ("between the parts", "They [[took]] no one into [[custody]].", "negated"),
    ("given, between the parts", "They [[stripped]] no one of his [[membership]].", "negated"),
    ("between, but far", "[[Arrests]] of men, no joke, and [[smuggling]].", NONE),
    ("between, another clause", "[[Arrested]] men who had no gold; [[smuggled]] it.", NONE),
    ("between two sentences", "[[Arrests]] rose. No one ran. [[Smuggling]] fell.", NONE),
    ("the cue is a part", "[[No]] [[smuggling]] is allowed.", NONE),
    ("the cue begins in the match", "They said [[smuggling was ruled]] out.", NONE),
    # quoted
    ("speech", "He said: “We [[smuggled]] gold again.”", "quoted"),
    ("straight", 'He said: "We [[smuggled]] gold again."', "quoted"),
    ("single", "He said: ‘We [[smuggled]] the workers’ gold.’", "quoted"),
    ("single, closed by no stop", "He said ‘we [[smuggled]] gold again’ on Monday.", "quoted"),
    ("single, never closed", "He said ‘we [[smuggled]] gold again.", NONE),
    ("apostrophes", "The ’90s workers’ [[smuggling]] rings’ end came.", NONE),
    ("guillemets", "Il dit : « nous [[smuggled]] du vieil or ».", "quoted"),
    ("German", "Er sagte: „Wir haben [[smuggled]] gold.“", "quoted"),
    ("German guillemets", "Er sagte: »Wir haben [[smuggled]] gold.«", "quoted"),
    ("after the quotation", "“We did it all again,” said the [[smuggler]].", NONE),
    ("between two quotations", "“We did it all again,” the [[smuggler]] said, “today.”", NONE),
    ("a word held up", "They call it “[[smuggling]]” here.", NONE),
    ("three words held up", "They call it “[[smuggling]] for all” here.", NONE),
    ("four words", "They call it “[[smuggling]] for us all” here.", "quoted"),
    ("runs on", "“We were poor.\n\n“We [[smuggled]] gold again and ran.\n\nIt is so.", "quoted"),
    ("not past its paragraph", "“We were very poor then.\n\nHe [[smuggled]] gold.", NONE),
    ("straight, unpaired", 'He said: "We [[smuggled]] gold again.', NONE),
    ("inches", 'A 5" pipe was [[smuggled]] with a 6" pipe.', NONE),
    ("a straight one opens anew", '"One two three four\nHe. "We [[smuggled]] it all."', "quoted"),
    ("a quotation in another", "“He said ‘yes’ and [[smuggled]] gold again.”", "quoted"),
    ("half in quotation marks", "They “all know that [[smuggled” gold]] is here.", NONE),
    ("quoted and negated", "“We never [[smuggled]] any gold.”", "negated quoted"),
    ("one part quoted", "They [[smuggled]] “all of the old [[gold]]”.", "quoted"),
]  # fmt: skip
KOREAN: Final = [
    ("did not", "그들은 구리를 [[밀수]]하지 않았다.", "negated"),
    ("could not", "그들은 구리를 [[밀수]]하지 못했다.", "negated"),
    ("not passive", "[[체포]]되지 않은 사람도 있다.", "negated"),
    ("there was none", "[[밀수]]는 없었다.", "negated"),
    ("never", "[[밀수]]한 적이 없다.", "negated"),
    ("denied", "그는 [[밀수]] 혐의를 부인했다.", "negated"),
    ("is not", "이것은 [[밀수]]가 아니다.", "negated"),
    ("could but", "그는 [[밀수]]할 수밖에 없었다.", NONE),
    ("not only", "[[밀수]]뿐만 아니라 도박도 했다.", NONE),
    ("without exception", "[[밀수꾼]]을 예외 없이 처벌했다.", NONE),
    ("none other than", "그 [[밀수꾼]]은 다름 아닌 그였다.", NONE),
    ("another sentence", "[[밀수]]했다. 돈은 없었다.", NONE),
    ("another clause", "[[밀수]]했다, 하지만 돈은 없었다.", NONE),
    ("a wife", "그는 [[밀수]]로 부인을 잃었다.", NONE),
    ("a possibility", "국경 [[봉쇄]] 가능성이 크다.", "hypothetical"),
    ("once", "과거에 그는 [[밀수]]를 했다.", "historical"),
    ("plain", "그는 구리를 [[밀수]]하다 체포됐다.", NONE),
    ("quoted", "그는 “나는 구리를 [[밀수]]했다 그래서 왔다”고 했다.", "quoted"),
    ("corner brackets", "그는 「나는 구리를 [[밀수]]했다 그래서 왔다」고 했다.", "quoted"),
]


@cache
def sought() -> list[tuple[Cue, re.Pattern[str]]]:
    """Give each cue as a pattern: slow and plain, for short texts."""
    return [(cue, _pattern(cue)) for cue in CUES]


def _pattern(cue: Cue) -> re.Pattern[str]:
    words = tuple(
        Word(word.rstrip("~"), inflected=word.endswith("~"))
        for word in cue.keyword.lstrip("=").split()
    )
    exact = cue.keyword.startswith("=")
    phrase = Phrase(words, exact, "none" if exact else "default")
    forms = sorted(written_forms(phrase, cue.language), key=len, reverse=True)
    # Between words, and for the apostrophe in one.
    joined = [r"[\s'’-]+".join(map(re.escape, re.split(r"[\s'-]+", form))) for form in forms]
    edge = r"(?![^\W_])" if cue.keyword.isascii() else ""
    return re.compile(rf"(?<![^\W_])(?:{'|'.join(joined)}){edge}", 0 if exact else re.IGNORECASE)


def found_cues(text: str) -> list[CueHit]:
    return [(*m.span(), cue) for cue, pattern in sought() for m in pattern.finditer(text)]


def read_marks(marked: str) -> tuple[str, list[tuple[int, int]]]:
    """Give the text without its marks, and what they mark."""
    pieces = re.split(r"\[\[|\]\]", marked)
    text, spans = "", []
    for number, piece in enumerate(pieces):
        if number % 2:
            spans.append((len(text), len(text) + len(piece)))
        text += piece
    return text, spans


def contexts_of(marked: str, language: str) -> str:
    text, parts = read_marks(marked)
    contexts = Contexts(text, Sentences(text), found_cues(text))
    return " ".join(contexts.of(parts, language))


@pytest.mark.parametrize(
    ("marked", "expected"), [pytest.param(*case, id=name) for name, *case in ENGLISH]
)
def test_english(marked: str, expected: str) -> None:
    assert contexts_of(marked, "en") == expected


@pytest.mark.parametrize(
    ("marked", "expected"), [pytest.param(*case, id=name) for name, *case in KOREAN]
)
def test_korean(marked: str, expected: str) -> None:
    assert contexts_of(marked, "ko") == expected


# ---------------------------------------------------------------- cues and languages

NO: Final = Cue("no", "negated", "before", 2, "en")
FALSE: Final = Cue("falso", "negated", "after", 2, "it")
GERMAN: Final = Cue("kein", "negated", "before", 2, "de")
RUSSIAN: Final = Cue("не", "negated", "before", 2, "ru")

# name, cue, text that holds the cue, with the match in [[ ]], language of the keyword
LANGUAGES: Final = [
    ("its own language", NO, "no [[gold]]", "en", "negated"),
    ("another language", NO, "no [[oro]]", "it", NONE),
    ("another language, behind", FALSE, "[[gold]] falso", "en", NONE),
    ("its own, behind", FALSE, "[[oro]] falso", "it", "negated"),
    ("a language without tables", GERMAN, "kein [[Schmuggel]]", "de", "negated"),
    ("accents are Latin", NO, "no [[café]]", "fr", NONE),
    ("full-width letters are Latin", NO, "no [[ｇｏｌｄ]]", "fr", NONE),
    ("a keyword of another script", NO, "no [[밀수]]", "fr", "negated"),
    ("a cue of another script", RUSSIAN, "не [[gold]]", "en", "negated"),
    ("as far as its reach", NO, "no a b [[gold]]", "en", "negated"),
    ("beyond its reach", NO, "no a b c [[gold]]", "en", NONE),
    ("hyphens part words", NO, "no a-b-c [[gold]]", "en", NONE),
    ("on the wrong side", NO, "[[gold]] no", "en", NONE),
    ("too many characters off", NO, "no " + "a" * 300 + " [[gold]]", "en", NONE),
    ("alone in its sentence", NO, "no. [[Gold]]", "en", NONE),
    ("overlapping the match", NO, "[[no gold]]", "en", NONE),
]


@pytest.mark.parametrize(
    ("cue", "marked", "language", "expected"),
    [pytest.param(*case, id=name) for name, *case in LANGUAGES],
)
def test_a_cue_concerns(cue: Cue, marked: str, language: str, expected: str) -> None:
    text, parts = read_marks(marked)
    at = text.index(cue.keyword)
    contexts = Contexts(text, Sentences(text), [(at, at + len(cue.keyword), cue)])

    assert " ".join(contexts.of(parts, language)) == expected


def test_never_cancels_cues_of_its_own_context_only() -> None:
    text = "not only gold"
    hits = [
        (0, 3, Cue("not", "negated", "before", 2, "en")),
        (0, 3, Cue("not", "historical", "before", 2, "en")),
        (0, 8, Cue("not only", "negated", "never", 0, "en")),
    ]

    assert Contexts(text, Sentences(text), hits).of([(9, 13)], "en") == ("historical",)


def test_the_cues_looked_at_are_the_nearest() -> None:
    other = Cue("no", "negated", "before", 20, "de")
    text = "no " * 20 + "gold"
    spans = [(i, i + 2) for i in range(0, 60, 3)]

    near = [(*span, NO if span == spans[-1] else other) for span in spans]
    far = [(*span, NO._replace(reach=20) if span == spans[0] else other) for span in spans]

    assert Contexts(text, Sentences(text), near).of([(60, 64)], "en") == ("negated",)
    assert Contexts(text, Sentences(text), far).of([(60, 64)], "en") == ()


# ----------------------------------------------------------------------- laws


def test_nothing_is_read_before_the_first_question() -> None:
    def hits() -> Iterable[CueHit]:
        asked.append(True)
        yield 0, 2, NO

    asked: list[bool] = []
    contexts = Contexts("no gold", Sentences("no gold"), hits())
    before = list(asked)

    assert contexts.of([(3, 7)], "en") == contexts.of([(3, 7)], "en") == ("negated",)
    assert (before, asked) == ([], [True])


def test_a_match_without_parts_has_no_context() -> None:
    assert Contexts("no gold", Sentences("no gold"), [(0, 2, NO)]).of([], "en") == ()


WORDS: Final = "no not if gold former 밀수 않았 and or the 's was a A 10".split()
SIGNS: Final = [*', ; : . “ ” " ‘ ’ « » „ 「 」 ( — - --'.split(), "\n", "\n\n", "\u200b"]
signs = st.sampled_from(WORDS) | st.sampled_from(SIGNS) | st.just(" ")
texts = st.lists(signs, max_size=30).map("".join) | st.text(max_size=30)
cues = st.builds(
    Cue,
    st.sampled_from(["no", "않았"]),
    st.sampled_from(["negated", "hypothetical", "historical"]),
    st.sampled_from(["before", "after", "never", "ends"]),
    st.integers(0, 9),
    st.sampled_from(["en", "ko"]),
)


@st.composite
def spans_in(draw: st.DrawFn, text: str) -> Span:
    start = draw(st.integers(0, max(0, len(text) - 1)))
    return start, draw(st.integers(start + 1, max(start + 1, len(text))))


@st.composite
def cases(draw: st.DrawFn) -> tuple[str, list[CueHit], list[Span]]:
    """A text, cues anywhere in it, and the parts of a match."""
    text = draw(texts)
    hits = [(*draw(spans_in(text)), cue) for cue in draw(st.lists(cues, max_size=6))]
    return text, hits, sorted(draw(st.lists(spans_in(text), min_size=1, max_size=3)))


@given(cases())
def test_any_text_and_any_hits_have_contexts_in_order(
    case: tuple[str, list[CueHit], list[Span]],
) -> None:
    text, hits, parts = case

    found = Contexts(text, Sentences(text), hits).of(parts, "en")

    assert found == tuple(context for context in CONTEXTS if context in found)
    assert set(found) <= {"quoted", *(hit[2].context for hit in hits)}
    assert Contexts(text, Sentences(text), reversed(hits)).of(parts, "en") == found


@given(cases())
def test_without_cues_and_quotation_marks_there_is_no_context(
    case: tuple[str, list[CueHit], list[Span]],
) -> None:
    text, _, parts = case
    plain = text.translate(dict.fromkeys(map(ord, '“„‟"«»「『‘'), " "))

    assert Contexts(plain, Sentences(plain), []).of(parts, "en") == ()


@given(cases())
def test_one_part_in_a_context_puts_the_whole_there(
    case: tuple[str, list[CueHit], list[Span]],
) -> None:
    text, hits, parts = case
    # A cue that overlaps one part works upon none.
    apart = [hit for hit in hits if all(hit[1] <= s or e <= hit[0] for s, e in parts)]
    contexts = Contexts(text, Sentences(text), apart)

    alone = {context for part in parts for context in contexts.of([part], "en")}

    assert alone <= set(contexts.of(parts, "en"))


# -------------------------------------------------------------------- hostile texts

WORDS_IN_TEXT: Final = 100_000
MATCHES: Final = 3_000
HOSTILE: Final = [
    ("nothing but negators", "no ", NO, "en"),
    ("negators of another language", "no ", NO, "fr"),
    ("one endless word", "no&", NO, "en"),
    ("nothing but commas", "no,", NO, "en"),
    ("out of reach", "no-", NO._replace(reach=0), "en"),
    ("cues behind", "no ", NO._replace(role="after"), "en"),
    ("cancelled", "no ", NO._replace(role="never"), "en"),
    ("borders", "no ", NO._replace(role="ends"), "en"),
    ("quotation marks", "“no", NO, "en"),
    ("apostrophes", "‘o’", NO, "en"),
]


@pytest.mark.parametrize(
    ("word", "cue", "language"), [pytest.param(*case, id=name) for name, *case in HOSTILE]
)
def test_a_hostile_text_takes_a_moment(word: str, cue: Cue, language: str) -> None:
    text = word * WORDS_IN_TEXT
    hits = [(i, i + 2, cue) for i in range(0, len(text), 3)]
    hits += [(i, i + 2, NO._replace(language="de")) for i in range(0, len(text), 99)]
    matches = [(i * 99 + 33, i * 99 + 35) for i in range(MATCHES)]
    started = perf_counter()

    contexts = Contexts(text, Sentences(text), hits)
    answers = [contexts.of([match], language) for match in matches]

    assert len(answers) == MATCHES
    assert perf_counter() - started < 5  # most take a tenth of a second
