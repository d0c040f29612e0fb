"""`bench/quality.py`: what it records holds, until the rules tag much more."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

SCRIPT: Final = Path(__file__).parent.parent.parent / "bench" / "quality.py"
SAMPLE: Final = Path(__file__).parent.parent / "data" / "gold_sample.jsonl"
PAGE: Final = "# Page\n\n<!-- figures -->\nwhat was before\n<!-- end of figures -->\n\nThe end.\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Give a folder with a page, rules, and a corpus of which ten documents are tagged."""
    (tmp_path / "page.md").write_text(PAGE, encoding="utf-8")
    for name in ("rules", "corpus"):
        (tmp_path / name).mkdir()
    (tmp_path / "rules" / "a.yaml").write_text(
        "categories:\n  smuggling: [smuggled]\n", encoding="utf-8"
    )
    lines = [{"text": text} for text in ["They smuggled it."] * 10 + ["A pipe."] * 10]
    content = "\n".join(map(json.dumps, lines))
    (tmp_path / "corpus" / "news.jsonl").write_text(content, encoding="utf-8")
    (tmp_path / "corpus" / "gold_sample.jsonl").write_bytes(SAMPLE.read_bytes())
    return tmp_path


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, SCRIPT, "--corpus", "corpus", "--rules", "rules", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


def test_records_and_holds(folder: Path) -> None:
    recorded = run(folder, "--record", "page.md", "--sample", "1")
    held = run(folder, "--gate", "page.md")

    page = (folder / "page.md").read_text(encoding="utf-8")
    assert (recorded.returncode, held.returncode) == (0, 0), recorded.stderr + held.stderr
    assert "| smuggling | 500.0 |" in page
    assert "what was before" not in page
    assert page.endswith("The end.\n")
    assert "They [[smuggled]] it." in recorded.stdout


def test_fails_where_a_category_is_given_more_often(folder: Path) -> None:
    run(folder, "--record", "page.md")
    (folder / "rules" / "a.yaml").write_text(
        "categories:\n  smuggling: [smuggled, pipe]\n", encoding="utf-8"
    )

    result = run(folder, "--gate", "page.md")

    assert result.returncode == 1
    assert "moved: news: smuggling tagged 10 documents, and now 20" in result.stdout
    assert "has the figures of other rules" in result.stdout


def test_fails_where_a_corpus_is_another(folder: Path) -> None:
    run(folder, "--record", "page.md")
    (folder / "corpus" / "news.jsonl").write_text('{"text": "a"}', encoding="utf-8")

    result = run(folder, "--gate", "page.md")

    assert result.returncode == 1
    assert "news: the corpus is another" in result.stdout
