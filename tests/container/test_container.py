"""The image, built and run for real: what it answers, what it may do, how it ends."""

import http.client
import json
import os
import secrets
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest

pytestmark = [
    pytest.mark.needs("container builder"),
    pytest.mark.skipif(os.geteuid() != 0, reason="needs a root user, to build an image"),
]

ROOT = Path(__file__).resolve().parents[2]
SEED = ROOT / "seeds/couple_arrested_for_smuggling_copper.txt"
IMAGE = "localhost/ruletag-test"
BASE = "localhost/ruletag-base:trixie"
PODMAN = ("podman", "--runtime", "runc", "--cgroup-manager", "cgroupfs")
# As little as the service may be given: nowhere to write, not even /tmp.
# Health is asked for by the tests alone.
LEAST = (
    *("--network", "host", "--env", "RULETAG_HOST=127.0.0.1"),
    *("--read-only", "--read-only-tmpfs=false", "--shm-size", "64m"),
    *("--cap-drop", "ALL", "--security-opt", "no-new-privileges"),
    *("--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1024:1024"),
    "--no-healthcheck",
)
LITTLE_MEMORY = "128m"
STOPPED_WITHIN = 2  # seconds
STARTED_WITHIN = 20
MEMORY_CAN_BE_LIMITED = Path("/sys/fs/cgroup/memory").is_dir() or (
    (controllers := Path("/sys/fs/cgroup/cgroup.controllers")).is_file()
    and "memory" in controllers.read_text(encoding="ascii").split()
)


def run(*command: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    """Run a command, and show what it said if it fails."""
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert not check or done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done


def inspect(name: str, form: str, kind: str = "image") -> str:
    return run(*PODMAN, kind, "inspect", "--format", form, name).stdout.strip()


def within(seconds: float, holds: Callable[[], bool]) -> bool:
    """Say whether something comes to hold in that time."""
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


@dataclass(frozen=True, slots=True)
class Container:
    """A container of the image that answers on a port of this machine."""

    name: str
    port: int

    def ask(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        """Give the status and what the JSON says; status 0 while nothing listens."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        sent = None if body is None else json.dumps(body)
        try:
            connection.request(method, path, sent, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        except ConnectionRefusedError:
            return 0, None
        finally:
            connection.close()

    def tags(self, text: str) -> set[str]:
        """Give the categories of a text; none while no rules are in force."""
        _, answer = self.ask("POST", "/v1/tag", {"text": text})
        return {category["category"] for category in answer.get("categories", ())}

    def finds(self, category: str, text: str) -> bool:
        return category in self.tags(text)

    def is_up(self) -> bool:
        return self.ask("GET", "/livez")[0] == 200

    def is_ready(self) -> bool:
        return self.ask("GET", "/readyz")[0] == 200

    def is_healthy(self) -> bool:
        """Run the image's own health check, as an engine does."""
        kind, *command = json.loads(inspect(IMAGE, "{{json .HealthCheck.Test}}"))
        assert kind == "CMD"
        return run(*PODMAN, "exec", self.name, *command, check=False).returncode == 0

    def python(self, code: str) -> Any:  # noqa: ANN401 - any JSON
        """Run code inside, and give the JSON that it prints."""
        return json.loads(run(*PODMAN, "exec", self.name, "python3", "-c", code).stdout)

    def talks_on(self) -> http.client.HTTPConnection:
        """Give a connection that was used once, and is kept alive."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        connection.request("GET", "/livez")
        assert connection.getresponse().read()
        return connection

    def stop(self) -> tuple[float, str]:
        """Send SIGTERM; give the seconds that it took to end, and the exit code."""
        started = time.monotonic()
        run(*PODMAN, "stop", "--time", "20", self.name)
        return time.monotonic() - started, inspect(self.name, "{{.State.ExitCode}}", "container")


@pytest.fixture(scope="module")
def image() -> str:
    run("deploy/build-without-engine.sh", IMAGE)
    return IMAGE


@pytest.fixture
def start(image: str) -> Iterator[Callable[..., Container]]:
    """Start containers, and take them away at the end."""
    names: list[str] = []

    def start_one(*options: str) -> Container:
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        name = f"ruletag-test-{secrets.token_hex(4)}"
        names.append(name)
        given = ("--detach", "--name", name, *LEAST, "--env", f"RULETAG_PORT={port}", *options)
        run(*PODMAN, "run", *given, image)
        container = Container(name, port)
        assert within(STARTED_WITHIN, container.is_up), run(*PODMAN, "logs", name).stdout
        return container

    yield start_one
    for name in names:
        run(*PODMAN, "rm", "--force", "--time", "0", name)


def test_it_answers_with_the_shipped_rules_and_ends_when_told(
    start: Callable[..., Container],
) -> None:
    container = start()

    assert within(5, container.is_ready)
    assert container.is_healthy()
    assert container.tags(SEED.read_text(encoding="utf-8")) >= {"arrests", "smuggling"}
    took, code = container.stop()
    assert (took < STOPPED_WITHIN, code) == (True, "0"), took


def test_a_mounted_folder_is_followed_and_bad_rules_are_not_healthy(
    start: Callable[..., Container], tmp_path: Path
) -> None:
    rules = tmp_path / "rules"
    shutil.copytree(ROOT / "rules", rules)
    rules.joinpath("hats.yaml").write_text("categories: {hats: [bowler", encoding="utf-8")
    container = start("--volume", f"{rules}:/rules:ro")
    assert (container.is_up(), container.is_healthy()) == (True, False)

    rules.joinpath("hats.yaml").write_text("categories: {hats: [bowler]}", encoding="utf-8")
    assert within(1, lambda: "hats" in container.tags("a bowler"))
    assert container.is_healthy()

    rules.joinpath("hats.yaml").write_text("categories: {hats: [fedora]}", encoding="utf-8")
    assert within(1, lambda: "hats" in container.tags("a fedora"))
    assert "hats" not in container.tags("a bowler")


def test_a_config_map_that_is_swapped_is_followed(
    start: Callable[..., Container], tmp_path: Path
) -> None:
    rules = tmp_path / "rules"
    rules.mkdir()
    swap(rules, "first", "categories: {hats: [bowler]}")
    container = start("--volume", f"{rules}:/rules:ro")
    assert within(5, container.is_ready)

    swap(rules, "second", "categories: {hats: [fedora]}")
    assert within(5, lambda: "hats" in container.tags("a fedora"))
    assert "hats" not in container.tags("a bowler")


def swap(folder: Path, version: str, content: str) -> None:
    """Put a rule file in place as Kubernetes does: all files at once, by one link."""
    folder.joinpath(f"..{version}").mkdir()
    folder.joinpath(f"..{version}", "hats.yaml").write_text(content, encoding="utf-8")
    folder.joinpath("..data_tmp").symlink_to(f"..{version}")
    folder.joinpath("..data_tmp").rename(folder / "..data")
    if not folder.joinpath("hats.yaml").is_symlink():
        folder.joinpath("hats.yaml").symlink_to("..data/hats.yaml")


@pytest.mark.parametrize("user", ["10001:10001", "1234567:0", "1234567:7654321"])
def test_any_user_with_little_memory_and_no_place_to_write_will_do(
    start: Callable[..., Container], user: str
) -> None:
    memory = ("--memory", LITTLE_MEMORY) if MEMORY_CAN_BE_LIMITED else ()
    container = start("--user", user, *memory)

    assert within(5, container.is_ready)
    assert container.is_healthy()
    assert container.tags(SEED.read_text(encoding="utf-8") * 50) >= {"arrests", "smuggling"}
    took, code = container.stop()
    assert (took < STOPPED_WITHIN, code) == (True, "0"), took


def test_it_has_room_for_edits_in_little_memory(
    start: Callable[..., Container], tmp_path: Path
) -> None:
    rules = tmp_path / "rules"
    shutil.copytree(ROOT / "rules", rules)
    memory = ("--memory", LITTLE_MEMORY) if MEMORY_CAN_BE_LIMITED else ()
    container = start("--volume", f"{rules}:/rules:ro", *memory)

    for i in range(5):
        content = f"categories: {{hats: [bowler{i}]}}"
        rules.joinpath("hats.yaml").write_text(content, encoding="utf-8")
        assert within(10, partial(container.finds, "hats", f"a bowler{i}"))
    assert inspect(container.name, "{{.RestartCount}} {{.State.OOMKilled}}", "container") == (
        "0 false"
    )


@pytest.mark.skipif(not MEMORY_CAN_BE_LIMITED, reason="needs a kernel that limits memory")
def test_an_edit_too_large_for_its_memory_is_refused_and_nothing_else(
    start: Callable[..., Container], tmp_path: Path
) -> None:
    rules = tmp_path / "rules"
    rules.mkdir()
    rules.joinpath("hats.yaml").write_text("categories: {hats: [bowler]}", encoding="utf-8")
    container = start("--volume", f"{rules}:/rules:ro", "--memory", LITTLE_MEMORY)
    assert within(5, container.is_ready)

    words = "".join(f"  - {number:x} {number * 7919:x}\n" for number in range(100_000))
    rules.joinpath("words.yaml").write_text(f"categories:\n words:\n{words}", encoding="utf-8")
    assert within(30, lambda: "E499" in str(container.ask("GET", "/readyz?verbose")))
    assert container.is_ready()
    assert container.finds("hats", "a bowler")
    assert inspect(container.name, "{{.State.Status}}", "container") == "running"


def test_connections_that_are_kept_and_idle_do_not_keep_it_from_stopping(
    start: Callable[..., Container],
) -> None:
    container = start()
    idle = [container.talks_on() for _ in range(20)]

    took, code = container.stop()

    for connection in idle:
        connection.close()
    assert (took < STOPPED_WITHIN, code) == (True, "0"), took


@pytest.mark.parametrize("user", ["10001:10001", "1234567:0"])
def test_a_volume_keeps_the_last_good_rules(
    start: Callable[..., Container], tmp_path: Path, user: str
) -> None:
    volume = f"ruletag-test-{secrets.token_hex(4)}"
    state = ("--volume", f"{volume}:/state", "--env", "RULETAG_STATE=/state", "--user", user)
    rules = tmp_path / "rules"
    rules.mkdir()
    rules.joinpath("hats.yaml").write_text("categories: {hats: [bowler]}", encoding="utf-8")
    try:
        first = start("--volume", f"{rules}:/rules:ro", *state)
        assert within(5, lambda: "hats" in first.tags("a bowler"))
        first.stop()
        rules.joinpath("hats.yaml").write_text("categories: {hats: [bowler", encoding="utf-8")

        second = start("--volume", f"{rules}:/rules:ro", *state)
        assert within(5, lambda: "hats" in second.tags("a bowler"))
        assert second.is_healthy()
    finally:
        run(*PODMAN, "volume", "rm", "--force", "--time", "0", volume)


WRITABLE = """
import json, os, stat
found = [os.path.join(folder, name)
         for top in ("/opt/ruletag", "/rules")
         for folder, folders, files in os.walk(top) for name in (*folders, *files)]
status = {path: os.lstat(path) for path in found if not os.path.islink(path)}
print(json.dumps([path for path, s in status.items() if s.st_uid != 0 or s.st_mode & 0o022]))
"""
WITHOUT_BYTECODE = """
import importlib.util, json, pathlib
print(json.dumps([str(path) for path in pathlib.Path("/opt/ruletag/lib").rglob("*.py")
                  if not pathlib.Path(importlib.util.cache_from_source(path)).exists()]))
"""
PACKAGES = """
import importlib.metadata, json
print(json.dumps(sorted(d.name.lower() for d in importlib.metadata.distributions())))
"""


def test_it_holds_the_service_ready_to_run_and_nothing_that_its_user_could_change(
    start: Callable[..., Container],
) -> None:
    container = start()

    assert container.python(WRITABLE) == []
    assert container.python(WITHOUT_BYTECODE) == []
    packages = container.python(PACKAGES)
    assert "ruletag" in packages
    assert not {"pip", "setuptools", "hatchling"} & set(packages)


def test_it_adds_little_to_its_base(image: str) -> None:
    added = int(inspect(image, "{{.Size}}")) - int(inspect(BASE, "{{.Size}}"))
    assert added < 60_000_000
