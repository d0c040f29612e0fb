"""Rules edited over the network, at a real service with two workers, as its operator does it."""

import base64
import hashlib
import http.client
import json
import os
import re
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

import pytest

from serving.life import COPPER, ZINC, Life, living

ADMIN: Final = "admin-0123456789ab"
DESK: Final = "desk-0123456789abc"
STRANGER: Final = "stranger-0123456789"
SECURITY_MD: Final = Path(__file__).parents[2] / "docs" / "security.md"
SLOW: Final = "".join(f"    - keyword number {i} of many\n" for i in range(30_000))


class Answer(NamedTuple):
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: Any


@pytest.fixture
def life(tmp_path: Path) -> Iterator[Life]:
    """Give a running service that asks for tokens."""
    tokens = tmp_path / "tokens"
    tokens.write_text(f"{DESK}\n", encoding="ascii")
    settings = {"workers": "2", "tokens_file": str(tokens), "admin_tokens": ADMIN}
    with living(tmp_path / "rules", COPPER, **settings) as found:
        found.until(lambda: found.readiness() == 200)
        yield found


def ask(
    life: Life, method: str, path: str, body: str = "", token: str = ADMIN, **headers: str
) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    kind = {"Content-Type": "application/json" if path == "/v1/tag" else "application/yaml"}
    connection = http.client.HTTPConnection("127.0.0.1", life.port, timeout=60)
    try:
        sent = {"Authorization": f"Bearer {token}"} | kind | named
        connection.request(method, path, body.encode(), sent)
        answer = connection.getresponse()
        content = answer.read().decode()
        is_json = answer.headers.get_content_type().endswith("json")
        told = json.loads(content) if is_json else content
        return Answer(answer.status, {k.lower(): v for k, v in answer.getheaders()}, told)
    finally:
        connection.close()


def tag(content: str) -> str:
    return f'"{hashlib.sha256(content.encode()).hexdigest()}"'


def audited(life: Life) -> list[dict[str, Any]]:
    lines = life.log_file.read_text(encoding="utf-8").splitlines()
    told = [json.loads(line) for line in lines if line.startswith("{")]
    return [line for line in told if line["logger"] == "ruletag.audit"]


def test_an_edit_is_in_force_a_moment_later_in_all_workers(life: Life) -> None:
    edited = ask(life, "PUT", "/v1/rules/metals.yaml", ZINC, If_Match=tag(COPPER))
    assert edited.status == 200

    until = time.monotonic() + 20
    while ask(life, "GET", "/v1/rules", token=DESK).headers["ruleset"] != edited.body["rules"]:
        assert time.monotonic() < until
        time.sleep(0.02)

    for _ in range(20):
        answer = ask(life, "POST", "/v1/tag", '{"text": "copper and zinc"}', token=DESK)
        assert answer.headers["ruleset"] == edited.headers["ruleset-next"]
        assert [found["text"] for found in answer.body["categories"][0]["evidence"]] == ["zinc"]
    (line,) = audited(life)
    assert (line["file"], line["status"], line["after"]) == ("metals.yaml", 200, tag(ZINC)[1:-1])
    assert ADMIN not in life.log_file.read_text(encoding="utf-8")


def test_of_edits_at_once_over_two_workers_one_wins(life: Life) -> None:
    found: list[int] = []

    def edit(number: int) -> None:
        content = f"{COPPER}# {number}\n"
        answer = ask(life, "PUT", "/v1/rules/metals.yaml", content, If_Match=tag(COPPER))
        found.append(answer.status)

    threads = [threading.Thread(target=edit, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(found) == [200] + [412] * 5


def test_a_worker_that_is_killed_in_the_middle_of_an_edit_changes_nothing(life: Life) -> None:
    lost = threading.Event()

    def edit() -> None:
        try:
            ask(
                life,
                "PUT",
                "/v1/rules/large.yaml",
                f"categories:\n  large:\n{SLOW}",
                If_None_Match="*",
            )
        except OSError:
            lost.set()

    thread = threading.Thread(target=edit)
    thread.start()
    time.sleep(0.7)
    for worker in life.workers():
        os.kill(worker, signal.SIGKILL)
    thread.join()

    assert lost.is_set()
    assert [path.name for path in life.folder.iterdir()] == ["metals.yaml"]
    life.until(lambda: life.readiness() == 200)
    assert (
        ask(
            life, "PUT", "/v1/rules/new.yaml", ZINC.replace("metals", "new"), If_None_Match="*"
        ).status
        == 201
    )


def test_requests_are_answered_while_an_edit_is_tried(life: Life) -> None:
    done = threading.Event()
    found: list[int] = []

    def edit() -> None:
        content = f"categories:\n  large:\n{SLOW}"
        found.append(ask(life, "PUT", "/v1/rules/large.yaml", content, If_None_Match="*").status)
        done.set()

    thread = threading.Thread(target=edit)
    thread.start()
    slowest = 0.0
    while not done.is_set():
        started = time.monotonic()
        assert ask(life, "POST", "/v1/tag", '{"text": "copper"}', token=DESK).status == 200
        slowest = max(slowest, time.monotonic() - started)
    thread.join()

    assert found == [201]
    assert slowest < 1


def test_tokens_are_exchanged_without_a_restart(life: Life) -> None:
    tokens = life.folder.parent / "tokens"
    before = life.workers()

    for content, expected in (
        (f"{DESK}\nnew-0123456789abc", (200, 200)),
        ("new-0123456789abc", (401, 200)),
    ):
        tokens.write_text(f"{content}\n", encoding="ascii")
        time.sleep(1.1)
        for _ in range(10):
            statuses = [
                ask(life, "GET", "/v1/rules", token=token).status
                for token in (DESK, "new-0123456789abc")
            ]
            assert tuple(statuses) == expected

    assert life.workers() == before


def test_a_worker_that_starts_anew_beside_a_bad_file_of_tokens_ends_nothing(life: Life) -> None:
    tokens = life.folder.parent / "tokens"
    tokens.write_text("short\n", encoding="ascii")
    before = life.workers()

    for worker in before:
        os.kill(worker, signal.SIGKILL)
    life.until(lambda: len(set(life.workers()) - set(before)) == len(before))
    life.until(lambda: life.readiness() == 200)
    assert ask(life, "GET", "/v1/rules", token=DESK).status == 401
    assert ask(life, "GET", "/v1/rules").status == 200

    tokens.write_text(f"{DESK}\n", encoding="ascii")
    time.sleep(1.1)
    assert ask(life, "GET", "/v1/rules", token=DESK).status == 200


def test_the_fast_path_asks_for_a_token_as_well(life: Life) -> None:
    body = '{"text": "copper"}'
    basic = base64.b64encode(f"me:{DESK}".encode()).decode()

    assert ask(life, "POST", "/v1/tag", body, token=STRANGER).status == 401
    assert ask(life, "POST", f"/v1/tag?token={DESK}", body, token=DESK).status == 400
    assert ask(life, "POST", "/v1/tag", body, Authorization=f"Basic {basic}").status == 200


@pytest.mark.skipif(shutil.which("curl") is None, reason="needs a curl")
def test_the_walk_in_the_documentation_is_real(life: Life, tmp_path: Path) -> None:
    section = SECURITY_MD.read_text(encoding="utf-8").partition("## Edit rules")[2]
    bash = shutil.which("bash") or "bash"
    found = re.search(r"```console\n(.*?)```", section, re.DOTALL)
    assert found
    lines = found[1].splitlines()
    script = "\n".join(line[2:] for line in lines if line.startswith("$ "))
    shown = [line for line in lines if not line.startswith("$ ")]

    done = subprocess.run(
        [bash, "-euc", script.replace("localhost:8080", f"127.0.0.1:{life.port}")],
        env={"PATH": os.environ["PATH"], "ADMIN": ADMIN},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )

    printed = re.sub(r"[0-9a-f]{64}", "…", done.stdout.replace("}", "}\n"))
    assert printed.splitlines() == shown


@pytest.mark.parametrize("content", ["", "short\n", None], ids=["empty", "too short", "missing"])
def test_a_bad_file_of_tokens_ends_the_start(
    tmp_path: Path, command: Path, content: str | None
) -> None:
    file = tmp_path / "tokens"
    if content is not None:
        file.write_text(content, encoding="ascii")

    done = subprocess.run(
        [command, "serve", "--port", "1"],
        env={"PATH": os.environ["PATH"], "RULETAG_TOKENS_FILE": str(file)},
        capture_output=True,
        text=True,
        check=False,
        timeout=20,
    )

    assert done.returncode == 78
    assert "the token file" in done.stderr
    assert "Traceback" not in done.stderr
