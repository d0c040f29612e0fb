"""A whole service in bad circumstances, seen by its operator and its callers.

More of this kind is in ``tests/serving/test_life.py``, ``tests/edge/test_ending.py`` and
``test_slow_clients.py``, and, as a container, in ``tests/container``.
"""

import http.client
import json
import os
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from typing import Any, Final

import pytest

from bad_inputs.load import Load
from bad_inputs.processes import children
from serving.life import COPPER, PATIENCE, ZINC, Life, living

ADMIN: Final = "an-admin-token-of-the-tests"
SOMEBODY: Final = 54321  # a user that nobody has heard of
MANY: Final = "categories:\n  many:\n" + "".join(
    f"  - word{i}~ ... other{i}\n" for i in range(20_000)
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "rules"


class Bare(Life):
    """A service that is started as the test has it."""

    def __init__(self, folder: Path, settings: dict[str, str], **options: Any) -> None:  # noqa: ANN401 - of a process
        self.folder = folder
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        kept = {name: value for name, value in os.environ.items() if "RULETAG" not in name}
        ours = {"RULETAG_RULES": str(folder), "RULETAG_PORT": str(self.port)}
        self.log_file = folder.parent / "log"
        self.log_file.touch()
        command = [*options.pop("through", ()), sys.executable, "-P", "-m", "ruletag.edge.master"]
        self.master = subprocess.Popen(command, env=kept | ours | settings, **options)


@contextmanager
def bare(folder: Path, settings: dict[str, str] | None = None, **options: Any) -> Iterator[Bare]:  # noqa: ANN401 - of a process
    """Run a service over a folder that may hold anything, or not be there."""
    life = Bare(folder, settings or {}, **options)
    try:
        yield life
    finally:
        life.master.send_signal(signal.SIGTERM)
        try:
            life.master.wait(20)
        except subprocess.TimeoutExpired:
            life.master.kill()
            life.master.wait()


def ready(life: Life) -> bool:
    """Say whether the service is ready."""
    return life.readiness() == 200


def refusal(life: Life) -> Any:  # noqa: ANN401 - any JSON
    """Give what the service tells of the last refused edit."""
    return life.ask("GET", "/v1/rules")[1]["refused"]


def compilers(life: Life) -> list[int]:
    """Give the processes that compile rules, or wait to."""
    return [child for worker in children(life.master.pid) for child in children(worker)]


def is_running(process: int) -> bool:
    """Say whether a process is there, and no mere remainder of one."""
    with suppress(FileNotFoundError, ProcessLookupError):
        return ") Z " not in Path(f"/proc/{process}/stat").read_text(encoding="ascii")
    return False


def problems(life: Life) -> list[dict[str, Any]]:
    """Give what keeps the service from being ready."""
    checks = life.ask("GET", "/readyz?verbose")[1]["checks"]
    return [problem for check in checks for problem in check.get("problems") or ()]


# ------------------------------------------------------------------------------ the start


def test_it_starts_with_bad_rules(folder: Path) -> None:
    with living(folder, "categories: {metals: [copper") as life:
        life.until(lambda: bool(problems(life)))
        assert (life.ask("GET", "/livez")[0], life.readiness()) == (200, 503)
        (problem,) = problems(life)
        assert (problem["file"], problem["line"], problem["column"]) == ("metals.yaml", 1, 22)
        life.until(lambda: any("metals.yaml:1:22" in line["msg"] for line in life.logged()))
        assert life.ask("POST", "/v1/tag", {"text": ""})[0] == 503

        life.write(COPPER)

        life.until(lambda: ready(life))
        assert life.found() == ["copper"]


def test_it_starts_without_a_folder(folder: Path) -> None:
    with bare(folder) as life:
        life.until(lambda: life.readiness() == 503)
        life.until(lambda: "does not exist" in str(life.ask("GET", "/readyz?verbose")[1]))

        folder.mkdir()
        life.write(COPPER)

        life.until(lambda: ready(life))


def test_the_port_is_taken(folder: Path, command: Path) -> None:
    with living(folder) as life:
        started = time.monotonic()
        second = subprocess.run(
            [command, "serve", "--rules", folder, "--port", str(life.port)],
            capture_output=True,
            timeout=30,
            check=False,
        )

        assert second.returncode != 0
        assert time.monotonic() - started < 10
        assert str(life.port) in (second.stdout + second.stderr).decode()
        assert b"Traceback" not in second.stdout + second.stderr
        assert life.readiness() == 200


# what is set wrongly
BAD_SETTINGS: Final = [
    ("no workers", {"RULETAG_WORKERS": "0"}),
    ("no port", {"RULETAG_PORT": "http"}),
    ("a setting that there is not", {"RULETAG_WROKERS": "2"}),
    ("a limit of nothing", {"RULETAG_LIMIT_BODY": "0"}),
    ("a token that can be guessed", {"RULETAG_TOKENS": "secret"}),
    ("a file of tokens that is not there", {"RULETAG_TOKENS_FILE": "/nowhere/tokens"}),
    ("an origin that is none", {"RULETAG_CORS": "news.example"}),
    ("a decision log where nothing can be written", {"RULETAG_DECISION_LOG": "/proc/nowhere"}),
]


@pytest.mark.parametrize(
    "settings", [pytest.param(settings, id=name) for name, settings in BAD_SETTINGS]
)
def test_a_bad_setting_ends_the_start(command: Path, settings: dict[str, str]) -> None:
    kept = {name: value for name, value in os.environ.items() if "RULETAG" not in name}

    done = subprocess.run(
        [command, "serve"], env=kept | settings, capture_output=True, timeout=20, check=False
    )

    ((name, value),) = settings.items()
    said = done.stderr.decode()
    assert (done.returncode, done.stdout, said.count("\n")) == (78, b"", 1)
    assert name in said or value in said
    assert "secret" not in said


def test_an_address_that_is_not_ours(command: Path, folder: Path) -> None:
    folder.mkdir()
    done = subprocess.run(
        [command, "serve", "--rules", folder, "--host", "192.0.2.1", "--port", "8099"],
        capture_output=True,
        timeout=20,
        check=False,
    )

    assert done.returncode != 0
    assert b"192.0.2.1" in done.stdout + done.stderr
    assert b"Traceback" not in done.stdout + done.stderr


# ----------------------------------------------------------------------- the state folder


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"ruletag 0.0", os.urandom(1000)])
def test_kept_rules_that_are_broken_are_passed_over(
    folder: Path, tmp_path: Path, content: bytes
) -> None:
    state = tmp_path / "state"
    with living(folder, state=str(state)) as life:
        life.until(lambda: ready(life))
    for path in state.iterdir():
        path.write_bytes(content)

    with living(folder, "[", state=str(state)) as life:
        life.until(lambda: bool(problems(life)))
        time.sleep(0.5)
        assert life.readiness() == 503

        life.write(ZINC)
        life.until(lambda: ready(life))
        assert life.found() == ["zinc"]


def test_a_state_folder_that_cannot_be_written_costs_a_warning(
    folder: Path, tmp_path: Path
) -> None:
    state = tmp_path / "state"
    state.write_text("no folder", encoding="utf-8")
    with living(folder, state=str(state)) as life:
        life.until(lambda: ready(life))

        assert life.found() == ["copper"]
        assert any(line["level"] in {"warning", "error"} for line in life.logged())


# -------------------------------------------------------------------------------- edits


def test_a_bad_edit_and_hangups(folder: Path) -> None:
    with living(folder, workers="2") as life:
        life.until(lambda: ready(life) and len(life.workers()) == 2)
        before = life.workers()
        life.write("categories: {metals: [zinc")
        with Load(life.port) as load:
            for _ in range(20):
                life.master.send_signal(signal.SIGHUP)
                time.sleep(0.1)

        assert (load.lost, load.refused, life.workers()) == ([], 0, before)
        assert refusal(life)["problems"]
        assert life.found() == ["copper"]


def test_a_hundred_edits_in_ten_seconds(folder: Path) -> None:
    with living(folder, workers="2") as life:
        life.until(lambda: ready(life) and len(life.workers()) == 2)
        with Load(life.port) as load:
            for number in range(100):
                life.write(
                    "[" if number % 7 == 3 else f"categories: {{metals: [zinc, w{number}]}}\n"
                )
                time.sleep(0.1)
            life.until(lambda: has_word(life, "w99"))
            generation = life.ask("GET", "/v1/rules")[1]["generation"]
            assert all(has_word(life, "w99") for _ in range(20))

        assert (load.lost, load.refused) == ([], 0)
        assert refusal(life) is None
        assert 2 <= generation <= 101


def has_word(life: Life, word: str) -> bool:
    """Say whether a word is a keyword of the rules in force."""
    return bool(life.ask("POST", "/v1/tag", {"text": word})[1]["categories"])


def test_there_and_back_again(folder: Path) -> None:
    with living(folder, workers="2") as life:
        life.until(lambda: ready(life))
        digest = life.ask("GET", "/v1/rules")[1]["digest"]
        life.write(ZINC)
        life.until(lambda: life.found() == ["zinc"])
        life.write(COPPER)
        life.until(lambda: life.found() == ["copper"])

        rules = life.ask("GET", "/v1/rules")[1]
        assert (rules["digest"], rules["generation"], rules["refused"]) == (digest, 3, None)

        life.write("[")
        life.until(lambda: refusal(life) is not None)
        life.write(COPPER)
        life.until(lambda: refusal(life) is None)
        assert life.ask("GET", "/v1/rules")[1]["generation"] == 3


def test_workers_are_recycled_while_rules_change(folder: Path) -> None:
    with living(folder, workers="2", recycle="200") as life:
        life.until(lambda: ready(life) and len(life.workers()) == 2)
        first = set(life.workers())
        with Load(life.port) as load:
            for number in range(12):
                life.write(ZINC if number % 2 == 0 else COPPER)
                time.sleep(0.5)

        assert (load.lost, load.refused) == ([], 0)
        assert not first & set(life.workers())
        life.until(lambda: life.found() == ["copper"])


# ------------------------------------------------------------------------- the compiler


def test_a_compiler_without_memory(folder: Path) -> None:
    with living(folder, limit_build_memory=str(160 * 1024 * 1024)) as life:
        life.until(lambda: ready(life))
        life.write(MANY, "many.yaml")
        life.until(lambda: refusal(life) is not None)

        assert refusal(life)["problems"][0]["code"] == "E499"
        assert life.found() == ["copper"]

        (folder / "many.yaml").unlink()
        life.write(ZINC)
        life.until(lambda: life.found() == ["zinc"])


@pytest.mark.parametrize("sign", [signal.SIGKILL, signal.SIGSEGV, signal.SIGTERM, signal.SIGSTOP])
def test_a_compiler_that_does_not_get_through(folder: Path, sign: signal.Signals) -> None:
    """Killed, crashed, told to leave, or hung: the edit is refused, and tried again."""
    with living(folder, limit_build_seconds="4") as life:
        life.until(lambda: ready(life))
        life.write(MANY, "many.yaml")
        time.sleep(0.5)
        for compiler in compilers(life):
            os.kill(compiler, sign)

        life.until(lambda: refusal(life) is not None)
        assert refusal(life)["problems"][0]["code"] == "E499"
        assert life.found() == ["copper"]

        (folder / "many.yaml").write_text(ZINC.replace("metals", "more"), encoding="utf-8")
        life.until(lambda: life.found() == ["copper", "zinc"])


# ----------------------------------------------------------------------------- the end


@pytest.mark.parametrize("drain", ["0", "1"])
def test_it_is_told_to_stop_under_load(folder: Path, drain: str) -> None:
    with ExitStack() as stack:
        life = stack.enter_context(living(folder, workers="2", drain=drain))
        life.until(lambda: ready(life))
        load = stack.enter_context(Load(life.port, 8))
        time.sleep(1)
        started = time.monotonic()

        assert life.stop() == 0

        assert time.monotonic() - started < float(drain) + 4
        time.sleep(0.2)
    assert load.answered > 100
    assert load.lost == []


def test_it_is_told_to_stop_while_it_compiles(folder: Path) -> None:
    with living(folder, workers="2") as life:
        life.until(lambda: ready(life) and len(life.workers()) == 2)
        life.write(MANY, "many.yaml")
        time.sleep(0.6)
        family = [*life.workers(), *compilers(life)]
        with Load(life.port) as load:
            started = time.monotonic()
            assert life.stop() == 0
            assert time.monotonic() - started < 4
            life.until(lambda: not any(map(is_running, family)))

        assert load.lost == []


def test_the_master_is_killed(folder: Path) -> None:
    with living(folder, workers="2") as life:
        life.until(lambda: ready(life) and len(life.workers()) == 2)
        life.write(MANY, "many.yaml")
        time.sleep(0.6)
        family = [*life.workers(), *compilers(life)]

        life.master.kill()
        life.master.wait()

        life.until(lambda: not any(map(is_running, family)))
        with closing(socket.socket()) as free:
            free.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            free.bind(("127.0.0.1", life.port))


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGQUIT])
def test_it_is_told_to_leave_at_once(folder: Path, sign: signal.Signals) -> None:
    with living(folder) as life:
        life.until(lambda: ready(life))
        family = [*life.workers(), *compilers(life)]

        life.master.send_signal(sign)

        assert life.master.wait(5) == 0
        life.until(lambda: not any(map(is_running, family)))


@pytest.mark.parametrize("sign", [signal.SIGUSR1, signal.SIGWINCH, signal.SIGPIPE, signal.SIGTTIN])
def test_other_signals_cost_nothing(folder: Path, sign: signal.Signals) -> None:
    with living(folder) as life:
        life.until(lambda: ready(life))
        with Load(life.port) as load:
            life.master.send_signal(sign)
            time.sleep(1)

        assert (load.lost, load.refused) == ([], 0)
        assert life.master.poll() is None


# ------------------------------------------------------------------------- circumstances


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """Give a rule folder that any user can reach; pytest's own are closed to all but one."""
    made = Path(tempfile.mkdtemp()).resolve()
    made.chmod(0o755)
    (made / "rules").mkdir()
    (made / "rules" / "metals.yaml").write_text(COPPER, encoding="utf-8")
    yield made / "rules"
    shutil.rmtree(made)


def as_somebody() -> dict[str, Any]:
    """Give what lets a process run as a user that nobody has heard of, where we may do that."""
    if os.geteuid() != 0:
        return {}
    somebody: dict[str, Any] = {"user": SOMEBODY, "group": SOMEBODY, "extra_groups": []}
    try:
        subprocess.run([sys.executable, "-c", "import ruletag"], check=True, **somebody)
    except (OSError, subprocess.CalledProcessError):
        return {}  # what is to run lies where only we can read
    return somebody


def test_any_user_with_no_home_and_no_place_to_write(open_folder: Path) -> None:
    nowhere = {"HOME": "/nonexistent", "TMPDIR": "/nonexistent", "USER": "", "PATH": ""}
    who = as_somebody()
    with bare(open_folder, nowhere | {"RULETAG_WORKERS": "2"}, cwd="/", **who) as life:
        life.until(lambda: ready(life))
        assert life.found() == ["copper"]

        if who:
            hidden = open_folder / "hidden.yaml"
            hidden.write_text(ZINC, encoding="utf-8")
            hidden.chmod(0)
            life.until(lambda: refusal(life) is not None)
            assert "hidden.yaml: permission denied" in str(refusal(life))
            assert life.found() == ["copper"]
            hidden.unlink()
        life.write(ZINC)
        life.until(lambda: life.found() == ["zinc"])


def oom_score(process: int) -> int:
    """Give how readily the kernel ends a process where memory runs out."""
    return int(Path(f"/proc/{process}/oom_score_adj").read_text(encoding="ascii"))


def test_the_compiler_is_the_first_to_go_where_memory_runs_out(folder: Path) -> None:
    with living(folder) as life:
        life.until(lambda: ready(life))
        life.until(lambda: [oom_score(process) for process in compilers(life)] == [1000])
        assert all(oom_score(worker) < 1000 for worker in life.workers())


def with_room_of(size: str, place: str) -> tuple[str, ...]:
    """Give what runs a command with so small a disk there; skip where we may not do that."""
    mounted = f"mount -t tmpfs -o size={size} tmpfs {place}"
    through = ("unshare", "--mount", "sh", "-c", f'{mounted} && exec "$@"', "sh")
    try:
        subprocess.run([*through, "true"], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("needs a right to mount")
    return through


@pytest.mark.parametrize("size", ["64m", "4k"])
def test_shared_memory_has_no_room(folder: Path, size: str) -> None:
    folder.mkdir()
    (folder / "metals.yaml").write_text(COPPER, encoding="utf-8")
    (folder / "many.yaml").write_text(MANY, encoding="utf-8")
    through = with_room_of(size, "/dev/shm")  # noqa: S108 - it is that of the test alone
    with bare(folder, {"RULETAG_WORKERS": "2"}, through=through) as life:
        life.until(lambda: ready(life))
        for content, expected in ((ZINC, "zinc"), ("[", "zinc"), (COPPER, "copper")):
            life.write(content)
            life.until(lambda expected=expected: life.found() == [expected])  # type: ignore[misc]
        assert life.ask("GET", "/v1/rules")[0] == 200


def test_an_edit_for_which_the_disk_has_no_room(folder: Path) -> None:
    folder.mkdir()
    through = with_room_of("16k", str(folder))
    with bare(folder, {"RULETAG_ADMIN_TOKENS": ADMIN}, through=through) as life:
        life.until(lambda: life.readiness() > 0)
        assert put(life, COPPER) == (201, None)
        life.until(lambda: ready(life))

        status, code = put(life, COPPER + "# long\n" * 10_000)

        assert (status, code) == (507, "disk_full")
        assert life.found() == ["copper"]
        assert put(life, ZINC) == (200, None)  # nothing is left behind that takes room
        life.until(lambda: life.found() == ["zinc"])


def put(life: Life, content: str) -> tuple[int, str | None]:
    """Edit a file over HTTP; give the status, and the code of a refusal."""
    connection = http.client.HTTPConnection("127.0.0.1", life.port, timeout=PATIENCE)
    with closing(connection):
        headers = {"Authorization": f"Bearer {ADMIN}", "Content-Type": "application/yaml"}
        connection.request("GET", "/v1/rules/metals.yaml", headers=headers)
        tag = (known := connection.getresponse()).headers["ETag"]
        known.read()
        condition = {"If-Match": tag} if tag else {"If-None-Match": "*"}
        connection.request("PUT", "/v1/rules/metals.yaml", content, headers | condition)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read()).get("code")


def test_all_files_are_open_and_rules_are_edited(folder: Path) -> None:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (160, before[1]))
    stack = ExitStack()
    try:
        life = stack.enter_context(living(folder, client_timeout="2"))
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
    with stack:
        life.until(lambda: ready(life))
        for _ in range(200):
            connection = socket.create_connection(("127.0.0.1", life.port))
            stack.enter_context(closing(connection))

        for content, expected in ((ZINC, "zinc"), ("[", "zinc"), (COPPER, "copper")):
            life.write(content)
            life.until(lambda expected=expected: life.found() == [expected])  # type: ignore[misc]

        assert "Too many open files" not in life.log_file.read_text(encoding="utf-8")
        assert life.master.poll() is None


@contextmanager
def output(kind: str) -> Iterator[int]:
    """Give a standard output of a kind."""
    if kind == "full":
        with Path("/dev/full").open("wb") as full:
            yield full.fileno()
        return
    reading, writing = os.pipe()
    if kind == "gone":
        os.close(reading)
    try:
        yield writing
    finally:
        os.close(writing)
        if kind != "gone":
            os.close(reading)


@pytest.mark.parametrize("kind", ["slow", "gone", "full"])
def test_nobody_reads_what_is_logged(folder: Path, kind: str) -> None:
    folder.mkdir()
    (folder / "metals.yaml").write_text(COPPER, encoding="utf-8")
    with (
        output(kind) as stdout,
        bare(folder, {"RULETAG_WORKERS": "2"}, stdout=stdout, stderr=stdout) as life,
    ):
        life.until(lambda: ready(life))
        with Load(life.port) as load:
            for number in range(6):
                life.write(ZINC if number % 2 == 0 else "[")
                time.sleep(0.5)
        assert (load.lost, load.refused) == ([], 0)
        assert load.answered > 500
        life.write(COPPER)
        life.until(lambda: life.found() == ["copper"])
        assert life.stop() == 0


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", ">&- 2>&-", "<&- >&- 2>&-"])
def test_a_standard_file_is_closed(folder: Path, closed: str) -> None:
    folder.mkdir()
    (folder / "metals.yaml").write_text(COPPER, encoding="utf-8")
    with bare(folder, through=["sh", "-c", f'exec "$@" {closed}', "sh"]) as life:
        life.until(lambda: ready(life))
        life.write(ZINC)
        life.until(lambda: life.found() == ["zinc"])
        assert life.stop() == 0
