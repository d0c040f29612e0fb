"""Rules and texts from small alphabets, so that overlaps and shifts of length are common."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from hypothesis import strategies as st

Rules = dict[str, Any]

WORDS: Final = (
    "copper¦wire¦smuggle¦lose¦border¦the¦labor¦city¦U.S.¦N.¦AT&T¦C++¦10,000¦1¦a1¦fi¦é¦aß¦İ"
    "¦밀수¦국경¦봉쇄¦금¦銅¦鉱山¦ガス¦K팝"
).split("¦")
SEEN: Final = (
    "coppers¦COPPER¦smuggled¦lost¦labour¦cities¦US¦us¦copper's¦smug-\ngling¦border-\nclosure"
    "¦e\u0301¦ﬁ¦İ¦ẞ¦𠮷¦cop\u00adper¦bor\u200bder¦wire\ufe0f¦¹¦½¦①¦™¦ｃｏｐｐｅｒ¦밀수국경을¦비밀수사"
    "¦국가밀수¦국경을¦금값¦ｶﾞｽ¦\u1100\u1173\u11b7을¦10¦000¦of¦a¦b¦_"
).split("¦")
SIGNS: Final = (
    " ¦ ¦ ¦ ¦¦-¦ - ¦\n¦\r\n¦\n\n¦’¦'¦/¦,¦, ¦. ¦; ¦:¦–¦ – ¦—¦--¦(¦) ¦“¦” ¦\"¦\u00a0¦。¦「¦」¦!¦-\n"
).split("¦")
JOINTS: Final = (" ", " ", " ", "-", "/", "' ")
IDS: Final = ("a", "a.b", "a.b.c", "x.y")
WEIGHTS: Final = ("0.5", "2", "0.25", "-1")

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


def keywords(lists: Sequence[str] = ()) -> st.SearchStrategy[str]:
    """A phrase or, less often, a gap; a part of it may be one of the lists."""
    parts = phrases() | st.sampled_from([f"${name}" for name in lists]) if lists else phrases()
    gaps = st.lists(parts, min_size=2, max_size=3).map(" ... ".join)
    return st.one_of(phrases(), phrases(), gaps)


@st.composite
def entries(draw: st.DrawFn, lists: Sequence[str] = ()) -> object:
    """One line of `match`, short or long."""
    word = draw(st.one_of(keywords(lists), *[st.just(f"${name}") for name in lists]))
    if draw(st.booleans()):
        return word
    optional = {
        "weight": st.sampled_from(WEIGHTS),
        "except": st.lists(phrases(), min_size=1, max_size=2),
    }
    return draw(st.fixed_dictionaries({"word": st.just(word)}, optional=optional))


@st.composite
def categories(draw: st.DrawFn, lists: Sequence[str] = ()) -> Rules:
    """The mapping of one category."""
    optional = {
        "threshold": st.sampled_from(("0.5", "1.5", "2")),
        "except": st.lists(keywords(lists), min_size=1, max_size=2),
    }
    match = st.lists(entries(lists), min_size=1, max_size=4)
    return draw(st.fixed_dictionaries({"match": match}, optional=optional))


@st.composite
def rule_files(draw: st.DrawFn) -> Rules:
    """One rule file: one to three categories that share words, and lists."""
    lists = draw(
        st.dictionaries(
            st.sampled_from(("metals", "places")), st.lists(phrases(), min_size=1, max_size=3)
        )
    )
    named = draw(
        st.dictionaries(st.sampled_from(IDS), categories(sorted(lists)), min_size=1, max_size=3)
    )
    return {"categories": named} | ({"lists": lists} if lists else {})


# Rules of which each match alone tags its category, and all are worth something else.
plain_keywords = st.lists(keywords(), min_size=1, max_size=5, unique=True)
texts = st.lists(st.tuples(words | st.sampled_from(SEEN), st.sampled_from(SIGNS)), max_size=12).map(
    lambda pairs: "".join(word + sign for word, sign in pairs)
)


def as_yaml(rules: Mapping[str, Any]) -> bytes:
    """Write a rule file; JSON is YAML."""
    return json.dumps(rules, ensure_ascii=False).encode()
