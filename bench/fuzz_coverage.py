"""Read rule files led by what the code does with them: a coverage-guided fuzzer.

    pip install atheris
    python bench/fuzz_coverage.py --seconds 600

Begins with the shipped rules and all broken files of the tests, changes them, and
keeps what reaches code that nothing before it did. Each file gives rules, which
then tag a text, or problems, which are shown. Whatever else is raised ends the run
with the file that did it. (Not a part of the tests: atheris has no wheels for
all versions of Python that ruletag supports.)
"""

import argparse
import sys
import tempfile
from pathlib import Path
from typing import Final

import atheris  # type: ignore[import-untyped, import-not-found, unused-ignore]

with atheris.instrument_imports(include=["ruletag"]):
    from ruletag.matching.compiler import compile_rules
    from ruletag.matching.tagger import tag
    from ruletag.problems import RuleSetError, render
    from ruletag.rules.loader import parse_rules

MOST: Final = 20_000  # bytes of a file to begin with
ROOT: Final = Path(__file__).parents[1]
TEXT: Final = "He did not smuggle copper. They stripped 5,000 tons, the WPK said:\n\n“밀수” x y 500"


def read_one(content: bytes) -> None:
    """Read one rule file; use it, or show what is wrong with it."""
    try:
        tag(compile_rules(parse_rules({"a.yaml": content})), TEXT, title="Copper")
    except RuleSetError as error:
        for problem in error.problems:
            render(problem, folder="rules")


def seeds(folder: Path) -> None:
    """Write the files to begin with."""
    paths = [*(ROOT / "rules").glob("*.yaml"), *(ROOT / "tests/golden/problems").glob("*.yaml")]
    for path in paths:
        if path.stat().st_size < MOST:
            (folder / path.name).write_bytes(path.read_bytes())


def main() -> None:
    """Run until the time is over."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=int, default=60)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as corpus:
        seeds(Path(corpus))
        limits = [f"-max_total_time={options.seconds}", "-timeout=10", "-max_len=4096"]
        atheris.Setup([sys.argv[0], corpus, *limits, "-rss_limit_mb=2048"], read_one)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
