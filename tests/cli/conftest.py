"""A small rule folder, and three ways to call the command: inside, as a process, on a terminal."""

import os
import pty
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest
from click.testing import CliRunner, Result

from ruletag.cli.main import commands

RULES: Final = """\
lists:
  metals: [copper, scrap metal, 구리]

categories:
  smuggling:
    severity: high
    match:
      - smuggle~
      - 밀수
      - move~ ... $metals
    tests:
      tag: ["They [[smuggle]] copper."]
      skip: [A copper pipe.]
  goods.metals: [$metals]
  party: ["=WPK"]
"""

Run = Callable[..., Result]
Process = Callable[..., subprocess.CompletedProcess[str]]
Terminal = Callable[..., tuple[int, str]]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in an empty folder, without settings from the environment."""
    for variable in os.environ:
        if variable.startswith("RULETAG_") or variable in {"NO_COLOR", "FORCE_COLOR"}:
            monkeypatch.delenv(variable)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def rules(home: Path) -> Path:
    """Write the rules; ``./rules`` is where they are sought without being told."""
    folder = home / "rules"
    folder.mkdir()
    (folder / "trade.yaml").write_text(RULES, encoding="utf-8")
    return folder


@pytest.fixture
def run() -> Run:
    """Give what calls the command in this process, as in a pipe."""

    def call(*arguments: str, text: str | bytes = "", **variables: str) -> Result:
        return CliRunner().invoke(commands, arguments, input=text, env=variables)

    return call


@pytest.fixture
def process(command: Path) -> Process:
    """Give what calls the installed command, in a shell line if there is one."""

    def call(line: str, text: str = "", **variables: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["/bin/bash", "-c", line.replace("ruletag", str(command), 1)],
            input=text,
            env=os.environ | variables,
            capture_output=True,
            text=True,
            check=False,
        )

    return call


@pytest.fixture
def terminal(command: Path) -> Terminal:
    """Give what calls the command on a terminal of 80 columns: its exit code, and what it shows."""

    def call(*arguments: str, **variables: str) -> tuple[int, str]:
        ours, theirs = pty.openpty()
        environment = os.environ | {"TERM": "xterm", "COLUMNS": "80"} | variables
        with subprocess.Popen(
            [command, *arguments], stdin=theirs, stdout=theirs, stderr=theirs, env=environment
        ) as process:
            os.close(theirs)
            shown = b"".join(iter(lambda: _read(ours), b""))
        os.close(ours)
        return process.returncode, shown.decode("utf-8").replace("\r\n", "\n")

    return call


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # the other end was closed
        return b""
