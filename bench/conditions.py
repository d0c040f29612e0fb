"""What conditions cost, as a ratio: the search for keywords alone = 1.00.

    python bench/conditions.py [--hits 1000 10000 100000] [--only NAME] [--profile NAME]

Each row is one rule on one text that is made of nothing but its words: `news` has a
sentence for every ten words and a paragraph for every fifty, `flood` is one sentence.
Shown are the milliseconds of the search, how many times that `tag` takes in all, and
what stands under *growth*: how much more the time for one hit is than with a tenth
of the hits (1.0 is linear).
"""

import argparse
import cProfile
import pstats
from collections.abc import Callable, Iterator
from itertools import cycle, islice
from time import perf_counter
from typing import Final, NamedTuple

from ruletag.matching.compiler import CompiledRules, compile_rules
from ruletag.matching.scanning import find_hits
from ruletag.matching.tagger import tag
from ruletag.rules.loader import parse_rules

ALL_WINDOWS: Final = ("phrase", "8 words", "sentence", "2 sentences", "paragraph", "document")
TWO: Final = "all: [[copper, zinc], [smuggled, seized]]"
THREE: Final = "all: [[copper, zinc], [smuggled, seized], [police]]"
FIVE: Final = "all: [[copper], [zinc], [smuggled], [seized], [police]]"
CROWDED: Final = "all: [[copper, copper wire], [wire, copper wire], [wire smuggled, smuggled]]"
SAME: Final = "all: [[copper, zinc], [copper, zinc], [copper, zinc]]"
PLAIN: Final = ("copper", "police", "smuggled", "zinc", "seized")
WIRE: Final = ("copper wire", "smuggled")


class Row(NamedTuple):
    """An entry, and the words of which its text is made."""

    name: str
    entry: str
    words: tuple[str, ...] = PLAIN


def rows() -> Iterator[Row]:
    """Give every entry that is timed."""
    yield Row("plain keywords", "any: [copper, zinc, smuggled, seized, police]")
    for name, groups in (("all of 2", TWO), ("all of 3", THREE), ("all of 5", FIVE)):
        for window in ALL_WINDOWS:
            yield Row(f"{name}, {window}", f"{groups}, within: {window}")
    for window in ALL_WINDOWS:
        yield Row(f"overlapping, {window}", f"{CROWDED}, within: {window}", WIRE)
        yield Row(f"one list three times, {window}", f"{SAME}, within: {window}")
    yield Row("all in order, document", f"{FIVE}, order: as_written, within: document")
    yield Row("all in order, 8 words", f"{FIVE}, order: as_written, within: 8 words")
    for window in ALL_WINDOWS:
        yield Row(f"with, {window}", f"word: copper, with: [seized], within: {window}")
        yield Row(f"none, {window}", f"word: copper, none: [seized], within: {window}")
    yield Row("with that is nowhere", "word: copper, with: [gold], within: document")
    yield Row("all with company", f"{TWO}, with: [police], within: 8 words")
    yield Row("all, always disturbed", f"{TWO}, none: [police], within: document")
    yield Row("all, never company", f"{TWO}, with: [gold], within: document")
    for window in ("8 words", "sentence", "document"):
        yield Row(f"times, {window}", f"any: [copper, zinc], times: 3, within: {window}")
        yield Row(
            f"at_least, {window}", f"any: [{', '.join(PLAIN)}], at_least: 3, within: {window}"
        )
    yield Row("times 100", "any: [copper, zinc], times: 100")


def news(words: tuple[str, ...], count: int) -> str:
    """Give so many words in sentences of ten and paragraphs of fifty."""
    text = ""
    pieces = []
    for number, word in enumerate(islice(cycle(words), count), 1):
        pieces.append(word.capitalize() if number % 10 == 1 else word)
        if number % 50 == 0:
            pieces.append(".\n\n")
        else:
            pieces.append(". " if number % 10 == 0 else " ")
    return text.join(pieces)


def flood(words: tuple[str, ...], count: int) -> str:
    """Give so many words in one sentence."""
    return " ".join(islice(cycle(words), count))


_MANY: Final = 200_000  # characters of a text that is timed once
TEXTS: Final = {"news": news, "flood": flood}


def compiled(entry: str) -> CompiledRules:
    """Compile rules of one category with this entry."""
    return compile_rules(parse_rules({"a.yaml": f"categories: {{x: [{{{entry}}}]}}".encode()}))


def best(call: Callable[[], object], rounds: int) -> float:
    """Give the seconds of the fastest of some calls."""
    seconds = []
    for _ in range(rounds):
        began = perf_counter()
        call()
        seconds.append(perf_counter() - began)
    return min(seconds)


class Timed(NamedTuple):
    """One rule on one text: hits, seconds of the search and of all."""

    hits: int
    scan: float
    all: float


def measure(rules: CompiledRules, text: str) -> Timed:
    """Time the search for keywords, and all that `tag` does."""
    rounds = 1 if len(text) > _MANY else 3
    count = sum(map(len, find_hits(rules, text)[0].values()))
    scan = best(lambda: find_hits(rules, text), rounds)
    return Timed(count, scan, best(lambda: tag(rules, text), rounds))


def shown(times: list[Timed]) -> str:
    """Write the times of one rule with more and more hits."""
    cells = []
    for number, timed in enumerate(times):
        growth = ""
        if number:
            before = times[number - 1]
            growth = f"{timed.all / timed.hits / (before.all / before.hits):5.1f}"
        cells.append(f"{timed.scan * 1000:8.1f} {timed.all / timed.scan:6.1f} {growth:>6}")
    return " |".join(cells)


def profile(row: Row, count: int) -> None:
    """Print where the time of one rule goes."""
    for name, write in TEXTS.items():
        rules, text = compiled(row.entry), write(row.words, count)
        profiler = cProfile.Profile()
        profiler.runcall(tag, rules, text)
        print(f"\n{row.name}, {name}")
        pstats.Stats(profiler).sort_stats("tottime").print_stats(12)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hits", type=int, nargs="+", default=[1_000, 10_000, 100_000])
    parser.add_argument("--only", default="")
    parser.add_argument("--profile", default="")
    options = parser.parse_args()
    if options.profile:
        for row in rows():
            if options.profile == row.name:
                profile(row, options.hits[-1])
        return
    head = " |".join(f"{f'{count:,} hits':>8} {'ratio':>6} {'growth':>6}" for count in options.hits)
    print(f"{'':44}{head}")
    for row in rows():
        if options.only not in row.name:
            continue
        rules = compiled(row.entry)
        for name, write in TEXTS.items():
            times = [measure(rules, write(row.words, count)) for count in options.hits]
            print(f"{row.name + ', ' + name:44}{shown(times)}", flush=True)


if __name__ == "__main__":
    main()
