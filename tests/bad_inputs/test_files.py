"""Whatever lies in a rule folder is refused with a place or accepted as the language says.

Meanwhile the rules before answer on, within bounds of time and memory.
"""

import itertools
import json
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

import pytest

from bad_inputs.files import (
    ACCEPTED,
    LIST,
    LISTS,
    LONG,
    NO_FILES,
    PASSED_OVER,
    REFUSED,
    ZINC,
    keywords,
)
from bad_inputs.watched import SECONDS, Watched
from contract.pace import pace
from ruletag.matching.compiler import compile_rules
from ruletag.matching.tagger import tag
from ruletag.problems import RuleSetError
from ruletag.rules.loader import parse_rules, read_rules

COPPER: Final = "categories: {metals: [copper]}\n"
MEMORY: Final = 1024 * 1024 * 1024  # bytes of addresses that may be enough for any of these


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    """Give a folder under watch; it is compiled where memory is short."""
    folder = tmp_path_factory.mktemp("watched") / "rules"
    folder.mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RULETAG_LIMIT_BUILD_MEMORY", str(MEMORY))
        with Watched(folder) as made:
            yield made


@pytest.fixture
def folder(watched: Watched) -> Path:
    """Give the folder with nothing but one good file, which is in force."""
    shutil.rmtree(watched.folder, ignore_errors=True)
    watched.folder.mkdir()
    (watched.folder / "metals.yaml").write_text(COPPER, encoding="utf-8")
    (watched.folder / "out.txt").symlink_to("/etc/passwd")
    watched.look()
    assert (watched.found("copper"), watched.problems) == (["copper"], ())
    return watched.folder


def refused(watched: Watched, file: str = "x.yaml") -> tuple[str, str]:
    """Look, see that the rules before answer on; give where a file is wrong, and what it is."""
    before = watched.generation
    started = time.monotonic()
    watched.look()
    assert time.monotonic() - started < SECONDS
    assert (watched.generation, watched.found("copper and zinc")) == (before, ["copper"])
    first = next(problem for problem in watched.problems if file in problem.location.file)
    return f"{first.location} {first.code}", first.detail


# ----------------------------------------------------------------- what stands in files


@pytest.mark.parametrize(
    ("content", "place"), [pytest.param(*row, id=name) for name, *row in REFUSED]
)
def test_refused(watched: Watched, folder: Path, content: bytes, place: str) -> None:
    (folder / "x.yaml").write_bytes(content)

    assert refused(watched)[0] == place


@pytest.mark.parametrize(
    ("name", "content", "place"),
    [pytest.param(name, *row, id=f"{name}: {what}") for name, what, *row in LISTS],
)
def test_list_files(watched: Watched, folder: Path, name: str, content: bytes, place: str) -> None:
    (folder / name).write_bytes(content)
    (folder / "x.yaml").write_text(LIST % name, encoding="utf-8")

    assert refused(watched, name)[0] == place


@pytest.mark.parametrize(
    ("content", "text", "expected"), [pytest.param(*row, id=name) for name, *row in ACCEPTED]
)
def test_accepted(
    watched: Watched, folder: Path, content: bytes, text: str, expected: list[str]
) -> None:
    before = watched.generation
    (folder / "x.yaml").write_bytes(content)

    watched.look()

    assert (watched.generation, watched.problems) == (before + 1, ())
    started = time.process_time()
    assert watched.found(text) == expected
    assert time.process_time() - started < pace()


def test_the_command_says_the_same_of_all_at_once(tmp_path: Path, command: Path) -> None:
    (tmp_path / "out.txt").symlink_to("/etc/passwd")
    (tmp_path / "metals.yaml").write_text(COPPER, encoding="utf-8")
    expected: set[str] = set()
    for number, (_, content, place) in enumerate(REFUSED):
        (tmp_path / f"x{number:02}.yaml").write_bytes(content)
        if "E308" not in place:  # found only where all can be read
            expected.add(place.replace("x.yaml", f"x{number:02}.yaml"))

    bounded = ["sh", "-c", f'ulimit -v {MEMORY // 1024} && exec "$@"', "sh", str(command)]
    done = subprocess.run(
        [*bounded, "check", "--format", "json", str(tmp_path)],
        capture_output=True,
        timeout=SECONDS,
        check=False,
    )

    assert done.returncode == 1, done.stderr[-1000:]
    problems = json.loads(done.stdout)["problems"]
    assert expected <= {f"{place_of(problem)} {problem['code']}" for problem in problems}


def place_of(problem: dict[str, object]) -> str:
    """Give a place as reports write it."""
    parts = (problem["file"], problem["line"], problem["column"])
    return ":".join(str(part) for part in parts if part)


@pytest.mark.parametrize("text", ["a" * 1_000_000, "a " * 500_000, "a" * 199 + " a" * 400_000])
def test_many_letters_that_come_to_nothing_cost_little(text: str) -> None:
    rules = compile_rules(parse_rules({"x.yaml": keywords(LONG, "a " * 100 + "b", "a ... b")}))
    started = time.process_time()

    assert tag(rules, text).tags == ()

    assert time.process_time() - started < 2 * pace()  # the figure to hold is a second


# ------------------------------------------------------------- what is no file, or none yet


@pytest.mark.parametrize(
    ("make", "said"), [pytest.param(make, said, id=name) for name, make, said in NO_FILES]
)
@pytest.mark.parametrize("name", ["x.yaml", "l.txt"])
def test_no_file(
    watched: Watched, folder: Path, name: str, make: Callable[[Path], None], said: str
) -> None:
    make(folder / name)
    if name == "l.txt":
        (folder / "x.yaml").write_text(LIST % name, encoding="utf-8")

    place, detail = refused(watched)

    assert place in {"x.yaml E110", "x.yaml:1:19 E110"}
    assert said in detail


def test_what_editors_leave_behind_does_not_count(watched: Watched, folder: Path) -> None:
    before = watched.generation
    for name in PASSED_OVER:
        (folder / name).write_text("[", encoding="utf-8")

    watched.look()

    assert (watched.generation, watched.problems) == (before, ())


def test_a_list_file_that_is_deleted(watched: Watched, folder: Path) -> None:
    (folder / "ores.txt").write_text("zinc\n", encoding="utf-8")
    (folder / "x.yaml").write_text(LIST % "ores.txt", encoding="utf-8")
    watched.look()
    assert watched.found("copper and zinc") == ["copper", "zinc"]

    (folder / "ores.txt").unlink()
    watched.look()

    assert [f"{problem.location} {problem.code}" for problem in watched.problems] == [
        "x.yaml:1:19 E110"
    ]
    assert watched.found("copper and zinc") == ["copper", "zinc"]


# ---------------------------------------------------------------- what changes all the time


@contextmanager
def restless(change: "itertools.cycle[Path | None]", path: Path) -> Iterator[None]:
    """Put one thing after another in the place of a file, about a thousand times a second."""
    stop = threading.Event()

    def work() -> None:
        while not stop.wait(0.0005):
            source = next(change)
            with suppress(FileNotFoundError):
                if source is None:
                    path.unlink()
                else:
                    shutil.copy(source, path)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def test_a_file_that_comes_and_goes_while_it_is_read(watched: Watched, folder: Path) -> None:
    whole = folder.parent / "whole"
    whole.write_bytes(ZINC)
    read = 0
    with restless(itertools.cycle([whole, None]), folder / "x.yaml"):
        for _ in range(300):
            try:
                read += len(read_rules(folder).categories)
            except RuleSetError as error:
                assert {p.code for p in error.problems} <= {"E110", "E111"}  # noqa: PT017
        for _ in range(10):
            watched.look()
            assert "copper" in watched.found("copper and zinc")
    assert read

    (folder / "x.yaml").write_bytes(ZINC)
    watched.look()
    assert watched.found("copper and zinc") == ["copper", "zinc"]


def test_a_half_written_file_is_not_put_in_force_for_long(watched: Watched, folder: Path) -> None:
    """A copy that is slow: what is whole at the end is in force."""
    content = keywords(*(f"word{i}" for i in range(100)), "zinc")
    with (folder / "x.yaml").open("wb", buffering=0) as file:
        for i in range(0, len(content), 200):
            file.write(content[i : i + 200])
            watched.look()
            assert "copper" in watched.found("copper")

    watched.look()

    assert watched.problems == ()
    assert watched.found("copper and zinc") == ["copper", "zinc"]


def test_a_folder_that_is_replaced(watched: Watched, folder: Path) -> None:
    other = folder.parent / "other"
    other.mkdir()
    (other / "metals.yaml").write_text("categories: {metals: [zinc]}\n", encoding="utf-8")

    folder.rename(folder.parent / "before")
    other.rename(folder)
    watched.look()

    assert watched.found("copper and zinc") == ["zinc"]
    shutil.rmtree(folder.parent / "before")


def test_a_folder_that_is_unmounted_and_mounted_again(watched: Watched, folder: Path) -> None:
    """An empty folder is what is left in the place of a volume that is taken away."""
    away = folder.parent / "away"
    folder.rename(away)
    folder.mkdir()
    watched.look()
    assert (watched.problems[0].code, watched.found("copper")) == ("E403", ["copper"])

    folder.rmdir()
    away.rename(folder)
    watched.look()
    assert (watched.problems, watched.found("copper")) == ((), ["copper"])


def test_a_folder_whose_files_are_all_deleted(watched: Watched, folder: Path) -> None:
    for path in folder.iterdir():
        path.unlink()

    watched.look()

    assert (watched.problems[0].code, watched.found("copper")) == ("E403", ["copper"])
