"""Labelled documents are read as written, and a faulty line says what is wrong with it."""

from pathlib import Path
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ruletag.corpus.gold import Fault, Gold, Quote, read_gold
from ruletag.limits import LIMITS

SAMPLE: Final = Path(__file__).parent.parent / "data" / "gold_sample.jsonl"
LABELLED: Final = '{"text": "a copper pipe", "labels": ["tin"]'

# name, line, reason
FAULTS: Final = [
    ("an open object", "{", "not JSON: input data was truncated"),
    ("a word", "nul", "not JSON: input data was truncated"),
    ("more behind it", '{"text":"","labels":[]} x', "not JSON: trailing characters (byte 25)"),
    ("a list", "[]", "expected an object, got a list"),
    ("no text", '{"labels": []}', "it needs `text`"),
    (
        "no labels",
        '{"text": ""}',
        "`labels` is missing; write [] where no category applies",
    ),
    ("a label alone", '{"text": "", "labels": "tin"}', "`labels`: expected a list, got a string"),
    ("an empty label", '{"text": "", "labels": [""]}', "`labels[0]`: is empty"),
    (
        "an id with a fraction",
        '{"id": 1.5, "text": "", "labels": []}',
        "`id`: expected a string or a whole number, got a number with a fraction",
    ),
    (
        "a quote that stands elsewhere",
        LABELLED + ', "evidence": [{"category": "tin", "quote": "copper", "start": 3, "end": 9}]}',
        "the quote `copper` does not stand in the text at 3 to 9; positions are code points from 0",
    ),
    (
        "a quote that stands nowhere",
        LABELLED + ', "evidence": [{"category": "tin", "quote": "zinc"}]}',
        "the quote `zinc` does not stand in the text",
    ),
    (
        "a negative position",
        LABELLED + ', "evidence": [{"category": "tin", "quote": "pipe", "start": -4}]}',
        "the quote `pipe` does not stand in the text at -4 to 0; positions are code points from 0",
    ),
    (
        "evidence without a label",
        LABELLED + ', "evidence": [{"category": "zinc", "quote": "pipe"}]}',
        "evidence for `zinc`, which is neither in `labels` nor `borderline`",
    ),
    (
        "a text that is too long",
        '{"text": "' + "a" * (LIMITS.text + 1) + '", "labels": []}',
        "1,000,001 characters; a text may have 1,000,000",
    ),
    ("nested too deeply", '{"a":' + "[" * 100_000, "not JSON that can be read: nested too deeply"),
]


def read(*lines: str) -> list[Gold | Fault]:
    return list(read_gold(line.encode() for line in lines))


@pytest.mark.parametrize(
    ("line", "reason"), [pytest.param(*case, id=name) for name, *case in FAULTS]
)
def test_faults(line: str, reason: str) -> None:
    assert read("", line) == [Fault(2, reason)]


def test_an_id_stands_once() -> None:
    found = read('{"id": 7, "text": "", "labels": []}', '{"id": 7, "text": "", "labels": []}')

    assert found[1] == Fault(2, "the id `7` stands already in line 1")


def test_not_utf8() -> None:
    assert list(read_gold([b'{"text": "\xff", "labels": []}'])) == [Fault(1, "not UTF-8")]


def test_a_byte_order_mark_and_empty_lines_are_passed_over() -> None:
    found = list(read_gold([b'\xef\xbb\xbf{"text": "a", "labels": []}\n', b"\n", b"  "]))

    assert [type(one) for one in found] == [Gold]


def test_quotes_are_placed_in_text_or_title() -> None:
    line = (
        '{"title": "zinc", "text": "𠮷 copper", "labels": ["tin"], "evidence": ['
        '{"category": "tin", "quote": "copper"}, {"category": "tin", "quote": "zinc"}]}'
    )

    (gold,) = read(line)

    assert isinstance(gold, Gold)
    assert gold.evidence == (
        Quote("tin", 2, 8, "copper"),
        Quote("tin", 0, 4, "zinc", in_title=True),
    )


# name, labels, borderline, whether a.b and whether it is borderline; the category judged is `a`
STANDINGS: Final = [
    ("a label", ["a"], [], True, False),
    ("a label below", ["a.b"], [], True, False),
    ("a name that only begins so", ["ab"], [], False, False),
    ("a weak yes", ["a"], ["a"], True, True),
    ("a weak no", [], ["a"], False, True),
    ("a weak yes below", ["a.b"], ["a.b"], True, True),
    ("a firm yes beside a weak one", ["a.b", "a.c"], ["a.c"], True, False),
    ("nothing", [], [], False, False),
]


@pytest.mark.parametrize(
    ("labels", "borderline", "applies", "is_borderline"),
    [pytest.param(*case, id=name) for name, *case in STANDINGS],
)
def test_a_label_counts_for_those_above(
    labels: list[str], borderline: list[str], *, applies: bool, is_borderline: bool
) -> None:
    gold = Gold(1, None, "", "", frozenset(labels), frozenset(borderline), ())

    assert (gold.has("a"), gold.is_borderline("a")) == (applies, is_borderline)


@given(st.lists(st.binary(max_size=40)))
def test_any_bytes_are_documents_or_faults(lines: list[bytes]) -> None:
    found = list(read_gold(lines))

    assert all(isinstance(one, Gold | Fault) for one in found)


def test_the_sample_can_be_read() -> None:
    with SAMPLE.open("rb") as lines:
        found = list(read_gold(lines))

    assert [type(one) for one in found] == [Gold] * 12
