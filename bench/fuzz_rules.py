"""Read broken rule files, many and at random: each gives rules or problems, nothing else.

    python bench/fuzz_rules.py --seconds 300 --seed 1

Takes valid rule files apart (bytes, lines, words, structure), puts them together
wrongly, and loads what comes out, as `ruletag check` does: parse, compile, show;
what can be used then tags a text.
Prints each finding with a way to get it again, then cases, findings, codes seen.
A finding is an exception that is no `RuleSetError`, a problem that cannot be
shown on a terminal, or a case that takes longer than a few seconds.
"""

import argparse
import json
import time
import traceback
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any, Final
from unicodedata import category

from ruletag.matching.compiler import compile_rules
from ruletag.matching.tagger import tag
from ruletag.problems import Problem, RuleSetError, as_dict, render
from ruletag.rules.loader import parse_rules

ROOT: Final = Path(__file__).parents[1]
GOOD: Final = [path.read_bytes() for path in sorted((ROOT / "rules").glob("*.yaml"))]
BROKEN: Final = [
    path.read_bytes()
    for path in sorted((ROOT / "tests" / "golden" / "problems").glob("*.yaml"))
    if path.stat().st_size < 50_000  # the giants have tests of their own
]
SEEDS: Final = (*BROKEN, *GOOD * (len(BROKEN) // len(GOOD) // 2))
SLOW: Final = 3.0  # seconds

# ruff: noqa: PLR2004 - the numbers are chances
SIGNS: Final = (
    *"[]{}:,#&*!|>'\"%@`-?~=$\\.… \t\n\r", "\r\n", ": ", "- ", " #", "---\n", "...\n", "<<: ", "[[", "]]",
    "\\[[", "!!python/object/apply:os.system", "&a ", "*a", "~ ", "...", " ... ", "$metals", "=WPK", "\\~",
    "\0", "\x1b[31m", "\x07", "\x85", "\u2028", "\u00a0", "\ufeff", "\u200b", "\u202e", "\u0301", "\ue000",
    "\uf8ff", "\ufffe", "\U0010ffff", "\u1160", "ㅤ", "¹", "½", "ﷺ", "ﬁ", "İ", "ß", "밀수", "国境", "𠮷", "“", "”",
    '"\\ud800"', '"\\x00"', '"\\U0010FFFF"', '"\\L"', "null", "yes", "012", "1e3", "2020-01-22", "0x1F",
)  # fmt: skip
BYTES: Final = (
    b"\xff",
    b"\xc3",
    b"\xed\xa0\x80",
    b"\xf4\x90\x80\x80",
    b"\x00",
    b"\xef\xbb\xbf",
    b"\xe9",
)
KEYS: Final = (
    "match", "mach", "label", "severity", "threshold", "except", "tests", "tag", "skip", "word", "case",
    "forms", "weight", "id", "any", "all", "within", "unless", "lists", "categories", "version",
    "language", "keywords", "Smuggling", "a.b", "a..b", "", "~", "<<", "file", "밀수", "all", "any", "none",
    "at_least", "times", "order", "in", "with", "across", "name", "ignore", "status", "review_by", "owner",
    "links", "meta", "todo", "cues", "negated", "before", "after", "never", "ends", "reach", "words", "column",
)  # fmt: skip
WORDS: Final = (
    "smuggle~", "smuggl*", "border closure", "strip~ ... membership", "=WPK", "$metals", "$none", "500",
    "$500", "U.S.", "AT&T", "a ... b ... c", "*a", "~", "...", "sm*", "a* b~ c", "organize~ organize~ organize~",
    "= x", "the =WPK", "x \\~ y", "밀수", "금", "“x”", "x,", "[[x]] y", "x [[y]] z", "0.5", "-1", "1.2345", "en",
    "8 words", "2 sentences", "sentence", "phrase", "document", "as_written", "title", "clauses", "draft",
    "off", "negated", "2027-01-31", "2", "$smuggling", "$a", "$a.b", "$metals ... x", "a.txt", "{}",
    "x" * 256, "x" * 257, "x" * 30 + "~" * 5, "é\u0301" * 20, "\x07", "\ud7ff", "high", "exact", "none", "verb",
)  # fmt: skip


BLOCK: Final[dict[str, tuple[Any, ...]]] = {
    "within": ("sentence", "3 words", "2 sentences", "paragraph", "document", "phrase", 5, ""),
    "with": (["smuggle~"], ["$metals"], "x", [["a"]]),
    "none": (["smuggle~", "$none"], ["x ... y"], []),
    "at_least": (1, 2, 0, "two"),
    "times": (1, 3, -1),
    "order": ("as_written", "any", True),
    "in": ("title", "body"),
    "across": ("clauses", "sentences"),
    "weight": (0.5, -1, "1.2345"),
    "except": (["smuggle~ it"], "x"),
}
TEXT: Final = "He did not smuggle copper. They stripped 5,000 tons, the WPK said:\n\n“밀수” x y 500"


# ------------------------------------------------------------------- mutations


def mutate_bytes(random: Random, content: bytes) -> bytes:
    """Put in, take out or double a few bytes."""
    for _ in range(random.choice((1, 1, 1, 2, 5))):
        start = random.randrange(len(content) + 1)
        end = min(len(content), start + random.choice((0, 0, 1, 2, 20)))
        new = random.choice(
            (b"", random.choice(BYTES), random.choice(SIGNS).encode(), content[start:end] * 2)
        )
        content = content[:start] + new + content[end:]
    return content


def mutate_lines(random: Random, content: bytes) -> bytes:
    """Move, indent, double, drop or join lines."""
    lines = content.split(b"\n")
    for _ in range(random.choice((1, 1, 2, 4))):
        i, j = random.randrange(len(lines)), random.randrange(len(lines))
        old, other = lines[i], lines[j]
        lines[i : i + 1] = random.choice(
            (
                [],
                [old, old],
                [other],
                [other, old],
                [b"\t" + old],
                [b" " * random.randrange(9) + old.lstrip()],
                [old + random.choice((b" ", b"", b",", b":")) + other.strip()],
            )
        ) or [b""]
    return b"\n".join(lines)


def splice(random: Random, content: bytes) -> bytes:
    """Join the head of one file to the tail of another."""
    other = random.choice(SEEDS)
    return content[: random.randrange(len(content) + 1)] + other[random.randrange(len(other) + 1) :]


def fragments(random: Random, _: bytes) -> bytes:
    """Write signs and words one after the other."""
    parts = random.choices(
        (*SIGNS, *KEYS, *WORDS, "\n  ", "\n    - ", ": ["), k=random.randrange(1, 40)
    )
    return "".join(parts).encode("utf-8", "replace")


def structure(random: Random, _: bytes) -> bytes:
    """Build a tree of the right keys with wrong values here and there."""
    return json.dumps(rule_file(random), ensure_ascii=random.random() < 0.2).encode(
        "utf-8", "replace"
    )


def rule_file(random: Random) -> Any:  # noqa: ANN401 - any JSON
    """Give a rule file, more or less."""
    wild = random.random() < 0.05
    return (
        anything(random, 0)
        if wild
        else {
            "lists": {
                random.choice(("metals", "none", *KEYS)): entries(random)
                for _ in range(random.randrange(3))
            },
            "categories": {
                random.choice(KEYS): one_category(random) for _ in range(random.randrange(4))
            },
            **({random.choice(KEYS): anything(random, 2)} if random.random() < 0.2 else {}),
        }
    )


def one_category(random: Random) -> Any:  # noqa: ANN401
    """Give a category, more or less."""
    if random.random() < 0.4:
        return entries(random)
    made: dict[str, Any] = {"match": entries(random)}
    for key in random.sample(KEYS, random.randrange(4)):
        made[key] = random.choice((lambda: anything(random, 2), lambda: entries(random)))()
    if random.random() < 0.3:
        made["tests"] = {"tag": entries(random), "skip": entries(random)}
    return made


def entries(random: Random) -> Any:  # noqa: ANN401
    """Give a list of keywords, more or less."""
    if random.random() < 0.05:
        return anything(random, 1)
    return [entry(random) for _ in range(random.randrange(5))]


def entry(random: Random) -> Any:  # noqa: ANN401
    """Give a keyword, its long form, or neither."""
    kind = random.random()
    if kind < 0.6:
        return keyword(random)
    if kind < 0.8:
        return block(random)
    if kind < 0.95:
        made: dict[str, Any] = {"word": keyword(random)}
        for key in random.sample(KEYS, random.randrange(3)):
            made[key] = random.choice(
                (random.choice(WORDS), [keyword(random)], anything(random, 2))
            )
        return made
    return anything(random, 1)


def block(random: Random) -> Any:  # noqa: ANN401
    """Give a block, more or less."""
    groups = [[keyword(random)] * random.randrange(1, 3) for _ in range(random.randrange(4))]
    made: dict[str, Any] = random.choice(
        ({"all": groups}, {"any": entries(random)}, {"word": keyword(random)})
    )
    made |= {key: random.choice(values) for key, values in BLOCK.items() if random.random() < 0.25}
    if random.random() < 0.1:
        made[random.choice(KEYS)] = anything(random, 2)
    return made


def keyword(random: Random) -> str:
    """Join words and signs to what may be a keyword."""
    parts = random.choices((*WORDS, *SIGNS), k=random.choice((1, 1, 2, 3)))
    return random.choice(("", " ", " ... ")).join(parts)


def anything(random: Random, depth: int) -> Any:  # noqa: ANN401
    """Give any tree."""
    if depth > 4 or random.random() < 0.5:
        return random.choice((None, True, 0, 1.5, "", *WORDS))
    if random.random() < 0.5:
        return [anything(random, depth + 1) for _ in range(random.randrange(4))]
    return {random.choice(KEYS): anything(random, depth + 1) for _ in range(random.randrange(4))}


MUTATIONS: Final[tuple[Callable[[Random, bytes], bytes], ...]] = (
    mutate_bytes, mutate_bytes, mutate_lines, mutate_lines, splice, fragments, structure, structure,
)  # fmt: skip


# ------------------------------------------------------------------------- run


def load(files: dict[str, bytes]) -> tuple[Problem, ...]:
    """Give the problems of some rule files; none if they can be used."""
    try:
        tag(compile_rules(parse_rules(files)), TEXT, title="Smuggling of copper")
    except RuleSetError as error:
        return error.problems
    return ()


def complaint(problems: tuple[Problem, ...]) -> str:
    """Say what is wrong with the way problems are shown, or nothing."""
    for problem in problems:
        shown = render(problem, folder="rules")
        json.dumps(as_dict(problem)).encode()
        lines = shown.split("\n")
        if not all(c.isprintable() or category(c) == "Zs" for line in lines for c in line):
            return f"not printable: {shown!r}"
        if any(len(line) > 600 for line in lines):
            return f"a long line: {shown!r}"
        if not problem.detail or problem.location.line < 0:
            return f"no detail or place: {problem!r}"
    return ""


def case(random: Random) -> dict[str, bytes]:
    """Make one or two broken rule files."""
    files = {}
    for name in ("a.yaml", "b.yaml")[: random.choice((1, 1, 1, 2))]:
        content = random.choice(SEEDS)
        for _ in range(random.choice((1, 1, 2, 3))):
            content = random.choice(MUTATIONS)(random, content)
        files[name] = content
    return files


def try_case(seed: str, codes: Counter[str]) -> tuple[str, float]:
    """Run one case; say what was found, or nothing, and how long it took."""
    files = case(Random(seed))  # noqa: S311 - nothing secret
    began = time.process_time()
    try:
        problems = load(files)
        wrong = complaint(problems)
        codes.update({problem.code for problem in problems} or {"none"})
    except Exception:  # noqa: BLE001 - every exception is a finding
        wrong = traceback.format_exc()
    took = time.process_time() - began
    wrong = wrong or (f"{took:.1f} seconds" if took > SLOW else "")
    return (f"--- case {seed}\n{files!r}\n{wrong}" if wrong else ""), took


def main() -> int:
    """Run until the time is over."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    codes: Counter[str] = Counter()
    cases = findings = 0
    slowest = 0.0
    end = time.monotonic() + options.seconds
    while time.monotonic() < end:
        found, took = try_case(f"{options.seed}:{cases}", codes)
        slowest = max(slowest, took)
        cases += 1
        if found:
            findings += 1
            print(found)
    print(f"{cases:,} cases, {findings:,} findings, the slowest took {slowest:.2f} s")
    print(", ".join(f"{code} {count:,}" for code, count in sorted(codes.items())))
    return findings > 0


if __name__ == "__main__":
    raise SystemExit(main())
