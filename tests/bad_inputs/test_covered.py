"""What docs/bad-inputs.md promises is held by the tests that it names."""

import re
from pathlib import Path
from typing import Final

import pytest

TESTS: Final = Path(__file__).parents[1]
PAGE: Final = (TESTS.parent / "docs" / "bad-inputs.md").read_text(encoding="utf-8")
ROWS: Final = re.findall(r"^\| (?!what happens|input|-)(.+?) \| .+ \| (.+) \|$", PAGE, re.MULTILINE)


@pytest.mark.parametrize(("what", "test"), ROWS)
def test_the_test_that_is_named_is_there(what: str, test: str) -> None:
    named = re.fullmatch(r"`([\w/]+\.py)`: (.+)", test)
    assert named, f"no test is named for {what}"
    source = (TESTS / named[1]).read_text(encoding="utf-8")
    assert re.search(
        rf'"{re.escape(named[2])}"|^(def )?{re.escape(named[2])}\b', source, re.MULTILINE
    )


def test_every_row_was_read() -> None:
    assert len(ROWS) == PAGE.count("`: ") > 80
