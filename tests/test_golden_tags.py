"""The whole answer to each text in ``golden/tags``, byte for byte but for the digest."""

import json
from pathlib import Path

import pytest

from ruletag.http import wire
from ruletag.matching.compiler import CompiledRules, compile_rules
from ruletag.matching.tagger import tag
from ruletag.rules.loader import read_rules
from ruletag.text.offsets import UNITS, Unit

ROOT = Path(__file__).parent.parent
GOLDEN = Path(__file__).parent / "golden" / "tags"
SEED = ROOT / "seeds" / "couple_arrested_for_smuggling_copper.txt"
TEXTS = [SEED, *sorted(GOLDEN.glob("*.txt"))]

TOPICS = {"smuggling", "border_closure", "arrests", "party_discipline", "commodities"}


@pytest.fixture(scope="module")
def rules() -> CompiledRules:
    return compile_rules(read_rules(ROOT / "rules"))


def answer(rules: CompiledRules, text: str, unit: Unit = "codepoint") -> wire.TagAnswer:
    request = wire.TagRequest(text=text, offsets=unit)
    return wire.tag_answer(request, "sha256:…", tag(rules, text), request)


def read(path: Path) -> str:
    # Line ends as they are: they are part of what is tested.
    return path.read_bytes().decode("utf-8")


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.stem)
def test_the_answer_is_as_ever(rules: CompiledRules, path: Path, regold: bool) -> None:  # noqa: FBT001
    golden = GOLDEN / f"{path.stem}.json"
    given = json.loads(wire.encode(answer(rules, read(path))))
    if regold:
        text = json.dumps(given, ensure_ascii=False, indent=1) + "\n"
        golden.write_text(text, encoding="utf-8")

    assert given == json.loads(golden.read_text(encoding="utf-8"))


def cut(text: str, span: tuple[int, int], unit: Unit) -> str:
    """Cut a span out of a text the way a caller counting in the unit would."""
    encoding, width = {"utf16": ("utf-16-le", 2), "utf8": ("utf-8", 1)}.get(unit, ("utf-32-le", 4))
    start, end = span
    return text.encode(encoding)[start * width : end * width].decode(encoding)


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.stem)
def test_spans_are_exact_in_every_unit(rules: CompiledRules, path: Path, unit: Unit) -> None:
    text = read(path)

    found = answer(rules, text, unit)

    pieces = [piece for category in found.categories for piece in category.evidence or ()]
    assert pieces
    for piece in pieces:
        assert cut(text, (piece.start, piece.end), unit) == piece.text
        assert piece.text in cut(text, piece.sentence, unit)
        for part in piece.parts:
            assert cut(text, (part.start, part.end), unit) == part.text


def test_the_seed_article_has_exactly_five_topics(rules: CompiledRules) -> None:
    found = tag(rules, read(SEED)).categories

    assert {category.partition(".")[0] for category in found} == TOPICS
