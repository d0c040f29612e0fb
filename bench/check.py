"""What the warnings of ``ruletag check`` cost beside loading the rules.

    python bench/check.py [--files N] [--keywords N]

Rules are generated: files of one category each, a tenth of its keywords being
exceptions, a fifth phrases, a third verbs. Shown are seconds of one run and the
most memory so far; then the same keywords in a single category.
"""

import argparse
import random
import resource
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from time import perf_counter
from typing import TypeVar

from ruletag.linting.runner import lint
from ruletag.matching.compiler import compile_rules
from ruletag.rules.loader import parse_rules

_Result = TypeVar("_Result")


def word(chance: random.Random) -> str:
    """Make up a word that can be pronounced."""
    count = chance.randint(2, 4)
    pairs = [chance.choice("bcdfghklmnprstvw") + chance.choice("aeiou") for _ in range(count)]
    return "".join(pairs) + chance.choice(["", "n", "r", "t", "l"])


def keyword(chance: random.Random) -> str:
    """Make up a keyword: a word, a verb, a phrase or a gap."""
    kind = chance.random()
    if kind < 0.3:  # noqa: PLR2004 - a share
        return word(chance) + "~"
    if kind < 0.5:  # noqa: PLR2004 - a share
        return f"{word(chance)} {word(chance)}"
    return f"{word(chance)} ... {word(chance)}" if kind < 0.55 else word(chance)  # noqa: PLR2004


def category(number: int, keywords: int, chance: random.Random) -> Iterator[str]:
    """Give the lines of a category."""
    excepted = keywords // 10
    yield from (f"  category_{number}:", "    match:")
    yield from (f"      - {keyword(chance)}" for _ in range(keywords - excepted))
    if excepted:
        yield "    except:"
        yield from (f"      - {word(chance)} {word(chance)}" for _ in range(excepted))


def rule_files(count: int, keywords: int) -> dict[str, bytes]:
    """Make up rule files with so many keywords in all."""
    chance = random.Random(1)  # noqa: S311 - the same rules each time
    return {
        f"{i}.yaml": "\n".join(
            ["categories:", *category(i, keywords // count, chance), ""]
        ).encode()
        for i in range(count)
    }


def timed(name: str, work: Callable[[], _Result]) -> _Result:
    """Run something once and say what it took."""
    started = perf_counter()
    result = work()
    seconds = perf_counter() - started
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"  {name:<8} {seconds:7.2f} s {memory:6} MiB")
    return result


def measure(files: dict[str, bytes]) -> None:
    """Load rules and look for what is doubtful."""
    rule_set = timed("parse", lambda: parse_rules(files))
    rules = timed("compile", lambda: compile_rules(rule_set))
    today = datetime.now(tz=UTC).date()
    found = timed("lint", lambda: lint(rules, files, today))
    print(f"  {len(found):,} warnings")


def main() -> None:
    """Print what many files cost, and what one does."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=1000)
    parser.add_argument("--keywords", type=int, default=100_000)
    options = parser.parse_args()
    for files in (options.files, 1):
        print(f"{options.keywords:,} keywords in {files:,} files")
        measure(rule_files(files, options.keywords))


if __name__ == "__main__":
    main()
