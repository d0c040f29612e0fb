"""The documents say what is true: settings, commands, and the five minutes of the README."""

import json
import re
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest

from ruletag.cli.main import COMMANDS
from ruletag.problems import CODES
from ruletag.settings import TABLE, Settings

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
SEED = ROOT / "seeds" / "couple_arrested_for_smuggling_copper.txt"
README = (ROOT / "README.md").read_text(encoding="utf-8")
RUNNING = (DOCS / "running.md").read_text(encoding="utf-8")


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


def rows(text: str) -> list[list[str]]:
    lines = [line for line in text.splitlines() if line.startswith("| `")]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]


# ----------------------------------------------------------------- tables


def test_the_settings_are_those_of_the_table() -> None:
    described = {row[0].strip("`"): row[1] for row in rows(RUNNING) if "RULETAG_" in row[0]}

    assert described.keys() == {setting.variable for setting in TABLE}
    for setting in TABLE:
        if setting.name != "rules":
            default = getattr(Settings(), setting.name)
            shown = "none" if default in {None, ()} else f"`{default}`"
            assert described[setting.variable] == shown


def test_the_commands_of_the_readme_are_those_there_are() -> None:
    described = set(re.findall(r"^\$ ruletag (\w+)", README, re.MULTILINE))

    assert described == set(COMMANDS)


def test_every_code_is_described() -> None:
    table = rows((DOCS / "problems.md").read_text(encoding="utf-8"))
    described = {row[0].strip("`"): row[-1] for row in table}

    assert described == CODES


def test_the_readme_is_short() -> None:
    assert len(README.splitlines()) <= 200


def test_links_lead_somewhere() -> None:
    for path in (ROOT / "README.md", *DOCS.glob("*.md")):
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", path.read_text(encoding="utf-8")):
            assert (path.parent / target).exists(), f"{path.name}: {target}"


# ----------------------------------------------------------- five minutes


class Service:
    """A running `ruletag serve` on a copy of the shipped rules."""

    def __init__(self, command: Path, folder: Path) -> None:
        self.rules = copytree(ROOT / "rules", folder / "rules")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        options = ("serve", "--rules", self.rules, "--port", str(self.port))
        self.process = subprocess.Popen(
            [command, *options], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        wait_for(lambda: self.get("/readyz")["status"] == "ready")

    def get(self, path: str) -> Any:  # noqa: ANN401 - any JSON
        """GET a path."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=10) as answer:
            return json.load(answer)

    def run(self, command: str) -> str:
        """Run a command of the README against this service."""
        at_home = command.replace(":8080", f":{self.port}")
        done = subprocess.run(  # noqa: S602 - shell commands are what is tested
            at_home, shell=True, cwd=ROOT, capture_output=True, text=True, check=True, timeout=30
        )
        return done.stdout

    def categories(self) -> list[str]:
        """Ask as the README does."""
        answer = json.loads(self.run(curl("/v1/tag")))
        return [category["category"] for category in answer["categories"]]


def curl(path: str) -> str:
    lines = "".join(blocks(README, "console")).splitlines()
    return next(line[2:] for line in lines if line.startswith("$ curl") and path in line)


def wait_for(condition: Any) -> None:  # noqa: ANN401 - a callable
    """Wait until the condition holds; fail after ten seconds."""
    end = time.monotonic() + 10
    while True:
        try:
            if condition():
                return
        except (urllib.error.URLError, ConnectionError):
            pass
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


@pytest.fixture
def service(command: Path, tmp_path: Path) -> Iterator[Service]:
    service = Service(command, tmp_path)
    yield service
    service.process.kill()
    service.process.wait()
    assert service.process.stdout is not None
    service.process.stdout.close()


def test_the_five_minutes(service: Service) -> None:
    topics = {category.partition(".")[0] for category in service.categories()}
    assert topics == {"arrests", "smuggling", "party_discipline", "border_closure", "commodities"}

    new_rule = next(block for block in blocks(README, "yaml") if "restaurants" in block)
    path = service.rules / "restaurants.yaml"
    path.write_text(new_rule, encoding="utf-8")
    edited = time.monotonic()
    wait_for(lambda: "restaurants" in service.categories())
    assert time.monotonic() - edited < 3  # a second on a machine that is not busy

    path.write_text(new_rule.replace("]", ""), encoding="utf-8")
    verbose = curl("/readyz?verbose")
    wait_for(lambda: "restaurants.yaml" in service.run(verbose))
    problem = json.loads(service.run(verbose))["checks"][1]["problems"][0]
    assert (problem["file"], problem["line"], problem["column"]) == ("restaurants.yaml", 2, 16)
    assert "restaurants" in service.categories()

    path.unlink()
    wait_for(lambda: "restaurants" not in service.categories())
    assert topics == {category.partition(".")[0] for category in service.categories()}


def test_the_evidence_shown_in_the_readme_is_real(service: Service) -> None:
    shown = json.loads(blocks(README, "json")[0])

    answer = json.loads(service.run(curl("/v1/tag")))

    found = [piece for category in answer["categories"] for piece in category.get("evidence", [])]
    assert shown in found
    line = int(shown["source"].split(":")[1])
    assert f"line {line} of `rules/smuggling.yaml`" in README
    assert shown["keyword"] in (ROOT / "rules/smuggling.yaml").read_text().splitlines()[line - 1]


def test_no_request_fails_while_rules_are_edited(service: Service) -> None:
    request = urllib.request.Request(
        f"http://127.0.0.1:{service.port}/v1/tag",
        data=SEED.read_bytes(),
        headers={"Content-Type": "text/plain"},
    )
    path = service.rules / "extra.yaml"
    digests = set()
    for i in range(120):
        if i % 10 == 0:
            good = i % 20 == 0
            path.write_text(f"categories: {{extra{i}: [couple]{'}' if good else ''}\n")
        with urllib.request.urlopen(request, timeout=10) as answer:
            assert answer.status == 200
            digests.add(answer.headers["Ruleset"])
        time.sleep(0.05)

    assert len(digests) > 2


def test_it_stops_when_told_to(service: Service) -> None:
    service.process.send_signal(signal.SIGTERM)

    assert service.process.wait(timeout=5) == 0


def test_bad_rules_do_not_keep_it_from_starting(command: Path, tmp_path: Path) -> None:
    folder = tmp_path / "rules"
    folder.mkdir()
    (folder / "bad.yaml").write_text("[", encoding="utf-8")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [command, "serve", "--rules", folder, "--port", str(port)], stdout=subprocess.DEVNULL
    )
    url = f"http://127.0.0.1:{port}"

    def status(path: str) -> int:
        try:
            with urllib.request.urlopen(url + path, timeout=10) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as refusal:
            refusal.close()
            return refusal.code

    try:
        wait_for(lambda: status("/livez") == 200)
        assert status("/readyz") == 503

        (folder / "bad.yaml").write_text("categories: {metals: [copper]}", encoding="utf-8")
        wait_for(lambda: status("/readyz") == 200)
    finally:
        process.kill()
        process.wait()


def test_a_wrong_setting_ends_the_start(command: Path) -> None:
    done = subprocess.run(
        [command, "serve", "--port", "http"], capture_output=True, text=True, check=False
    )

    assert done.returncode == 78
    assert done.stderr == "ruletag: RULETAG_PORT='http' is not allowed; it can be 1 to 65535\n"
