"""Sentences end where a reader says so, and the answer does not depend on the questions."""

from itertools import pairwise
from pathlib import Path
from typing import Final

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ruletag.text.sentences import Sentences

SEED: Final = Path(__file__).parents[1] / "seeds" / "couple_arrested_for_smuggling_copper.txt"

# name, text with ‖ where a sentence ends (the end of the text needs none)
CASES: Final = [
    # full stops
    ("two plain sentences", "The husband was freed.‖ He lost his job."),
    ("no final mark", "The husband was freed.‖ He lost his job"),
    ("a digit begins", "Prices rose.‖ 14 people were held."),
    ("an exclamation and a question", "Stop!‖ Who goes there?‖ Nobody answered."),
    ("several marks", "Really?!‖ Yes!!!‖ The guard nodded."),
    ("a decimal", "Copper rose 3.5 percent to $9.75.‖ Tin fell."),
    ("a thousand with dots", "They moved 1.500 kg.‖ Nobody saw it."),
    ("a year ends the sentence", "It closed in 2020.‖ Trade stopped."),
    ("white space before the first word", "  \t The border closed.‖ Trade stopped.  "),
    ("a no-break space between", "He lost his job.‖\u00a0She stayed."),
    ("nothing but a mark", "."),
    ("two spaces between", "He lost his job.‖  She stayed."),
    ("a currency begins", "He paid.‖ $50 was returned."),
    ("a bracket begins", "He paid.‖ (The sum is unknown.)‖ She left."),
    ("a Cyrillic sentence", "Границу закрыли.‖ Торговля прекратилась."),
    ("lower case after a dot", "The firm approx. doubled its output.‖ It grew."),
    # abbreviations
    ("a courtesy title", "Mr. Kim met Mrs. Choi and Dr. Lee.‖ They left."),
    ("ranks one after another", "Lt. Gen. Pak told Col. Ri to wait.‖ He did."),
    ("offices", "Sen. Markey and Rep. Kim wrote to Gov. Brown.‖ Nobody replied."),
    ("a saint and a professor", "Prof. Han flew to St. Petersburg.‖ He spoke there."),
    ("versus", "The case Kim vs. Choi opened.‖ It was brief."),
    ("a month before its day", "He told Daily NK on Apr. 14.‖ The husband got released."),
    ("a month at the end", "It will close in Dec.‖ Nobody knows why."),
    ("a number", "Factory No. 5 burned.‖ The fire spread."),
    ("an age and a question mark", "Was he\n14?‖ Kim was.‖ So\nthey were 2!‖ Yes."),
    ("a year begins and ends the sentence", "When?‖\n2020.‖ The border closed."),
    ("the word no", "He said no.‖ They left."),
    ("a page", "See p. 3 and pp. 10 of the report.‖ It is long."),
    ("a company that goes on", "Acme Inc. Chairman Kim left.‖ He is 60."),
    ("a company at the end", "He worked for Acme Corp.‖ The firm denied it."),
    ("a company before a verb", "Acme Co. Ltd. said it would pay.‖ It did not."),
    ("a country that goes on", "The U.S. Treasury acted.‖ It named two firms."),
    ("a country at the end", "They fled to the U.S.‖ The government said nothing."),
    ("a country at the end, then a quotation", "They sued in the U.K.‖ “We will win,” he said."),
    ("the capital with its dots", "Washington, D.C. Mayor Bowser spoke.‖ She was brief."),
    ("a time that goes on", "They met at 5 p.m. Monday in Seoul.‖ Talks failed."),
    ("a time at the end", "They met at 5 a.m.‖ It was dark."),
    ("a junior", "Kim Jr. Park was there.‖ So was Lee Sr.‖ They spoke."),
    ("and so on, at the end", "They took copper, tin, etc.‖ The police found it."),
    ("for example", "Some metals, e.g. Copper, are banned.‖ Others, i.e. Tin, are not."),
    ("a middle initial", "Leader Kim J. Un spoke.‖ He was brief."),
    ("two initials", "J. K. Rowling and J.R.R. Tolkien were read.‖ Both sold well."),
    ("a verb with an apostrophe", "She said he didn't.‖ Kim objected."),
    ("the letter of a single quotation", "He chose 'J. Kim' as his name.‖ It was not his."),
    ("a long abbreviation", "Messrs. Kim and Ri sold approx. 300 tons.‖ They were caught."),
    ("initials and a question mark", "Is he in the U.S.?‖ Kim would not say."),
    ("an initial at the end", "They chose plan B.‖ It failed."),
    ("a general and his hyphen", "The officials—Gen. Kim and Maj.-Gen. Ri—left.‖ They were late."),
    ("all in capitals", "GEN. KIM MET MR. LEE ON DEC. 5.‖ HE LEFT."),
    ("et alia", "Smith et al. Found nothing.‖ The study was small."),
    ("a state", "He was held in Springfield, Ill.‖ Prosecutors objected.‖ He was freed."),
    # names and addresses
    ("a web address", "See www.example.com/a.b?c=1 for more.‖ It is free."),
    ("a web address at the end", "Write to info@example.com.‖ We answer."),
    ("a name with an exclamation mark", "Yahoo! said it would close.‖ It did."),
    ("such a name before a capital", "He worked at Yahoo! Japan until 2019.‖ He left."),
    ("a file name", "He opened node.js and README.md. again.‖ Nothing happened."),
    # ellipsis
    ("an ellipsis in mid-sentence", "He would wait ... what for?‖ Nobody knew."),
    ("one character as an ellipsis", "He would wait… for years.‖ Nobody knew."),
    ("an ellipsis at the end", "He waited...‖ Nobody came."),
    ("a spaced ellipsis before a name", "He said “the army ... Kim’s army” left.‖ It did."),
    ("an ellipsis begins", "... The rest is lost.‖ Nobody knows."),
    ("a spaced ellipsis", "He would . . . wait.‖ Nobody came."),
    # quotations
    ("a closing quotation mark", "“He lost his job.”‖ She stayed."),
    ("straight quotation marks", '"He lost his job."‖ She stayed.'),
    ("a quotation mark and a bracket", "(He said: “Go.”)‖ She went."),
    ("a quotation begins", "He left.‖ “His wife is still being detained.”"),
    ("a quoted question goes on", "“Why?” he asked.‖ Nobody replied."),
    ("a quoted cry goes on", "“Get out!” the guard shouted.‖ He ran."),
    ("a comma and a quotation", "“They were caught,” a source said.‖ “They knew.”"),
    ("two sentences in a quotation", "“He was freed.‖ His wife is still held,” it said."),
    ("a quoted question with its speaker", "“Why?” Kim asked.‖ Nobody replied."),
    ("a quoted question, then a new sentence", "“Why?”‖ He asked nobody else.‖ “Go!”‖ Kim left."),
    ("a bracket in mid-sentence", "The firm (Acme Inc.) paid (why?) at once.‖ It could."),
    # line breaks
    ("a hard wrap", "The husband was\nfreed.‖ His wife\nwas not."),
    ("a hard wrap after a full stop", "The husband was freed.‖\nHis wife was not."),
    ("a hard wrap after a title", "They met Mr.\nKim.‖ He left."),
    ("a wrapped line set in", "The husband of\n    Choi was freed.‖ His wife was not."),
    ("a headline", "Couple arrested for smuggling copper‖\n\nThe authorities arrested a couple."),
    ("a blank line with spaces", "Couple arrested‖ \n \t\nThe police acted"),
    ("CR LF wraps", "The husband was\r\nfreed.‖\r\nHis wife was not."),
    ("CR LF blank line", "Couple arrested‖\r\n\r\nThe police acted."),
    ("CR alone", "Couple\rarrested‖\r\rThe police acted."),
    ("line separators", "Couple\u2028arrested‖\u2028\u2028The police\u0085acted‖\u2029\u2029Go"),
    ("a blank line after an abbreviation", "Signed, Kim Jr.‖\n\nSeoul"),
    ("a blank line before lower case", "Signed by all.‖\n\nand others"),
    ("three blank lines", "One‖\n\n\n\nTwo"),
    ("a byline", "By Kim J. Un, Seoul‖\n\nSEOUL (Reuters) - Trade stopped.‖ Prices rose."),
    ("a numbered list", "Seized:\n1. Copper\n2. Tin‖\n\nAll of it was sold."),
    ("a numbered list of sentences", "1. The couple was held.‖\n2. The metal was sold."),
    ("a lettered list", "a. Copper‖\n\nb. Tin"),
    ("a day wrapped to the next line", "He told Daily NK on April\n14.‖ The husband was freed."),
    ("bullets", "They were held.‖\n- Copper was found.‖\n- Tin was not."),
    ("a caption", "Onsong County, North Hamgyong Province. / Image: Daily NK‖\n\nHe left"),
    ("a note with a star", "He was tried.‖ *Translated by S & J"),
    # Korean
    ("Korean", "부부가 체포됐다.‖ 남편은 석방됐다."),
    ("Korean, a quotation with its particle", "그는 “구리를 팔았다.”고 말했다.‖ 아내는 울었다."),
    ("Korean, a quotation that goes on", "“왜 팔았나?” 라고 물었다.‖ 답은 없었다."),
    ("Korean, a decimal and a digit", "가격이 3.5% 올랐다.‖ 10톤이 팔렸다."),
    ("Korean, a date in figures", "2020. 4. 14. 부부가 체포됐다.‖ 남편은 석방됐다."),
    ("Korean, a question", "누가 샀나?‖ 아무도 모른다."),
    ("Korean, a hard wrap", "부부가 온성군에서\n체포됐다.‖\n남편은 석방됐다."),
    ("Korean, an abbreviation in Latin letters", "U.S. 대통령이 왔다.‖ 그는 떠났다."),
    # Japanese and Chinese
    ("Japanese", "夫婦が逮捕された。‖夫は釈放された。"),
    ("Japanese, a quotation that goes on", "「銅を売った。」と述べた。‖妻は泣いた。"),
    ("Japanese, a question and brackets", "（本当か？）‖誰も知らない！‖終わり"),
    ("Japanese, a full-width dot", "夫婦が逮捕された．‖銅は３．５トンだった．"),
    ("Japanese, half-width", "ﾀｲﾎｻﾚﾀ｡‖ｵﾜﾘ"),
    ("Chinese", "夫妇被捕。‖丈夫获释！‖妻子呢？‖没人知道。"),
    ("Chinese, a quotation", "“他被捕了。”‖警方说。"),
    ("Chinese, a quotation begins", "他说。‖“我不知道。”"),
    ("Chinese, an ellipsis", "他等了……没人来。‖天黑了。"),
    ("Chinese, marks together", "真的吗？！‖没人知道。。。‖天黑了。"),
    ("Chinese, a narrow question mark", "真的吗?‖没人知道。"),
    # other languages
    ("French", "M. Dupont a vendu le cuivre.‖ Il a été arrêté."),
    ("French, marks with spaces", "« Pourquoi ? » a-t-il demandé.‖ « Rien ! »‖ Il partit."),
    ("French, an accent in lower case", "Il partit… était-ce la fin ?‖ Étrange."),
    ("German", "„Warum?“ fragte er.‖ „Nein.“‖ Sie ging."),
    ("German, a date", "Am 14. April wurde das Paar verhaftet.‖ Es hatte Kupfer, z. B. Draht."),
    ("German, quotation marks turned round", "Er ging.‖ »Warum?« fragte sie.‖ »Darum.«‖ Stille."),
    ("Spanish", "¿Quién fue?‖ ¡Nadie!‖ El Sr. Kim salió."),
    ("Hindi", "दंपति गिरफ्तार हुए।‖ पति रिहा हुआ।"),
    ("Hindi, a straight quotation mark", '"दंपति गिरफ्तार हुए।"‖ पति रिहा हुआ।'),
    ("Arabic and Urdu", "من فعل؟‖ لا أحد.‖ وہ چلا گیا۔‖ ختم"),
]


# What the rules get wrong, and would get wrong elsewhere if they were turned round.
MISSED: Final = [
    ("an abbreviation at the end, before a name", "They met at 5 p.m.‖ Kim left."),
    ("a pronoun that looks like an initial", "Nobody knew but I.‖ Kim left."),
    ("a name with its own mark at the end", "They hired Yahoo!‖ Kim left."),
]

# name, text with ‖ where a sentence ends, where it is asked, the sentence that is given
SPANS: Final = [
    ("the first character", "He left. She stayed.", 0, "He left."),
    ("the final mark", "He left. She stayed.", 7, "He left."),
    ("white space between", "He left.  She stayed.", 9, "He left."),
    ("the second sentence", "He left.  She stayed.", 10, "She stayed."),
    ("white space at the end", "He left. \n", 9, "He left."),
    ("white space at the start", " \tHe left.", 1, "\t"),
    ("nothing but white space", " \n\n ", 2, "\n"),
    ("a blank line", "He left \n\n She stayed", 9, "He left"),
    ("no white space between", "銅。錫。", 2, "錫。"),
    ("beyond the basic plane", "𠮷。𠮷𠮷。", 3, "𠮷𠮷。"),
]

# name, text, first word, last word, whether a sentence ends between them
BETWEEN: Final = [
    ("one sentence", "He smuggled the copper.", "smuggled", "copper", False),
    ("two sentences", "He smuggled. The copper was sold.", "smuggled", "copper", True),
    ("the mark behind the last word", "He smuggled copper. He left.", "smuggled", "copper", False),
    ("the mark as part of the last word", "He left the U.S. The army too.", "left", "U.S.", False),
    ("the mark as part of the first word", "He left the U.S. The army too.", "U.S.", "army", True),
    ("the mark just before the first word", "他说。铜走私", "铜", "走私", False),
    ("a blank line", "Copper\n\nsmuggled", "Copper", "smuggled", True),
    ("a blank line behind the last word", "Copper smuggled\n\n", "Copper", "smuggled", False),
    ("one word", "He left.", "left", "left", False),
]

SEED_SENTENCES: Final = [
    ("The North Korean authorities recently", "COVID-19 border blockade."),
    ("“A married couple living in Onsong", "told Daily NK on Apr. 14."),
    ("“The husband got released, but", "and lost his job."),
    ("His wife is still", "is still being detained.”"),
    ("According to the source,", "for their wealth."),
    ("However, the COVID-19 pandemic", "and financial troubles."),
    ("Eventually, the Ministry", "out of the country."),
    ("The wife, surnamed Choi,", "local people’s committee."),
    ("The couple used their", "copper and other metals."),
    ("The metals mainly originated", "smelting plants are located."),
    ("The pair cleverly managed", "to and from factories."),
    ("Onsong County, North Hamgyong", "/ Image: Daily NK"),
    ("However, locals found it", "due to COVID-19 restrictions."),
    ("The pair was eventually", "duo into custody."),
    ("“At first, the MSS officers", "the entire operation herself."),
    ("However, after realizing", "him as well,” the source said."),
    ("The Ministry of State Security released", "part in the case."),
    ("However, the authorities criticized", "seriously than usual."),
    ("The man eventually lost", "as well as his job."),
    ("In the meantime, it appears", "anti-COVID-19 measures."),
    ("*Translated by", "by S & J"),
    ("Please direct any comments", "Daily NK's freelance journalists."),
    ("Please direct any questions", "about his articles to"),
]


def marked(text: str) -> tuple[str, list[int]]:
    """Take the ‖ out of *text*, and give the places where they and its end stood."""
    parts = text.split("‖")
    plain = "".join(parts)
    ends = [sum(map(len, parts[: i + 1])) for i in range(len(parts) - 1)]
    return plain, [*ends, len(plain.rstrip())]


def spans(text: str) -> list[tuple[int, int]]:
    """List the spans of all sentences of *text*."""
    sentences = Sentences(text)
    return [sentences.span_at(boundary - 1) for boundary in sentences.boundaries()]


@pytest.mark.parametrize("text", [pytest.param(text, id=name) for name, text in CASES])
def test_sentences_end(text: str) -> None:
    plain, ends = marked(text)

    assert Sentences(plain).boundaries() == ends


@pytest.mark.xfail(reason="cannot be told from the text alone")
@pytest.mark.parametrize("text", [pytest.param(text, id=name) for name, text in MISSED])
def test_sentences_end_unseen(text: str) -> None:
    plain, ends = marked(text)

    assert Sentences(plain).boundaries() == ends


def test_the_gold_sentences_are_found() -> None:
    found = expected = agreed = 0
    for _, text in CASES + MISSED:
        plain, ends = marked(text)
        gold = set(pairwise([0, *ends]))
        answer = set(pairwise([0, *Sentences(plain).boundaries()]))
        found, expected, agreed = (
            found + len(answer),
            expected + len(gold),
            agreed + len(gold & answer),
        )

    assert 2 * agreed / (found + expected) >= 0.97


@pytest.mark.parametrize(
    ("text", "position", "expected"), [pytest.param(*case, id=name) for name, *case in SPANS]
)
def test_span_at(text: str, position: int, expected: str) -> None:
    start, end = Sentences(text).span_at(position)

    assert text[start:end] == expected


@pytest.mark.parametrize(
    ("text", "first", "last", "expected"),
    [pytest.param(*case, id=name) for name, *case in BETWEEN],
)
def test_ends_between(text: str, first: str, last: str, *, expected: bool) -> None:
    start, end = text.index(first), text.index(last) + len(last)

    assert Sentences(text).ends_between(start, end) is expected


def test_the_seed_article() -> None:
    text = SEED.read_text(encoding="utf-8")
    sentences = [text[start:end] for start, end in spans(text)]

    assert len(sentences) == len(SEED_SENTENCES)
    for sentence, (beginning, ending) in zip(sentences, SEED_SENTENCES, strict=True):
        assert sentence.startswith(beginning)
        assert sentence.endswith(ending)


# name, what a hostile text repeats, the number of sentences in a million characters of it;
# a pattern that reads anything twice over would not come to an end here
HOSTILE: Final = [
    ("full stops", ".", 1),
    ("closing quotation marks", "”", 1),
    ("marks and quotation marks", ".”", 1),
    ("line feeds", "\n", 0),
    ("spaces", " ", 0),
    ("line feeds and form feeds", "\n\f", 0),
    ("carriage returns and tabs", "\r\t", 0),
    ("letters and dots", "a.", 1),
    ("letters and line feeds", "a\n", 1),
    ("initials", "A. ", 1),
    ("one word", "A", 1),
    ("spaced marks", "? ", 1),
    ("ideographic full stops", "。", 1),
    ("French quotation marks", ".\xa0»", 1),
    ("speakers", "?” A ", 200_001),
]


@pytest.mark.parametrize(
    ("piece", "count"), [pytest.param(*case, id=name) for name, *case in HOSTILE]
)
def test_a_hostile_text(piece: str, count: int) -> None:
    text = piece * (1_000_000 // len(piece))

    assert len(Sentences(text).boundaries()) == count


@pytest.mark.parametrize("run", [".", "”", " ", "\n", "\xa0»", "A", "\n\f"])
@pytest.mark.parametrize("before", ["A.", "?”", "\n", ""])
def test_a_long_run_is_read_once(before: str, run: str) -> None:
    text = before + run * 300_000 + "z"

    assert Sentences(text).boundaries()[-1] == len(text)


# Small alphabets make what is rare in news common.
letters = st.text('aA .!?"”\n\r。다1', max_size=60)
pieces = ["Mr.", "U.S.", "The", "he", "Kim", "14.", "2020.", "No.", "...", "…", "“Why?”", "»", "("]
pieces += [
    ")",
    "。」",
    "と",
    "다.",
    "-",
    "said",
    "𠮷",
    "．",
    " ",
    " ",
    " ",
    "\n",
    "\r\n",
    "\t",
    "\xa0",
]
words = st.lists(st.sampled_from(pieces), max_size=30).map("".join)
texts = letters | words


@given(text=texts)
@example(text="")
@example(text=" ")
@example(text="\r\n\r\n")
def test_spans_hold_all_but_white_space(text: str) -> None:
    covered = [i for start, end in spans(text) for i in range(start, end)]

    assert covered == sorted(set(covered))
    assert all(text[i].isspace() for i in set(range(len(text))) - set(covered))
    assert not any(text[start].isspace() or text[end - 1].isspace() for start, end in spans(text))


@given(text=texts)
def test_span_at_agrees_with_the_boundaries(text: str) -> None:
    boundaries = Sentences(text).boundaries()
    for i, character in enumerate(text):
        start, end = Sentences(text).span_at(i)

        assert 0 <= start < end <= len(text)
        if not character.isspace():
            assert start <= i < end
            assert end == min(boundary for boundary in boundaries if boundary > i)


@given(text=texts, data=st.data())
def test_answers_do_not_depend_on_the_order(text: str, data: st.DataObject) -> None:
    sentences = Sentences(text)
    for i in data.draw(st.permutations(range(len(text)))):
        assert sentences.span_at(i) == Sentences(text).span_at(i)
    assert sentences.boundaries() == Sentences(text).boundaries()


@given(text=texts.filter(bool), data=st.data())
def test_ends_between_agrees_with_the_boundaries(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    sentences = Sentences(text)

    assert sentences.ends_between(start, end) == any(
        start < boundary < end for boundary in sentences.boundaries()
    )


@given(before=texts, after=texts)
def test_a_blank_line_parts_what_stands_around_it(before: str, after: str) -> None:
    shift = len(before) + 2
    joined = [
        *Sentences(before).boundaries(),
        *(shift + boundary for boundary in Sentences(after).boundaries()),
    ]

    assert Sentences(f"{before}\n\n{after}").boundaries() == joined
