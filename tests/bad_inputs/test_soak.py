"""The short form of `make soak`: nothing is lost or wrong, whatever is edited meanwhile."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Final

SCRIPT: Final = Path(__file__).parents[2] / "bench" / "soak.py"
# Too few edits to tell growth from the ups and downs of a young process.
SHORT: Final = ["--requests", "5000", "--reloads", "20", "--keywords", "500", "--growth", "40"]


def test_the_short_form(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, SCRIPT, *SHORT],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )

    figures = dict(re.findall(r"^(\w+) +([\d,]+)", done.stdout, re.MULTILINE))
    assert (done.returncode, figures.get("lost"), figures.get("wrong")) == (0, "0", "0"), done
    assert int(figures["answered"].replace(",", "")) >= 5000
