"""How often rules tag real text, and how right they are: the figures of docs/quality.md.

    python bench/quality.py --corpus DIR                          print the tables
    python bench/quality.py --corpus DIR --sample 20 --seed 1     ... and tags to read
    python bench/quality.py --corpus DIR --record docs/quality.md write the figures there
    python bench/quality.py --corpus DIR --gate docs/quality.md   compare with what is written

DIR holds corpora, a document a line: ``NAME.jsonl`` with ``text``, and
``gold_NAME.jsonl`` with labels too, as ``ruletag eval`` reads them.

``--record`` puts the tables between the two marks of the page, and the numbers
into a JSON file of the same name beside it. ``--gate`` fails (exit 1) where

- a rate is more than 1.25 times as high or as low as recorded, and at least five
  documents more or fewer are tagged: a broad word shows here, not in the labels;
- micro F1 without borderline pairs fell by more than 0.02;
- a corpus that was recorded is missing, or has changed: nothing can be compared.

Another digest of the rules alone is no failure, since every edit changes it; it
is said, since the figures of the page are then those of other rules.
"""

import argparse
import hashlib
import json
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any, Final, NamedTuple

from ruletag.corpus.evaluate import evaluate, judged_names, merged
from ruletag.corpus.gold import Gold, read_gold
from ruletag.corpus.scores import Figure, Scores, table
from ruletag.matching.compiler import CompiledRules, compile_rules
from ruletag.matching.examples import marked
from ruletag.matching.tagger import tag
from ruletag.matching.tagging import Tagging
from ruletag.rules.loader import read_rules

ROOT: Final = Path(__file__).resolve().parent.parent
FACTOR: Final = 1.25
LEAST_MOVED: Final = 5  # documents
MOST_LOST: Final = 0.02  # of micro F1
MARKS: Final = ("<!-- figures -->", "<!-- end of figures -->")


class Corpus(NamedTuple):
    """What rules did to a corpus: how many documents each category was given to."""

    documents: int
    digest: str
    tagged: Counter[str]
    sample: dict[str, list[str]]

    def rate(self, category: str) -> float:
        """Give the tagged documents of a thousand."""
        return 1_000 * self.tagged[category] / self.documents if self.documents else 0.0


class Sampler:
    """Keeps so many tagged texts of each category, each with the same chance."""

    def __init__(self, most: int, seed: int) -> None:
        self._most = most
        self._random = Random(seed)  # noqa: S311 - a sample must be drawn the same again
        self._seen: Counter[str] = Counter()
        self.kept: dict[str, list[str]] = {}

    def offer(self, category: str, text: str, tagging: Tagging) -> None:
        """Take a text, or pass it over."""
        self._seen[category] += 1
        kept = self.kept.setdefault(category, [])
        place = self._random.randrange(self._seen[category])
        if len(kept) < self._most:
            kept.append(_shown(category, text, tagging))
        elif place < self._most:
            kept[place] = _shown(category, text, tagging)


def _shown(category: str, text: str, tagging: Tagging) -> str:
    """Give the sentences of the evidence of a category, marked."""
    inside: dict[tuple[int, int], set[tuple[int, int]]] = {}
    for one in tagging.tags:
        if one.category == category or one.category.startswith(f"{category}."):
            for piece in one.evidence:
                first, last = piece.sentence
                marks = inside.setdefault((first, max(last, piece.end)), set())
                marks.add((piece.start - first, piece.end - first))
    sentences = [marked(text[a:b], merged(marks)) for (a, b), marks in inside.items()]
    return " … ".join(" ".join(sentence.split()) for sentence in sentences)[:500]


def measure(rules: CompiledRules, path: Path, sampler: Sampler) -> Corpus:
    """Tag a corpus."""
    content = path.read_bytes()
    tagged: Counter[str] = Counter()
    documents = 0
    for line in filter(bytes.strip, content.split(b"\n")):
        text = json.loads(line)["text"]
        tagging = tag(rules, text)
        documents += 1
        tagged.update(tagging.categories)
        for category in tagging.categories:
            sampler.offer(category, text, tagging)
    return Corpus(documents, hashlib.sha256(content).hexdigest(), tagged, sampler.kept)


def golds(path: Path) -> list[Gold]:
    """Read labelled documents; end where one cannot be used."""
    found = []
    with path.open("rb") as lines:
        for item in read_gold(lines):
            if not isinstance(item, Gold):
                sys.exit(f"{path}:{item.line}: {item.reason}")
            found.append(item)
    return found


def scored(rules: CompiledRules, path: Path) -> dict[str, dict[str, Scores]]:
    """Give the scores on labelled documents, without borderline pairs and with them."""
    documents = golds(path)
    judged = judged_names(rules, documents).judged
    outcomes = evaluate(rules, documents, judged).documents
    found = {}
    for name, with_borderline in (("without", False), ("with", True)):
        scores = table(outcomes, judged, with_borderline=with_borderline)
        found[name] = {**scores.categories, "micro": scores.micro, "macro": scores.macro}
    return found


# ------------------------------------------------------------------ tables


def rates_table(categories: Sequence[str], corpora: dict[str, Corpus]) -> Iterator[str]:
    """Give the tags of a thousand documents, a row for each category."""
    yield "| tagged of 1,000 | " + " | ".join(corpora) + " |"
    yield "|---|" + "---:|" * len(corpora)
    yield "| documents | " + " | ".join(f"{c.documents:,}" for c in corpora.values()) + " |"
    for category in categories:
        rates = " | ".join(f"{corpus.rate(category):.1f}" for corpus in corpora.values())
        yield f"| {category} | {rates} |"


def scores_table(name: str, scores: dict[str, dict[str, Scores]]) -> Iterator[str]:
    """Give precision, recall and F1, a row for each category."""
    yield f"| {name} | labels | precision | recall | F1 | 95 % | F1 with borderline |"
    yield "|---|---:|---:|---:|---:|---|---:|"
    for row, one in scores["without"].items():
        figures = [_number(figure) for figure in (one.precision, one.recall, one.f1)]
        between = " to ".join(f"{edge:.3f}" for edge in one.f1.interval or ())
        with_them = _number(scores["with"][row].f1)
        yield f"| {row} | {one.support} | {' | '.join(figures)} | {between} | {with_them} |"


def _number(figure: Figure) -> str:
    return "–" if figure.value is None else f"{figure.value:.3f}"


# ------------------------------------------------------------ record and gate


def record(page: Path, lines: Sequence[str], numbers: dict[str, Any]) -> None:
    """Write the tables into the page, and the numbers beside it."""
    text = page.read_text(encoding="utf-8")
    begin, end = MARKS
    if text.count(begin) != 1 or text.count(end) != 1:
        sys.exit(f"{page} needs one line {begin} and one {end} to write between")
    before, after = text.split(begin)[0], text.split(end)[1]
    content = "\n".join((begin, "", *lines, "", end))
    page.write_text(before + content + after, encoding="utf-8")
    beside = json.dumps(numbers, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    page.with_suffix(".json").write_text(beside, encoding="utf-8")


def complaints(recorded: dict[str, Any], now: dict[str, Any]) -> Iterator[str]:
    """Say what moved too far."""
    for name, before in recorded["corpora"].items():
        after = now["corpora"].get(name)
        if after is None or after["sha256"] != before["sha256"]:
            yield f"{name}: the corpus is {'missing' if after is None else 'another'}"
            continue
        for category in sorted({*before["tagged"], *after["tagged"]}):
            was, is_ = before["tagged"].get(category, 0), after["tagged"].get(category, 0)
            if abs(was - is_) >= LEAST_MOVED and max(was, is_) > FACTOR * min(was, is_):
                yield f"{name}: {category} tagged {was:,} documents, and now {is_:,}"
    for name, before in recorded["micro_f1"].items():
        after = now["micro_f1"].get(name)
        if after is None or after < before - MOST_LOST:
            yield f"{name}: micro F1 was {before:.3f}, and is {after}"


def gate(page: Path, now: dict[str, Any]) -> int:
    """Compare with what was recorded; give the exit code."""
    beside = page.with_suffix(".json")
    if not beside.exists():
        sys.exit(f"{beside} is missing; --record {page} writes it")
    recorded = json.loads(beside.read_text(encoding="utf-8"))
    if recorded["rules"] != now["rules"]:
        print(f"{page} has the figures of other rules; --record writes those of today")
    found = list(complaints(recorded, now))
    for complaint in found:
        print(f"moved: {complaint}")
    print("the gate fails" if found else "the gate holds")
    return 1 if found else 0


def _options() -> argparse.Namespace:
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=form)
    parser.add_argument("--corpus", type=Path, required=True, metavar="DIR")
    parser.add_argument("--rules", type=Path, default=ROOT / "rules", metavar="DIR")
    parser.add_argument("--sample", type=int, default=0, metavar="N")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--record", type=Path, metavar="PAGE")
    parser.add_argument("--gate", type=Path, metavar="PAGE")
    return parser.parse_args()


def main() -> int:
    """Measure, print, and record or compare."""
    options = _options()
    rules = compile_rules(read_rules(options.rules))
    paths = sorted(options.corpus.glob("*.jsonl"))
    if not paths:
        sys.exit(f"{options.corpus} holds no .jsonl file")
    labelled = {p.stem: scored(rules, p) for p in paths if p.stem.startswith("gold_")}
    corpora = {
        p.stem: measure(rules, p, Sampler(options.sample, options.seed))
        for p in paths
        if p.stem not in labelled
    }
    lines = [f"Measured on {datetime.now(UTC):%Y-%m-%d} with the rules `{rules.digest[:19]}`."]
    lines += ["", *rates_table(sorted(rules.ids), corpora)] if corpora else []
    for name, scores in labelled.items():
        lines += ["", *scores_table(name, scores)]
    print("\n".join(lines))
    for name, corpus in corpora.items():
        for category, shown in sorted(corpus.sample.items()):
            print("\n".join((f"\n{name}: {category}", *shown)) if options.sample else "", end="")
    print()
    numbers = _numbers(rules, corpora, labelled)
    if options.record:
        record(options.record, lines, numbers)
    return gate(options.gate, numbers) if options.gate else 0


def _numbers(
    rules: CompiledRules,
    corpora: dict[str, Corpus],
    labelled: dict[str, dict[str, dict[str, Scores]]],
) -> dict[str, Any]:
    """Give what a later run is compared with."""
    return {
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "rules": rules.digest,
        "corpora": {
            name: {"documents": c.documents, "sha256": c.digest, "tagged": dict(c.tagged)}
            for name, c in corpora.items()
        },
        "micro_f1": {
            name: scores["without"]["micro"].f1.value for name, scores in labelled.items()
        },
    }


if __name__ == "__main__":
    sys.exit(main())
