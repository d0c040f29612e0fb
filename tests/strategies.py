"""Rules and texts from small alphabets, so that overlaps and shifts of length are common."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from hypothesis import strategies as st

from ruletag.language.cues import CONTEXTS

Rules = dict[str, Any]

WORDS: Final = (
    "copper¦wire¦smuggle¦lose¦border¦the¦labor¦city¦U.S.¦N.¦AT&T¦C++¦10,000¦1¦a1¦fi¦é¦aß¦İ"
    "¦밀수¦국경¦봉쇄¦금¦銅¦鉱山¦ガス¦K팝"
).split("¦")
SEEN: Final = (
    "coppers¦COPPER¦smuggled¦lost¦labour¦cities¦US¦us¦copper's¦smug-\ngling¦border-\nclosure"
    "¦e\u0301¦ﬁ¦İ¦ẞ¦𠮷¦cop\u00adper¦bor\u200bder¦wire\ufe0f¦¹¦½¦①¦™¦ｃｏｐｐｅｒ¦밀수국경을¦비밀수사"
    "¦국가밀수¦국경을¦금값¦ｶﾞｽ¦\u1100\u1173\u11b7을¦10¦000¦of¦a¦b¦_¦no¦not¦denied¦if¦former¦but"
).split("¦")
SIGNS: Final = (
    " ¦ ¦ ¦ ¦¦-¦ - ¦\n¦\r\n¦\n\n¦\r\n\r\n¦’¦'¦/¦,¦, ¦. ¦. The ¦; ¦:¦–¦ – ¦—¦--¦(¦) ¦“¦” ¦\"¦\u00a0"
    "¦。¦「¦」¦!¦-\n"
).split("¦")
JOINTS: Final = (" ", " ", " ", "-", "/", "' ")
LISTS: Final = ("metals", "places", "more")
# Each may refer to those before it, so that none leads back to itself.
IDS: Final = ("a.b.c", "a.b", "x.y", "a", "x")
WEIGHTS: Final = ("0.5", "2", "0.25", "-1")
WINDOWS: Final = (
    *("phrase", "0 words", "1 words", "3 words", "sentence", "2 sentences", "paragraph"),
    "document",
)
FEW_WORDS: Final = ("a", "b", "c", "a b", "b a")
FEW_SIGNS: Final = (" ", " ", " ", ", ", ". The ", "\n\n", "\r\n", " no ", " “")

letters = st.text("abß𠮷é1", min_size=1, max_size=3)
words = st.sampled_from(WORDS) | letters


@st.composite
def phrases(draw: st.DrawFn) -> str:
    """Several words with their marks, or one with `=`."""
    if draw(st.integers(0, 9)) == 0:
        return "=" + draw(words)
    marked = draw(
        st.lists(st.tuples(words, st.sampled_from(("", "", "~", "*"))), min_size=1, max_size=3)
    )
    joint = draw(st.sampled_from(JOINTS))
    written = ""
    for word, mark in marked:
        # A star needs three letters before it, and nothing but a space behind it.
        kept = "" if mark == "*" and not (word.isalpha() and len(word) > 2) else mark
        written += word + kept + (" " if kept else joint)
    return written.rstrip(" '-/")


class Vocabulary(NamedTuple):
    """Of what keywords are made: phrases, and the names of lists and categories."""

    phrases: st.SearchStrategy[str]
    names: tuple[str, ...] = ()

    def keywords(self) -> st.SearchStrategy[str]:
        """A phrase or, less often, a gap or a name; a part of a gap may be a name too."""
        names = st.sampled_from([f"${name}" for name in self.names]) if self.names else st.nothing()
        gaps = st.lists(self.phrases | names, min_size=2, max_size=3).map(" ... ".join)
        return st.one_of(self.phrases, self.phrases, gaps, names)

    def exceptions(self) -> st.SearchStrategy[list[str]]:
        return st.lists(self.phrases, min_size=1, max_size=2)

    def groups(self, least: int = 1) -> st.SearchStrategy[list[object]]:
        """Words any of which will do."""
        long = st.fixed_dictionaries({"word": self.keywords(), "except": self.exceptions()})
        return st.lists(self.keywords() | long, min_size=least, max_size=3)


ALL_WORDS: Final = Vocabulary(phrases())
FEW: Final = Vocabulary(st.sampled_from((*FEW_WORDS, "=A")))


def keywords() -> st.SearchStrategy[str]:
    """A phrase or, less often, a gap."""
    return ALL_WORDS.keywords()


@st.composite
def entries(draw: st.DrawFn, known: Vocabulary) -> object:
    """One line of `match` or `unless`: a keyword, its long form or a block."""
    kind = draw(st.sampled_from(("keyword", "word", "word", "any", "counted", "all")))
    if kind == "keyword":
        return draw(known.keywords())
    entry: Rules = {}
    if kind == "word":
        entry["word"] = draw(known.keywords())
    elif kind == "any":
        entry["any"] = draw(known.groups())
    elif kind == "counted":
        entry["any"] = draw(known.groups(least=2))
        entry[draw(st.sampled_from(("at_least", "times")))] = 2
    else:
        entry["all"] = draw(st.lists(known.groups(), min_size=2, max_size=3))
        entry |= draw(st.sampled_from(({}, {"order": "as_written"})))
    entry |= draw(conditions(known))
    if kind in {"counted", "all"} or not {"with", "none"}.isdisjoint(entry):
        entry |= draw(st.sampled_from([{}, *({"within": window} for window in WINDOWS)]))
    return entry


def conditions(known: Vocabulary) -> st.SearchStrategy[Rules]:
    """The keys that every kind of entry may have."""
    optional = {
        "weight": st.sampled_from(WEIGHTS),
        "except": known.exceptions(),
        "with": known.groups(),
        "none": known.groups(),
        "in": st.just("title"),
        "across": st.just("clauses"),
    }
    return st.sets(st.sampled_from(sorted(optional)), max_size=2).flatmap(
        lambda keys: st.fixed_dictionaries({key: optional[key] for key in sorted(keys)})
    )


@st.composite
def categories(draw: st.DrawFn, known: Vocabulary) -> Rules:
    """The mapping of one category."""
    optional = {
        "threshold": st.sampled_from(("0.5", "1.5", "2")),
        "except": st.lists(known.keywords(), min_size=1, max_size=2),
        "unless": st.lists(entries(known), min_size=1, max_size=1),
        "ignore": st.lists(st.sampled_from(CONTEXTS), min_size=1, max_size=2, unique=True),
        "status": st.sampled_from(("on", "draft", "off", "deprecated")),
    }
    chosen = draw(st.sets(st.sampled_from(sorted(optional)), max_size=2))
    match = {"match": draw(st.lists(entries(known), min_size=1, max_size=4))}
    return match | {key: draw(optional[key]) for key in sorted(chosen)}


@st.composite
def lists(draw: st.DrawFn, known: Vocabulary) -> Rules:
    """Up to three lists, of which each may hold those before it."""
    named: Rules = {}
    for name in LISTS[: draw(st.integers(0, len(LISTS)))]:
        line = known.phrases | st.sampled_from([f"${other}" for other in named] or ["a"])
        optional = {"weight": st.sampled_from(WEIGHTS), "except": known.exceptions()}
        long = st.fixed_dictionaries({"word": line}, optional=optional)
        named[name] = draw(st.lists(line | line | long, min_size=1, max_size=3))
    return named


@st.composite
def rule_files(draw: st.DrawFn, known: Vocabulary = ALL_WORDS) -> Rules:
    """One rule file: up to four categories that share words, lists and each other's matches."""
    named_lists = draw(lists(known))
    ids = draw(st.sets(st.sampled_from(IDS), min_size=1, max_size=4))
    named: Rules = {}
    for id_ in sorted(ids, key=IDS.index):
        names = (*named_lists, *named)
        named[id_] = draw(categories(Vocabulary(known.phrases, names)))
    return {"categories": named} | ({"lists": named_lists} if named_lists else {})


# Rules of which each match alone tags its category, and all are worth something else.
plain_keywords = st.lists(keywords(), min_size=1, max_size=5, unique=True)


def of_pieces(
    pieces: st.SearchStrategy[str], signs: Sequence[str], most: int
) -> st.SearchStrategy[str]:
    """Texts of words and what stands between them."""
    pairs = st.lists(st.tuples(pieces, st.sampled_from(signs)), max_size=most)
    return pairs.map(lambda chosen: "".join(word + sign for word, sign in chosen))


texts = of_pieces(words | st.sampled_from(SEEN), SIGNS, 12)
titles = st.just("") | texts
crowded_texts = of_pieces(st.sampled_from((*FEW_WORDS, "A", "k")), FEW_SIGNS, 14)
crowded_titles = st.just("") | crowded_texts


def as_yaml(rules: Mapping[str, Any]) -> bytes:
    """Write a rule file; JSON is YAML."""
    return json.dumps(rules, ensure_ascii=False).encode()
