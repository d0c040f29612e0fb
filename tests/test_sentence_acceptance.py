"""How well the shipped rules read 240 tricky sentences, labelled by hand.

The sentences were written with the words of the rules in view, so this shows what
the language can say, not how right the rules are on news. Negated and denied
mentions are not expected here; the rules tag them all the same, since a text
that denies an arrest is about one.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

import pytest
import yaml

from ruletag.matching.compiler import CompiledRules, compile_rules
from ruletag.matching.tagger import tag
from ruletag.rules.loader import read_rules

HERE: Final = Path(__file__).parent
SENTENCES: Final[Mapping[str, Any]] = yaml.safe_load(
    (HERE / "data" / "sentences.yaml").read_text(encoding="utf-8")
)
CATEGORIES: Final = (
    "smuggling",
    "border_closure",
    "arrests",
    "party_discipline",
    "commodities",
)


class Counts(NamedTuple):
    """Right tags, wrong ones, and those that are missing."""

    right: int
    wrong: int
    missing: int

    @property
    def f1(self) -> float:
        return 2 * self.right / (2 * self.right + self.wrong + self.missing)

    def __str__(self) -> str:
        precision = self.right / max(self.right + self.wrong, 1)
        recall = self.right / max(self.right + self.missing, 1)
        return f"P {precision:.3f}  R {recall:.3f}  F1 {self.f1:.3f}"


@pytest.fixture(scope="module")
def rules() -> CompiledRules:
    return compile_rules(read_rules(HERE.parent / "rules"))


def counted(rules: CompiledRules, sentences: list[Mapping[str, Any]]) -> dict[str, Counts]:
    given = [
        {found.partition(".")[0] for found in tag(rules, sentence["text"]).categories}
        for sentence in sentences
    ]
    expected = [set(sentence["expect"]) for sentence in sentences]
    pairs = list(zip(given, expected, strict=True))
    return {
        name: Counts(
            sum(name in g and name in e for g, e in pairs),
            sum(name in g and name not in e for g, e in pairs),
            sum(name not in g and name in e for g, e in pairs),
        )
        for name in CATEGORIES
    }


# What is reached, rounded down: a change of the rules that loses it must say why.
@pytest.mark.parametrize(("part", "least"), [("sentences", 0.95), ("korean", 0.95)])
def test_sentences_are_read_right(rules: CompiledRules, part: str, least: float) -> None:
    by_category = counted(rules, SENTENCES[part])

    every = Counts(*map(sum, zip(*by_category.values(), strict=True)))
    table = "\n".join(f"{name:17} {counts}" for name, counts in by_category.items())
    assert every.f1 >= least, f"{table}\n{'micro':17} {every}"
