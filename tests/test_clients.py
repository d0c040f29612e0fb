"""The clients of docs/clients.md do what the page says, against a real service."""

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, ClassVar, NamedTuple

import pytest

from serving.life import living

ROOT = Path(__file__).resolve().parent.parent
PAGE = (ROOT / "docs/clients.md").read_text(encoding="utf-8")
RULES = """\
categories:
  commodities.metals: [copper]
  smuggling: [smuggle~, smuggler]
"""
TOKEN = "a-token-that-nobody-guesses"  # noqa: S105 - of this test alone
EVIDENCE = ["commodities.metals copper", "smuggling smuggle"]
MISSING = "`text` is missing: the text to tag"


class Program(NamedTuple):
    """One example of the page: its file, and the command that runs it."""

    name: str
    command: tuple[str, ...]
    needs: str = ""


PYTHON = Program("ruletag_client.py", (sys.executable,))
REQUESTS = Program(
    "with_requests.py",
    (sys.executable,),
    "" if importlib.util.find_spec("requests") else "requests: pip install requests",
)
JAVASCRIPT = Program(
    "ruletag_client.mjs", ("node",), "" if shutil.which("node") else "node: apt-get install nodejs"
)
JAVA = Program(
    "RuletagClient.java",
    ("java", "-Dfile.encoding=UTF-8", "-Dstdout.encoding=UTF-8"),
    "" if shutil.which("javac") else "javac: apt-get install default-jdk-headless",
)
ALL = (PYTHON, REQUESTS, JAVASCRIPT, JAVA)


def rows(*programs: Program) -> list[Any]:
    """Give test rows; one whose language is not here is left out, and said to be."""
    return [
        pytest.param(
            it, id=it.name, marks=pytest.mark.skipif(bool(it.needs), reason=f"needs {it.needs}")
        )
        for it in programs
    ]


def source(name: str) -> str:
    """Give an example of the page by the file name in its first line."""
    found = re.search(
        rf"^```\w+\n((?:#|//) {re.escape(name)}\n.*?)^```", PAGE, re.DOTALL | re.MULTILINE
    )
    assert found is not None, name
    return found[1]


def run(program: Program, folder: Path, url: str, token: str = TOKEN) -> list[str]:
    """Run an example; give the lines that it prints."""
    path = folder / program.name
    path.write_text(source(program.name), encoding="utf-8")
    kept = {name: value for name, value in os.environ.items() if "proxy" not in name.lower()}
    done = subprocess.run(
        [*program.command, path],
        env=kept | {"RULETAG_URL": url, "RULETAG_TOKEN": token, "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.splitlines()


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("service") / "rules"
    with living(folder, RULES, tokens=TOKEN) as life:
        life.until(lambda: life.readiness() == 200)
        yield f"http://127.0.0.1:{life.port}"


def test_every_example_of_the_page_is_run() -> None:
    named = re.findall(r"^```(?:python|javascript|java)\n(?:#|//) (\S+)$", PAGE, re.MULTILINE)

    assert named == [program.name for program in ALL]
    assert len(re.findall(r"^```\w", PAGE, re.MULTILINE)) == len(ALL)


@pytest.mark.parametrize("program", rows(PYTHON, JAVASCRIPT))
def test_a_client_cuts_out_the_evidence_and_tells_what_was_refused(
    program: Program, url: str, tmp_path: Path
) -> None:
    tagged = "smuggling" if program is JAVASCRIPT else "['smuggling']"

    assert run(program, tmp_path, url) == [
        *EVIDENCE,
        f"1 {tagged}",
        f"invalid_request {MISSING}",
        "other_rules",
    ]


@pytest.mark.parametrize("program", rows(REQUESTS))
def test_a_short_client_cuts_out_the_evidence(program: Program, url: str, tmp_path: Path) -> None:
    assert run(program, tmp_path, url) == EVIDENCE


@pytest.mark.parametrize("program", rows(JAVA))
def test_a_client_without_json_gets_positions_in_its_own_unit(
    program: Program, url: str, tmp_path: Path
) -> None:
    answer, first, second, refused = map(json.loads, run(program, tmp_path, url))

    text = "😀 They tried to smuggle copper abroad.".encode("utf-16-le")
    found = [
        f"{it['category']} {text[2 * e['start'] : 2 * e['end']].decode('utf-16-le')}"
        for it in answer["categories"]
        for e in it.get("evidence", ())
    ]
    assert found == EVIDENCE
    assert [it["category"] for it in first["categories"]] == ["smuggling"]
    assert second["error"]["errors"][0]["detail"] == MISSING
    assert refused["code"] == "other_rules"


@pytest.mark.parametrize("program", rows(PYTHON, JAVASCRIPT, JAVA))
def test_a_token_that_is_not_known_is_told_and_not_tried_again(
    program: Program, url: str, tmp_path: Path
) -> None:
    with pytest.raises(AssertionError, match="unauthorized"):
        run(program, tmp_path, url, token="a-token-of-somebody-else")  # noqa: S106 - made up


# ------------------------------------------------------- when it is not well


class Unwell(BaseHTTPRequestHandler):
    """Answers 503, then breaks the connection, then answers as a service does."""

    protocol_version = "HTTP/1.1"
    callers: ClassVar[list[int]] = []  # the port of the caller of each request

    def do_POST(self) -> None:
        """Answer what comes next."""
        self.rfile.read(int(self.headers["Content-Length"]))
        Unwell.callers.append(self.client_address[1])
        if len(Unwell.callers) == 1:
            self._answer(503, {"status": 503, "code": "overloaded", "detail": "busy"})
        elif len(Unwell.callers) == 2:
            self.close_connection = True
        else:
            self._answer(200, {"rules": "", "categories": [], "results": []})

    def _answer(self, status: int, body: object) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        if status == 503:
            self.send_header("Retry-After", "1")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def unwell() -> Iterator[str]:
    Unwell.callers.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), Unwell) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("program", rows(*ALL))
def test_a_client_asks_again_after_503_and_after_a_broken_connection(
    program: Program, unwell: str, tmp_path: Path
) -> None:
    run(program, tmp_path, unwell)

    assert len(Unwell.callers) >= 3
    assert Unwell.callers[0] == Unwell.callers[1] != Unwell.callers[2]  # kept, then broken
