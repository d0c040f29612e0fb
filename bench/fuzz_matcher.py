"""Compare the matcher with the oracle on many random rules and texts.

    python bench/fuzz_matcher.py --cases 100000 --seed 1

Prints every disagreement, then cases, disagreements and seconds.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from random import Random
from typing import Any, Final, NamedTuple

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

import oracle  # noqa: E402 - the oracle is a test's, not the package's
from ruletag.matching.compiler import compile_rules  # noqa: E402
from ruletag.matching.tagger import tag  # noqa: E402
from ruletag.problems import RuleSetError  # noqa: E402
from ruletag.rules.loader import parse_rules  # noqa: E402

TEXTS_PER_RULE_SET: Final = 20

Rules = dict[str, Any]


class Shape(NamedTuple):
    """What keywords and texts are made of."""

    words: list[str]  # of keywords
    seen: list[str]  # what texts hold besides
    between: list[str]  # what stands between the words of a text
    marks: list[str]  # of a word; "" for none


# ruff: noqa: RUF001 - typographic signs and look-alikes are what is tested
SHAPES: Final = {
    "letters": Shape(
        words=[
            "a",
            "b",
            "ab",
            "ba",
            "aab",
            "ss",
            "ß",
            "abß",
            "é",
            "fi",
            "aba",
            "bab",
            "1",
            "10",
            "a1",
        ],
        seen=[
            "ab",
            "e\u0301",
            "ﬁ",
            "İ",
            "A",
            "B",
            "AB",
            "SS",
            "ẞ",
            "𠮷",
            "a\u00adb",
            "a\u200bb",
            "¹",
            "½",
            "①",
            "™",
            "ａ",
            "a-\nb",
            "as",
            "abs",
            "_",
            "1,0",
            "e",
            "ſ",
        ],
        between=[
            " ",
            " ",
            " ",
            "",
            "-",
            " - ",
            "\n",
            "\r\n",
            "\n\n",
            "’",
            "'",
            "/",
            ",",
            ", ",
            ". ",
            "–",
            " – ",
            "—",
            "  ",
            "\u00a0",
            "(",
            "“",
            "”",
            ":",
        ],
        marks=["", "", "", "", "~"],
    ),
    "english": Shape(
        words=[
            "copper",
            "smuggle",
            "border",
            "closure",
            "lose",
            "the",
            "labor",
            "organize",
            "wire",
            "U.S.",
            "AT&T",
            "N. Korea",
            "C++",
            "10,000",
            "tons",
            "WPK",
            "city",
            "ship",
            "party",
        ],
        seen=[
            "Coppers",
            "smuggling",
            "smuggled",
            "borders",
            "lost",
            "labour",
            "organised",
            "US",
            "us",
            "U.S",
            "u.s.",
            "N Korea",
            "n korea",
            "KOREA",
            "wires",
            "cities",
            "WPKs",
            "wpk",
            "of",
            "a",
            "and",
            "workers'",
            "workers’",
            "copper's",
            "ships",
            "smug-\ngling",
            "border-\nclosure",
            "10",
            "000",
            "copperplate",
            "U.",
            "S.",
            "at&t",
            "ST",
            "St",
        ],
        between=[
            " ",
            " ",
            " ",
            " ",
            " ",
            " ",
            " ",
            "\n",
            "-",
            " - ",
            " – ",
            "–",
            "—",
            "--",
            ", ",
            ". ",
            "; ",
            ": ",
            " (",
            ") ",
            " “",
            "” ",
            ' "',
            '" ',
            "/",
            "\n\n",
            "\r\n",
            " \n",
            "! ",
            "",
            "’",
            " ‘",
            "-\n",
        ],
        marks=["", "", "", "~", "*"],
    ),
    "east": Shape(
        words=[
            "밀수",
            "국경",
            "봉쇄",
            "금",
            "동",
            "銅",
            "鉱山",
            "ガス",
            "タンク",
            "のガス",
            "K팝",
            "10톤",
            "팝",
            "밀수하다",
            "銅 鉱山",
            "국경 봉쇄",
            "ガス タンク",
            "a",
        ],
        seen=[
            "밀수국경을",
            "국가밀수",
            "비밀수사",
            "국경을",
            "금을",
            "금값",
            "金",
            "ｶﾞｽ",
            "ガスー",
            "스",
            "를",
            "은",
            "의",
            "반",
            "10",
            "톤",
            "kg",
            "K",
            "수출",
            "비",
            "각",
            "\u1100\u1161\u11a8",
            "밀\u200b수",
            "a",
            "A",
        ],
        between=[
            "",
            "",
            "",
            "",
            " ",
            " ",
            "-",
            "\n",
            ", ",
            "。",
            ". ",
            "・",
            "「",
            "」",
            "/",
            "\n\n",
            "’",
        ],
        marks=["", "", "", "", "", ""],
    ),
}


def keyword(random: Random, shape: Shape, lists: list[str], *, gaps: bool = True) -> str:
    """Write one keyword with its marks."""
    parts = [phrase(random, shape)]
    if gaps and random.random() < 0.25:
        parts += [
            f"${random.choice(lists)}" if lists and random.random() < 0.3 else phrase(random, shape)
            for _ in range(random.choice((1, 1, 2)))
        ]
    return " ... ".join(parts)


def phrase(random: Random, shape: Shape) -> str:
    """Write one part of a keyword."""
    joint = random.choice((" ", " ", " ", "-", "/", "' "))
    exact = random.random() < 0.1
    written = ""
    for _ in range(random.choice((1, 1, 1, 2, 2, 3))):
        mark = "" if exact else random.choice(shape.marks)
        written += random.choice(shape.words) + mark + (" " if mark else joint)
    return "=" * exact + written.rstrip(" '-/")


def entry(random: Random, shape: Shape, lists: list[str]) -> object:
    """Write one line of `match`, short or long."""
    if lists and random.random() < 0.15:
        return f"${random.choice(lists)}"
    word = keyword(random, shape, lists)
    if random.random() < 0.7:
        return word
    long: Rules = {"word": word}
    if random.random() < 0.6:
        long["weight"] = random.choice(("0.5", "2", "-1", "0.25", "1"))
    if random.random() < 0.3:
        long["except"] = [keyword(random, shape, lists, gaps=False)]
    if random.random() < 0.2 and "~" not in word:
        long["forms"] = random.choice(("none", "plural"))
    return long


def rule_set(random: Random, shape: Shape) -> Rules:
    """Write one rule file."""
    lists = {
        name: [keyword(random, shape, [], gaps=False) for _ in range(random.randint(1, 3))]
        for name in ("metals", "places")[: random.choice((0, 0, 1, 2))]
    }
    names = sorted(lists)
    ids = random.sample(["a", "a.b", "a.b.c", "x.y"], random.randint(1, 3))
    categories: Rules = {}
    for name in ids:
        category: Rules = {
            "match": [entry(random, shape, names) for _ in range(random.randint(1, 4))]
        }
        if random.random() < 0.3:
            category["except"] = [
                keyword(random, shape, names, gaps=random.random() < 0.2)
                for _ in range(random.randint(1, 2))
            ]
        if random.random() < 0.3:
            category["threshold"] = random.choice(("0.5", "1.5", "2"))
        categories[name] = category
    return {"categories": categories} | ({"lists": lists} if lists else {})


def text(random: Random, shape: Shape, rules: Rules) -> str:
    """Write one text: words of the shape, and now and then a keyword of the rules."""
    pieces = []
    for _ in range(random.randint(1, 14)):
        word = random.choice(shape.words if random.random() < 0.6 else shape.seen)
        if random.random() < 0.1:
            word = word.upper()
        pieces += [word, random.choice(shape.between)]
    if random.random() < 0.3:
        lines = str(rules["categories"][random.choice(list(rules["categories"]))]["match"][0])
        pieces.insert(random.randrange(len(pieces)), lines.replace(" ... ", " ").replace("~", ""))
    return "".join(pieces)


def engine_answer(rules: Any, sent: str) -> dict[str, oracle.Verdict]:
    """Put the engine's answer into the oracle's form."""
    return {
        given.category: oracle.Verdict(
            None if given.score is None else Fraction(str(given.score)),
            frozenset(
                oracle.Found(
                    found.start,
                    found.end,
                    found.keyword,
                    tuple((part.start, part.end) for part in found.parts),
                )
                for found in given.evidence
            ),
            frozenset(given.implied_by),
        )
        for given in tag(rules, sent).tags
    }


def cases(random: Random, count: int, only: str) -> Iterator[tuple[Rules, Any, Any, str]]:
    """Give rules (as written, as parsed and as compiled), each with several texts."""
    done = 0
    while done < count:
        shape = SHAPES[only or random.choice(list(SHAPES))]
        written = rule_set(random, shape)
        try:
            parsed = parse_rules({"a.yaml": json.dumps(written, ensure_ascii=False).encode()})
        except RuleSetError:
            continue
        compiled = compile_rules(parsed)
        for _ in range(min(TEXTS_PER_RULE_SET, count - done)):
            yield written, parsed, compiled, text(random, shape, written)
            done += 1


def main() -> None:
    """Run the comparison and print its figures."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--cases", type=int, default=100_000)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--shape", default="", choices=("", *SHAPES))
    options.add_argument("--show", type=int, default=10)
    chosen = options.parse_args()
    began = time.perf_counter()
    wrong = tagged = 0
    for written, parsed, compiled, sent in cases(Random(chosen.seed), chosen.cases, chosen.shape):
        expected, got = oracle.tag(parsed, sent), engine_answer(compiled, sent)
        tagged += bool(expected)
        if expected != got:
            wrong += 1
            if wrong <= chosen.show:
                report(written, sent, expected, got)
    seconds = time.perf_counter() - began
    print(f"{chosen.cases:,} cases ({tagged:,} tagged), {wrong:,} disagreements, {seconds:.0f} s")
    sys.exit(wrong > 0)


def report(
    written: Rules,
    sent: str,
    expected: dict[str, oracle.Verdict],
    got: dict[str, oracle.Verdict],
) -> None:
    """Print one disagreement, the parts of both answers that differ."""
    print(json.dumps(written, ensure_ascii=False))
    print(f"  text {sent!r}")
    for name in sorted(expected.keys() | got.keys()):
        ours, theirs = expected.get(name), got.get(name)
        if ours == theirs:
            continue
        print(
            f"  {name}: oracle {ours and ours.score} {ours and set(ours.implied_by)}, engine {theirs and theirs.score} {theirs and set(theirs.implied_by)}"
        )
        ours_found = ours.evidence if ours else frozenset()
        theirs_found = theirs.evidence if theirs else frozenset()
        for title, found in (
            ("only oracle", ours_found - theirs_found),
            ("only engine", theirs_found - ours_found),
        ):
            for one in sorted(found):
                print(
                    f"    {title}: {one.keyword!r} {sent[one.start : one.end]!r} {one.start}-{one.end} {one.parts}"
                )


if __name__ == "__main__":
    main()
