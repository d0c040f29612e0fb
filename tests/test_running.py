"""docs/running.md is true: its commands run, and each incident looks as the page says."""

import json
import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ruletag.problems import CODES
from ruletag.settings import TABLE
from serving.life import COPPER, ZINC, Life, living

ROOT = Path(__file__).resolve().parent.parent
PAGE = (ROOT / "docs/running.md").read_text(encoding="utf-8")
BAD = "categories: {metals: [copper"


def section(title: str) -> str:
    """Give a section of the page, whatever its level."""
    found = re.search(rf"^(#+) {re.escape(title)}\n(.*?)(?=^#|\Z)", PAGE, re.DOTALL | re.MULTILINE)
    assert found is not None, title
    return found[2]


def commands(text: str) -> list[str]:
    shown = re.findall(r"^```console\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    return [line.removeprefix("$ ") for line in "".join(shown).splitlines()]


def bash(script: str, folder: Path, port: int, command: Path) -> subprocess.CompletedProcess[str]:
    """Run commands of the page as if they were typed, on a port of our own."""
    kept = {name: value for name, value in os.environ.items() if "RULETAG" not in name}
    path = f"{command.parent}{os.pathsep}{kept['PATH']}"
    return subprocess.run(
        ["bash", "-e", "-c", script.replace(":8080", f":{port}")],  # noqa: S607
        cwd=folder,
        env=kept | {"PATH": path, "RULETAG_PORT": str(port), "no_proxy": "*"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.fixture
def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


# ------------------------------------------------------------- ten minutes


def test_the_ten_minutes(tmp_path: Path, free_port: int, command: Path) -> None:
    done = bash("\n".join(commands(section("Ten minutes"))), tmp_path, free_port, command)

    assert done.returncode == 0, done.stdout + done.stderr
    answers = map(json.loads, re.findall(r'\{"id":.*?"drafts":\[\]\}', done.stdout))
    tagged = [[it["category"] for it in answer["categories"]] for answer in answers]
    assert tagged == [[], ["metals"], ["metals"]]
    assert "metals.yaml" in done.stderr  # where the mistake is


def test_the_first_two_commands_of_an_incident(life: Life, command: Path, tmp_path: Path) -> None:
    script = "\n".join(commands(section("When something is wrong")))

    done = bash(script, tmp_path, life.port, command)

    assert (done.returncode, done.stderr) == (0, "")
    assert '"digest"' in done.stdout
    assert '"last edit"' in done.stdout


# ------------------------------------------------------------------- names


def test_every_variable_is_a_setting() -> None:
    known = {setting.variable for setting in TABLE} | {"RULETAG_TOKEN"}

    assert set(re.findall(r"RULETAG_[A-Z_]+", PAGE)) <= known


def test_every_metric_is_one() -> None:
    metrics = (ROOT / "docs/observing.md").read_text(encoding="utf-8")

    assert set(re.findall(r"\bruletag_\w+", PAGE)) <= set(re.findall(r"\bruletag_\w+", metrics))


def test_every_alert_is_one() -> None:
    alerts = (ROOT / "deploy/alerts.yaml").read_text(encoding="utf-8")

    assert set(re.findall(r"\bRuletag[A-Z]\w+", PAGE)) <= set(re.findall(r"alert: (\w+)", alerts))


def test_every_file_of_the_repository_is_there() -> None:
    named = set(re.findall(r"deploy/[\w./-]*\w", PAGE))

    assert named != set()
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_every_code_is_one() -> None:
    assert set(re.findall(r"\b[EW]\d{3}\b", PAGE)) <= set(CODES)


def test_the_seconds_are_those_of_gunicorn() -> None:
    configuration = (ROOT / "service/ruletag/edge/gunicorn_config.py").read_text(encoding="utf-8")

    assert "\ngraceful_timeout = 8 " in configuration
    assert "for eight seconds at most" in PAGE
    assert "\nkeepalive = 15\n" in configuration
    assert "idle for 15 seconds" in PAGE


def test_the_connections_are_those_of_the_servers() -> None:
    configuration = (ROOT / "service/ruletag/edge/gunicorn_config.py").read_text(encoding="utf-8")

    assert "\nworker_connections = 8192 if _is_granian else 1000\n" in configuration
    assert "| connections in each process | 1,000 | 8,192 |" in section("Which server")


def test_each_incident_says_how_to_see_it_why_and_what_to_do() -> None:
    titles = re.findall(r"^### (.+)$", PAGE, re.MULTILINE)

    assert titles == [
        "A rule edit does not show",
        "Not ready",
        "Slow",
        "503 overloaded",
        "Requests without an answer",
        "Out of memory",
    ]
    for title in titles:
        assert "**See.**" in section(title)
        assert "| why | what to do |" in section(title)


# --------------------------------------------------------------- incidents


@pytest.fixture
def life(tmp_path: Path) -> Iterator[Life]:
    with living(tmp_path / "rules") as life:
        life.until(lambda: life.readiness() == 200)
        yield life


def verbose(life: Life) -> str:
    return json.dumps(life.ask("GET", "/readyz?verbose")[1])


def in_force(life: Life, command: Path) -> bool:
    """Ask as the page does whether the folder of the service is in force."""
    script = f"ruletag status http://127.0.0.1:8080 --wait {life.folder} --timeout 0"
    return bash(script, life.folder.parent, life.port, command).returncode == 0


def test_an_edit_that_was_refused_is_seen_and_changes_nothing(life: Life, command: Path) -> None:
    assert in_force(life, command)

    life.write(BAD)
    life.until(lambda: "metals.yaml" in verbose(life))

    assert not in_force(life, command)
    assert (life.readiness(), life.found()) == (200, ["copper"])


@pytest.mark.parametrize("name", ["zinc.txt", ".zinc.yaml", "zinc.yaml~"])
def test_a_file_of_another_name_is_passed_over(life: Life, name: str) -> None:
    (life.folder / name).write_text("categories: {zinc: [zinc]}", encoding="utf-8")
    os.kill(life.master.pid, signal.SIGHUP)
    time.sleep(0.5)

    assert (life.readiness(), life.found()) == (200, ["copper"])


def test_a_draft_stands_among_the_drafts(life: Life) -> None:
    life.write("categories: {metals: {status: draft, match: [copper]}}")
    life.until(lambda: life.found() == [])

    _, answer = life.ask("POST", "/v1/tag", {"text": "copper"})
    assert [it["category"] for it in answer["drafts"]] == ["metals"]


def test_without_a_folder_it_is_not_ready_and_gets_ready(life: Life, tmp_path: Path) -> None:
    with living(tmp_path / "other", BAD) as other:
        assert other.readiness() == 503
        assert json.loads(verbose(other))["status"] == "not ready"

        other.write(COPPER)
        other.until(lambda: other.readiness() == 200)
    assert life.readiness() == 200


def test_a_refused_edit_is_not_ready_where_that_is_asked_for(tmp_path: Path) -> None:
    with living(tmp_path / "rules", on_bad_rules="unready") as life:
        life.until(lambda: life.readiness() == 200)

        life.write(BAD)
        life.until(lambda: life.readiness() == 503)
        assert life.found() == ["copper"]

        life.write(ZINC)
        life.until(lambda: life.readiness() == 200)


def test_while_it_drains_it_says_so_and_answers(tmp_path: Path) -> None:
    with living(tmp_path / "rules", drain="1") as life:
        life.until(lambda: life.readiness() == 200)

        life.master.send_signal(signal.SIGTERM)
        life.until(lambda: life.readiness() == 503)

        assert json.loads(verbose(life))["status"] == "draining"
        assert life.found() == ["copper"]
        assert life.master.wait(10) == 0


def test_a_worker_that_is_killed_is_told_and_replaced_with_its_rules(life: Life) -> None:
    (worker,) = life.workers()
    life.write(BAD)
    life.until(lambda: "metals.yaml" in verbose(life))

    os.kill(worker, signal.SIGKILL)

    life.until(lambda: life.readiness() == 200)
    assert life.found() == ["copper"]
    assert "Perhaps out of memory?" in life.log_file.read_text(encoding="utf-8")
    assert "Perhaps out of memory?" in section("Out of memory")


def test_a_start_on_bad_rules_has_the_last_good_ones_if_they_were_kept(tmp_path: Path) -> None:
    state = tmp_path / "state"
    with living(tmp_path / "rules", state=str(state)) as life:
        life.until(lambda: [it.name for it in state.glob("[!.]*")] == ["last-good-rules.zip"])
    assert "last-good-rules.zip" in section("State folder")

    with living(tmp_path / "rules", BAD, state=str(state)) as life:
        life.until(lambda: life.readiness() == 200)
        assert life.found() == ["copper"]
        assert "metals.yaml" in verbose(life)
    with living(tmp_path / "rules", BAD) as life:
        life.until(lambda: "metals.yaml" in verbose(life))
        assert life.readiness() == 503
