"""What is installed from the wheel works by itself, anywhere."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SEED = ROOT / "seeds" / "couple_arrested_for_smuggling_copper.txt"
PIP = ("-m", "pip", "--quiet", "--disable-pip-version-check")


def run(*command: str | Path, cwd: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("RULETAG_")}
    return subprocess.run(
        list(map(str, command)),
        cwd=cwd,
        env=environment | variables,
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    build = ("wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", folder, ROOT)
    run(sys.executable, *PIP, *build, cwd=folder)
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def clean(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the commands of an environment that holds nothing but the wheel and its needs."""
    folder = tmp_path_factory.mktemp("clean")
    run(sys.executable, "-m", "venv", folder / "venv", cwd=folder)
    python = folder / "venv" / "bin" / "python"
    lock = ROOT / "requirements.txt"
    run(python, *PIP, "install", "--require-hashes", "-r", lock, cwd=folder)
    run(python, *PIP, "install", "--no-deps", "--no-index", wheel, cwd=folder)
    return python.parent


def test_the_wheel_holds_the_rules_and_not_the_sample(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()

    shipped = {Path(name).name for name in names if name.startswith("ruletag/shipped/")}
    assert shipped == {path.name for path in (ROOT / "rules").rglob("*") if path.is_file()}
    assert "ruletag/py.typed" in names
    assert "ruletag/problems.md" in names
    assert not [name for name in names if "seeds" in name or "tests" in name]


def test_a_text_is_tagged_after_one_install(clean: Path, tmp_path: Path) -> None:
    (tmp_path / "article.txt").write_bytes(SEED.read_bytes())

    answer = run(clean / "ruletag", "tag", "article.txt", cwd=tmp_path).stdout

    for topic in ("smuggling", "border_closure", "arrests", "party_discipline", "commodities"):
        assert f'"category":"{topic}"' in answer


def test_the_python_interface_works_after_one_install(clean: Path, tmp_path: Path) -> None:
    script = "import ruletag; print(ruletag.load_rules().tag('They smuggled copper.').categories)"

    answer = run(clean / "python", "-c", script, cwd=tmp_path).stdout

    assert answer.strip() == "('commodities.metals', 'smuggling', 'commodities')"
