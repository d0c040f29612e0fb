"""`ruletag status`: what is shown of a running service, and how waiting for an edit ends."""

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final

import pytest

from cli.conftest import Run, Terminal
from contract.service import Server
from ruletag.cli.client import AddressError, NoAnswerError, Service
from ruletag.rules.loader import read_rules

GOOD: Final = "categories: {metals: [copper]}\n"
OTHER: Final = "categories: {metals: [copper, zinc]}\n"
BROKEN: Final = "categories: {metals: [copper}\n"
UNTRUE: Final = "categories:\n  a:\n    match: [copper]\n    tests: {tag: [zinc]}\n"
VARIABLE: Final = "RULETAG_TOKEN"
NEVER: Final = "sha256:" + "0" * 64


class Running:
    """A service on the folder ``rules`` of the working folder."""

    def __init__(self) -> None:
        self.folder = Path("rules").absolute()
        self.server = Server(self.folder)
        self.url = f"http://127.0.0.1:{self.server.port}"

    def write(self, text: str) -> None:
        """Write the one rule file."""
        (self.folder / "a.yaml").write_text(text, encoding="utf-8")

    def wait_for_refusal(self) -> None:
        """Wait until the service has refused what was written."""
        end = time.monotonic() + 10
        while Service(self.url).state().refused is None:
            assert time.monotonic() < end
            time.sleep(0.05)


@contextmanager
def serving(text: str) -> Iterator[Running]:
    Path("rules").mkdir()
    Path("rules/a.yaml").write_text(text, encoding="utf-8")
    running = Running()
    try:
        yield running
    finally:
        running.server.stop()


@pytest.fixture
def running(home: Path) -> Iterator[Running]:
    del home
    with serving(GOOD) as service:
        yield service


# ------------------------------------------------------------------- showing


def test_all_in_force(running: Running, run: Run, terminal: Terminal) -> None:
    done = run("status", f"{running.url}/")
    code, shown = terminal("status", running.url, NO_COLOR="1")

    said = json.loads(done.stdout)
    digest = read_rules(running.folder).digest
    assert (done.exit_code, done.stderr, code) == (0, "", 0)
    assert (said["url"], said["ready"], said["refused"]) == (running.url, True, None)
    assert (said["digest"], said["generation"]) == (digest, 1)
    assert [file["name"] for file in said["files"]] == ["a.yaml"]
    assert said["categories"] == ["metals"]
    rows = dict(line.split(maxsplit=1) for line in shown.splitlines() if " at" not in line)
    assert (rows["digest"], rows["generation"], rows["files"]) == (digest, "1", "1: a.yaml")
    assert "last edit   in force\n" in shown


def test_json_on_a_terminal(running: Running, terminal: Terminal) -> None:
    _, shown = terminal("status", running.url, "--json")

    assert json.loads(shown)["ready"]


def test_a_refused_edit(running: Running, run: Run, terminal: Terminal) -> None:
    running.write(BROKEN)
    running.wait_for_refusal()

    done = run("status", running.url)
    code, shown = terminal("status", running.url, NO_COLOR="1")

    said = json.loads(done.stdout)
    assert (done.exit_code, code) == (1, 1)
    assert (said["ready"], said["generation"]) == (True, 1)
    assert [problem["code"] for problem in said["refused"]["problems"]] == ["E101"]
    assert f"last edit   refused at {said['refused']['refused_at']}\n\nerror[E101]: " in shown
    assert "\n --> a.yaml:1:" in shown


def test_no_rules_in_force(home: Path, run: Run, terminal: Terminal) -> None:
    del home
    with serving(BROKEN) as running:
        done = run("status", running.url)
        code, shown = terminal("status", running.url, NO_COLOR="1")

    said = json.loads(done.stdout)
    assert (done.exit_code, code) == (1, 1)
    assert said.keys() == {"url", "ready", "refused"}
    assert not said["ready"]
    assert said["refused"]["refused_at"].endswith("Z")
    assert [problem["code"] for problem in said["refused"]["problems"]] == ["E101"]
    assert "rules       none are in force\nlast edit   refused at 2" in shown
    assert "error[E101]" in shown


# ------------------------------------------------------------------- waiting


def test_waiting_for_a_folder(running: Running, run: Run) -> None:
    running.write(OTHER)

    done = run("status", running.url, "--wait", "rules")

    said = json.loads(done.stdout)
    assert (done.exit_code, done.stderr) == (0, "")
    assert (said["digest"], said["generation"]) == (read_rules(running.folder).digest, 2)


def test_waiting_for_what_is_in_force(running: Running, run: Run) -> None:
    done = run("status", running.url, "--timeout", "0", "--wait", read_rules(running.folder).digest)

    assert (done.exit_code, done.stderr) == (0, "")


def test_waiting_in_vain(running: Running, run: Run) -> None:
    digest = read_rules(running.folder).digest

    done = run("status", running.url, "--wait", NEVER, "--timeout", "0.6")

    assert done.exit_code == 1
    assert json.loads(done.stdout)["digest"] == digest
    assert done.stderr == (
        f"ruletag: not in force after 0.6 seconds; in force is {digest}, generation 1\n"
    )


def test_a_wait_ends_with_the_refusal(running: Running, run: Run) -> None:
    later = threading.Timer(0.5, running.write, [BROKEN])
    later.start()

    began = time.monotonic()
    done = run("status", running.url, "--wait", NEVER)
    later.join()

    assert done.exit_code == 1
    assert time.monotonic() - began < 15
    assert done.stderr.startswith("error[E101]: ")
    assert "\n\nruletag: the service refused an edit at 2" in done.stderr
    assert json.loads(done.stdout)["refused"]["problems"][0]["code"] == "E101"


def test_a_refusal_from_before_the_wait_is_no_news(running: Running, run: Run) -> None:
    running.write(BROKEN)
    running.wait_for_refusal()
    later = threading.Timer(0.5, running.write, [OTHER])
    other = Path("other")
    other.mkdir()
    (other / "a.yaml").write_text(OTHER, encoding="utf-8")
    later.start()

    done = run("status", running.url, "--wait", "other")
    later.join()

    assert done.exit_code == 0


# name, what is written, what is reported
HOPELESS: Final = [
    ("no rules", BROKEN, "error[E101]: "),
    ("a test that fails", UNTRUE, "error[E405]: a is not tagged\n --> rules/a.yaml:4:19\n"),
]


@pytest.mark.parametrize(
    ("text", "report"), [pytest.param(*case, id=name) for name, *case in HOPELESS]
)
def test_a_folder_that_was_refused_is_not_waited_for(
    running: Running, run: Run, terminal: Terminal, text: str, report: str
) -> None:
    running.write(text)
    running.wait_for_refusal()

    done = run("status", running.url, "--wait", "rules", "--timeout", "60")
    code, shown = terminal("status", running.url, "--wait", "rules", NO_COLOR="1")

    assert (done.exit_code, code) == (1, 1)
    assert done.stderr.startswith(report)
    assert "\n  |\n" in done.stderr  # with the source line, since the folder is here
    assert "ruletag: the service refused an edit at 2" in done.stderr
    assert "which is this folder: 1 error; in force is sha256:" in done.stderr
    assert shown.count("error[E") == 1


def test_a_folder_that_no_service_takes_is_not_waited_for(running: Running, run: Run) -> None:
    Path("other").mkdir()
    Path("other/a.yaml").write_text(BROKEN, encoding="utf-8")

    done = run("status", running.url, "--wait", "other", "--timeout", "60")

    assert done.exit_code == 1
    assert "ruletag: no service puts this folder in force: 1 error; in force is" in done.stderr


# --------------------------------------------------------------- wrong usage

# name, arguments, message
WRONG: Final = [
    ("no scheme", ["localhost:8080"], "such as http://localhost:8080"),
    ("no host", ["http://"], "a URL begins with http:// or https://"),
    ("a file", ["file:///etc/passwd"], "a URL begins with http:// or https://"),
    ("a password", ["http://me:secret@localhost"], "put the token into RULETAG_TOKEN"),
    ("a query", ["http://localhost?a"], "without anything behind `?`"),
    ("no port", ["http://localhost:x"], "http://localhost:x is no URL"),
    ("half an address", ["http://[::1"], "http://[::1 is no URL"),
    ("a space", ["http://local host"], "a space or a control character"),
    ("a timeout alone", ["http://localhost", "--timeout", "5"], "--timeout goes with --wait"),
    ("half a digest", ["http://localhost", "--wait", "sha256:12"], "no folder, and no digest"),
    ("no folder", ["http://localhost", "--wait", "none"], "none is no folder, and no digest"),
    ("nothing", ["http://localhost", "--wait", ""], "is no folder, and no digest"),
]


@pytest.mark.parametrize(
    ("arguments", "message"), [pytest.param(*case, id=name) for name, *case in WRONG]
)
def test_wrong_usage(run: Run, arguments: list[str], message: str) -> None:
    done = run("status", *arguments)

    assert (done.exit_code, done.stdout) == (2, "")
    assert message in done.stderr
    assert "secret" not in done.stderr


def test_an_empty_folder_is_not_waited_for(run: Run) -> None:
    Path("empty").mkdir()

    done = run("status", "http://localhost", "--wait", "empty")

    assert done.exit_code == 2
    assert "holds no *.yaml" in done.stderr


def test_a_token_that_cannot_be_one(run: Run) -> None:
    done = run("status", "http://localhost", **{VARIABLE: "a\nb"})

    assert done.exit_code == 78
    assert "RULETAG_TOKEN holds a space" in done.stderr


# --------------------------------------------- what answers, and is no service

READY: Final = {"status": "ready"}
RULES: Final = {
    "digest": NEVER.replace("0", "1"),
    "generation": 7,
    "loaded_at": "2026-01-01T00:00:00Z",
    "files": [],
    "categories": [],
    "counts": {"files": 0, "categories": 0, "entries": 0, "forms": 0},
    "limits": {},
    "refused": None,
    "a later member": 1,
}


class Stand:
    """A server that answers as it is told to; ``asked`` are paths and tokens."""

    def __init__(self, answers: dict[str, tuple[int, dict[str, str], bytes]]) -> None:
        asked: list[tuple[str, str]] = []

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                asked.append((self.path, self.headers.get("Authorization", "")))
                status, headers, body = answers.get(self.path, (404, {}, b"<h1>no such page</h1>"))
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self.asked = asked
        self.answers = answers
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def stop(self) -> None:
        """Stop answering."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@contextmanager
def standing(answers: dict[str, tuple[int, dict[str, str], bytes]]) -> Iterator[Stand]:
    stand = Stand(answers)
    try:
        yield stand
    finally:
        stand.stop()


def answer(value: Any, status: int = 200) -> tuple[int, dict[str, str], bytes]:  # noqa: ANN401 - any JSON
    return status, {"Content-Type": "application/json"}, json.dumps(value).encode()


NO_DETAILS: Final = {
    "status": "not ready",
    "checks": [{"name": "rules", "status": "fail", "detail": "", "problems": []}],
}
SOUND: Final = {"/readyz?verbose": answer(READY), "/v1/rules": answer(RULES)}

# name, answer to /readyz?verbose, answer to /v1/rules, message
STRANGERS: Final[list[tuple[str, Any, Any, str]]] = [
    ("no such path", (404, {}, b"<h1>\x1b[2J</h1>"), None, "404 Not Found, no content type, '<h1>"),
    ("a page", (200, {"Content-Type": "text/html"}, b"hello"), None, "200 OK, text/html, 'hello'"),
    ("nothing", (200, {}, b""), None, "it answered 200 OK, no content type\n"),
    ("a gateway", (503, {"Content-Type": "text/html"}, b"busy"), None, "503 Service Unavailable"),
    ("other JSON", answer({"status": "UP"}), None, "that is not a ruletag service"),
    ("a list", answer([]), None, "that is not a ruletag service"),
    ("only alive", answer({"status": "alive"}), None, "it says nothing of its rules"),
    ("other rules", answer(READY), answer({"rules": []}), "/v1/rules: that is not a ruletag"),
    ("no rights", answer(READY), answer({}, 401), "401 Unauthorized; RULETAG_TOKEN must hold"),
    ("not ready, no rights", answer(NO_DETAILS, 503), None, "its rules; RULETAG_TOKEN must hold"),
    ("elsewhere", (302, {"Location": "http://localhost:1/"}, b""), None, "leads to http://localh"),
    ("a file", (302, {"Location": "file:///etc/passwd"}, b""), None, "leads to file:///etc/passwd"),
    ("in circles", (302, {"Location": "/readyz?verbose"}, b""), None, "it leads on and on"),
]


@pytest.mark.parametrize(
    ("health", "rules", "message"), [pytest.param(*case, id=name) for name, *case in STRANGERS]
)
def test_what_is_no_service(run: Run, health: Any, rules: Any, message: str) -> None:  # noqa: ANN401
    with standing({"/readyz?verbose": health} | ({"/v1/rules": rules} if rules else {})) as stand:
        done = run("status", stand.url)

    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.startswith(f"ruletag: GET {stand.url}/")
    assert message in done.stderr
    assert "\x1b" not in done.stderr


def test_an_answer_without_end_is_given_up(run: Run) -> None:
    with standing({"/readyz?verbose": (200, {}, b" " * (64 * 1024 * 1024 + 1))}) as stand:
        done = run("status", stand.url)

    assert done.exit_code == 2
    assert done.stderr.endswith(": an answer of more than 67,108,864 bytes\n")


def test_a_service_without_tls_is_not_asked_for_it(run: Run) -> None:
    with standing(SOUND) as stand:
        done = run("status", stand.url.replace("http://", "https://"))

    assert done.exit_code == 2
    assert "/readyz?verbose: no trusted TLS: " in done.stderr


def test_nobody_is_there(run: Run) -> None:
    with standing({}) as stand:
        pass

    done = run("status", stand.url)
    waited = run("status", stand.url, "--wait", NEVER, "--timeout", "0.3")

    message = f"ruletag: GET {stand.url}/readyz?verbose: connection refused\n"
    assert (done.exit_code, done.stderr) == (waited.exit_code, waited.stderr) == (2, message)


@pytest.fixture
def trickling() -> Iterator[str]:
    """Give the address of a server that sends a byte now and then, and never what is asked for."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def trickle() -> None:
            connection, _ = server.accept()
            with connection, suppress(OSError):
                connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
                for _ in range(100):
                    connection.sendall(b" ")
                    time.sleep(0.02)

        thread = threading.Thread(target=trickle)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        thread.join()


def test_an_answer_that_trickles_in_is_given_up(trickling: str) -> None:
    with pytest.raises(NoAnswerError, match=r"no answer within 0\.3 seconds"):
        Service(trickling).state(0.3)


# name, what is sent to whoever connects, the message
NO_HTTP: Final = [
    ("another protocol", b"SSH-2.0-OpenSSH_9.2\r\n", "what answered does not speak HTTP"),
    ("nothing", b"", "what answered does not speak HTTP"),
    ("a long line", b"HTTP/1.1 200 " + b"x" * 70_000, "what answered does not speak HTTP"),
    (
        "half an answer",
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{",
        "that is not a ruletag service",
    ),
]


@pytest.mark.parametrize(
    ("sent", "message"), [pytest.param(*case, id=name) for name, *case in NO_HTTP]
)
def test_what_speaks_otherwise(run: Run, sent: bytes, message: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def speak() -> None:
            connection, _ = server.accept()
            with connection, suppress(OSError):
                connection.recv(1000)
                connection.sendall(sent)

        thread = threading.Thread(target=speak)
        thread.start()
        done = run("status", f"http://127.0.0.1:{server.getsockname()[1]}")
        thread.join()

    assert done.exit_code == 2
    assert message in done.stderr


def test_a_server_that_says_nothing_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        service = Service(f"http://127.0.0.1:{server.getsockname()[1]}")
        with pytest.raises(NoAnswerError, match=r"no answer within 0\.2 seconds"):
            service.state(0.2)


def test_the_token_goes_to_the_service_and_on_there(run: Run) -> None:
    moved = {"/readyz?verbose": (307, {"Location": "/at/readyz?verbose"}, b"")}
    with standing(moved | {"/at/readyz?verbose": answer(READY), "/v1/rules": answer(RULES)}) as on:
        done = run("status", on.url, **{VARIABLE: "s3cret"})
        asked = on.asked

    assert done.exit_code == 0
    paths = ["/readyz?verbose", "/at/readyz?verbose", "/v1/rules"]
    assert asked == [(path, "Bearer s3cret") for path in paths]


def test_the_token_goes_to_nobody_else(run: Run) -> None:
    with standing(SOUND) as thief:
        elsewhere = {"Location": f"{thief.url}/readyz?verbose"}
        with standing({"/readyz?verbose": (302, elsewhere, b"")}) as stand:
            done = run("status", stand.url, **{VARIABLE: "s3cret"})

        assert done.exit_code == 2
        assert stand.asked == [("/readyz?verbose", "Bearer s3cret")]
        assert thief.asked == []


def test_a_service_below_a_path(run: Run) -> None:
    with standing({f"/r%C3%BCle{path}": given for path, given in SOUND.items()}) as stand:
        assert run("status", f"{stand.url}/rüle/").exit_code == 0


def test_what_a_service_says_cannot_steer_the_terminal(terminal: Terminal) -> None:
    problem = dict.fromkeys(("code", "title", "detail", "hint", "file"), "\x1b[2J\u202e\x9b")
    refused = {
        "refused_at": "\x1b[2J",
        "problems": [problem | {"severity": "error", "line": 1, "column": 1}],
    }
    rules = RULES | {"digest": "\x1b[2J", "categories": ["\x1b[2J\n"], "refused": refused}
    with standing(SOUND | {"/v1/rules": answer(rules)}) as stand:
        code, shown = terminal("status", stand.url, NO_COLOR="1")
        _, as_json = terminal("status", stand.url, "--json")

    assert code == 1
    assert not set("\x1b\u202e\x9b") & set(shown + as_json)


def test_the_same_files_under_another_digest_are_not_waited_for(run: Run) -> None:
    Path("rules").mkdir()
    Path("rules/a.yaml").write_text(GOOD, encoding="utf-8")
    files = [
        {"name": f.name, "size": f.size, "sha256": f.sha256}
        for f in read_rules(Path("rules")).files
    ]
    with standing(SOUND | {"/v1/rules": answer(RULES | {"files": files})}) as stand:
        done = run("status", stand.url, "--wait", "rules", "--timeout", "60")

    assert done.exit_code == 1
    assert "just these files in force, but by another version of ruletag" in done.stderr


def test_a_service_that_is_away_for_a_while_is_waited_for(run: Run) -> None:
    with standing({}) as stand:
        later = threading.Timer(0.5, stand.answers.update, [SOUND])
        later.start()
        done = run("status", stand.url, "--wait", RULES["digest"])
        later.join()

    assert done.exit_code == 0


def test_a_token_that_is_refused_is_not_tried_again(run: Run) -> None:
    with standing(SOUND | {"/v1/rules": answer({}, 403)}) as stand:
        done = run("status", stand.url, "--wait", NEVER)

    assert done.exit_code == 2
    assert len(stand.asked) == 2


def test_a_service_that_loses_its_rules_between_two_questions(run: Run) -> None:
    not_ready = (503, {"Content-Type": "application/problem+json"}, b"{}")
    with standing(SOUND | {"/v1/rules": not_ready}) as stand:
        done = run("status", stand.url)

    assert (done.exit_code, json.loads(done.stdout)["ready"]) == (1, False)


# name, the address, the URL or nothing
ADDRESSES: Final = [
    ("as it is", "http://localhost:8080", "http://localhost:8080"),
    ("a slash at the end", "https://example.org/", "https://example.org"),
    ("a folder", "https://example.org/ruletag/", "https://example.org/ruletag"),
    ("IPv6", "http://[::1]:8080", "http://[::1]:8080"),
    ("capitals", "HTTP://localhost", "http://localhost"),
    ("port 0", "http://localhost:0", None),
    ("a port too high", "http://localhost:65536", None),
    ("another scheme", "ftp://localhost", None),
]


@pytest.mark.parametrize(
    ("address", "url"), [pytest.param(*case, id=name) for name, *case in ADDRESSES]
)
def test_addresses(address: str, url: str | None) -> None:
    if url is None:
        with pytest.raises(AddressError):
            Service(address)
    else:
        assert Service(address).url == url
