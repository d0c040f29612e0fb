"""What tagging costs, in one run and as ratios: raw scan = 1.00.

    python bench/tagging.py [--rounds N]

The text is the seed article (about 3 KB); ``ascii`` is the same with plain
quotation marks. ``words only`` is by rules of ten single words without conditions.
All stages are timed in turn, round after round, and the fastest round of each is
shown, since a noisy machine only adds to what a stage costs.
"""

import argparse
import unicodedata
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Final

from ruletag.http import wire
from ruletag.matching.compiler import CompiledRules, compile_rules
from ruletag.matching.tagger import tag
from ruletag.rules.loader import parse_rules, read_rules
from ruletag.text.folding import fold
from ruletag.text.sentences import Sentences

ROOT = Path(__file__).resolve().parent.parent
SEED = ROOT / "seeds" / "couple_arrested_for_smuggling_copper.txt"
WORDS: Final = b"""
categories:
  smuggling: [smuggle~, copper, border, customs]
  arrests: [arrest~, detain~, police]
  metals: [zinc, iron, metal~]
"""


def texts() -> dict[str, str]:
    """Give the article as sent, in ASCII, and with some accents decomposed."""
    seed = SEED.read_text(encoding="utf-8")
    plain = seed.translate({0x2019: "'", 0x2018: "'", 0x201C: '"', 0x201D: '"'})
    return {
        "ascii": plain.encode("ascii", "replace").decode(),
        "typographic": seed,
        "decomposed": unicodedata.normalize("NFD", seed.replace("Choi", "Chöi")),
    }


def stages(rules: CompiledRules, text: str) -> dict[str, Callable[[], object]]:
    """Give what is timed, by name."""
    scan = fold(text).scan
    words = compile_rules(parse_rules({"words.yaml": WORDS}))
    document = wire.TagRequest(text=text)

    def to_json() -> bytes:
        tagging = tag(rules, text)
        return wire.encode(wire.tag_answer(document, rules.digest, tagging, document))

    def raw_scan() -> None:
        for _ in rules.keys.automaton.hits(scan):
            pass

    return {
        "raw scan": raw_scan,
        "normalise": lambda: fold(text),
        "sentences": lambda: Sentences(text).boundaries(),
        "tag, words only": lambda: tag(words, text),
        "tag": lambda: tag(rules, text),
        "text to JSON bytes": to_json,
    }


def measure(work: dict[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Time each stage, in turn; give the fastest round of each in microseconds a call."""
    calls = 20
    seen: dict[str, list[float]] = {name: [] for name in work}
    for _ in range(rounds):
        for name, call in work.items():
            started = perf_counter()
            for _ in range(calls):
                call()
            seen[name].append((perf_counter() - started) / calls * 1e6)
    return {name: min(times) for name, times in seen.items()}


def main() -> None:
    """Print a table for each text."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--rules", type=Path, default=ROOT / "rules")
    options = parser.parse_args()
    rules = compile_rules(read_rules(options.rules))
    print(f"{len(rules.keys):,} keyword forms in {len(rules.categories)} categories")
    for name, text in texts().items():
        hits = sum(1 for _ in rules.keys.automaton.hits(fold(text).scan))
        evidence = sum(len(given.evidence) for given in tag(rules, text).tags)
        print(f"\n{name}: {len(text):,} characters, {hits} hits, {evidence} pieces of evidence")
        times = measure(stages(rules, text), options.rounds)
        for stage, time in times.items():
            print(f"  {stage:20} {time:8.1f} us  {time / times['raw scan']:6.2f}")


if __name__ == "__main__":
    main()
