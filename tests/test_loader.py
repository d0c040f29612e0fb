"""A folder becomes a rule set, or a list of all that is wrong; nothing in it can do harm."""

import gc
import hashlib
import os
import shutil
import socket
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Final

import pytest

from ruletag.limits import LIMITS
from ruletag.problems import RuleSetError
from ruletag.rules.loader import fingerprint, parse_rules, read_rules, snapshot

RULES: Final = "categories: {x: [copper]}\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Give a rule folder with one file, `good.yaml`."""
    made = tmp_path / "rules"
    made.mkdir()
    (made / "good.yaml").write_text(RULES)
    return made


def complaints(folder: Path) -> list[str]:
    """Give the codes and words of all that keeps a folder from being read."""
    with pytest.raises(RuleSetError) as caught:
        read_rules(folder)
    return [f"{problem.code} {problem.detail}" for problem in caught.value.problems]


# ---------------------------------------------------------------------- passed over

# Files that are no rule files, though some nearly look so.
PASSED_OVER: Final = [
    ".hidden.yaml",
    ".good.yaml.swp",
    "#good.yaml#",
    "#good.yaml",
    "good.yaml~",
    "good.yaml.bak",
    "good.yaml.orig",
    "4913",
    "yaml",
    "readme.md",
    ".git/config.yaml",
    "sub/.hidden/a.yaml",
]


def test_hidden_and_backup_files_are_passed_over(folder: Path) -> None:
    for name in PASSED_OVER:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("[")
    (folder / ".#good.yaml").symlink_to("somebody@elsewhere.1234")

    assert list(snapshot(folder)) == ["good.yaml"]


def test_rule_files_stand_at_any_depth_with_either_ending(folder: Path) -> None:
    for name in ("b.yml", "C.YAML", "sub/a.yaml", "sub/sub/국경 1.yaml", "empty/.keep"):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("lists: {}")

    names = ["C.YAML", "b.yml", "good.yaml", "sub/a.yaml", "sub/sub/국경 1.yaml"]
    assert sorted(snapshot(folder)) == names


# --------------------------------------------------------------------------- refused


def a_pipe(path: Path) -> None:
    os.mkfifo(path)


def a_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(os.path.relpath(path))


def a_device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def a_dangling_link(path: Path) -> None:
    path.symlink_to("nowhere.yaml")


def a_link_to_itself(path: Path) -> None:
    path.symlink_to(path.name)


def a_link_out(path: Path) -> None:
    (path.parent.parent / "secret.yaml").write_text(RULES)
    path.symlink_to("../secret.yaml")


def an_absolute_link_out(path: Path) -> None:
    path.symlink_to("/etc/passwd")


def a_link_to_the_folder_above(path: Path) -> None:
    path.symlink_to("..")


def a_link_to_a_folder(path: Path) -> None:
    (path.parent / "real").mkdir()
    path.symlink_to("real")


# name of the file, what makes it, what is said of it
REFUSED: Final[list[tuple[str, str, Callable[[Path], object], str]]] = [
    ("a folder", "x.yaml", Path.mkdir, "x.yaml: a folder, not a file"),
    ("a pipe", "x.yaml", a_pipe, "x.yaml: a pipe, socket or device, not a file"),
    ("a socket", "x.yaml", a_socket, "x.yaml: a pipe, socket or device, not a file"),
    ("a device", "x.yaml", a_device, "x.yaml: the link leads out of the rule folder"),
    ("a dangling link", "x.yaml", a_dangling_link, "x.yaml: the link leads nowhere"),
    ("a link to itself", "x.yaml", a_link_to_itself, "x.yaml: too many levels of symbolic links"),
    ("a link out", "x.yaml", a_link_out, "x.yaml: the link leads out of the rule folder"),
    ("an absolute link out", "x.yaml", an_absolute_link_out, "the link leads out of the rule fol"),
    ("a folder linked from outside", "x", a_link_to_the_folder_above, "x: the link leads out"),
    ("a folder linked", "x", a_link_to_a_folder, "x: a link to a folder, not followed"),
    ("a line break in the name", "x\n.yaml", Path.touch, "characters that cannot be shown"),
    ("an escape in the name", "x\x1b[2J.yaml", Path.touch, "x␛[2J.yaml: the name holds"),
    ("a name that is not UTF-8", "x\udce9.yaml", Path.touch, "x?.yaml: the name holds"),
]


@pytest.mark.parametrize(
    ("name", "make", "complaint"), [pytest.param(*case, id=name) for name, *case in REFUSED]
)
def test_what_is_no_file_is_refused(
    folder: Path,
    name: str,
    make: Callable[[Path], object],
    complaint: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(folder)  # the path of a socket may be 108 bytes long
    make(folder / name)

    (found,) = complaints(folder)

    assert found.startswith("E110 ")
    assert complaint in found
    assert found.isprintable()
    fingerprint(folder)


def test_a_link_inside_the_folder_is_followed(folder: Path) -> None:
    (folder / ".versions").mkdir()
    (folder / ".versions" / "1.yaml").write_text("lists: {}")
    (folder / "x.yaml").symlink_to(".versions/1.yaml")

    assert snapshot(folder)["x.yaml"] == b"lists: {}"


def test_all_that_cannot_be_read_is_said_at_once(folder: Path) -> None:
    (folder / "a.yaml").mkdir()
    (folder / "sub").mkdir()
    (folder / "sub" / "b.yaml").symlink_to("nowhere")

    assert complaints(folder) == [
        "E110 a.yaml: a folder, not a file",
        "E110 sub/b.yaml: the link leads nowhere",
    ]


# --------------------------------------------------------------------- no permission


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """Give a rule folder that any user can reach; pytest's own are closed to all but one."""
    made = Path(tempfile.mkdtemp()).resolve()
    made.chmod(0o755)
    (made / "good.yaml").write_text(RULES)
    (made / "sub").mkdir()
    (made / "sub" / "a.yaml").write_text(RULES)
    yield made
    for path in (made, made / "sub"):
        path.chmod(0o755)
    shutil.rmtree(made)


@contextmanager
def as_somebody() -> Iterator[None]:
    """Run without the power to read everything, where we have it."""
    before = os.geteuid()
    if before == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(before)


# what is closed, what is said
CLOSED: Final = [
    ("good.yaml", "E110 good.yaml: permission denied"),
    ("sub", "E110 sub: permission denied"),
    ("sub/a.yaml", "E110 sub/a.yaml: permission denied"),
    (".", "E110 the rule folder: permission denied"),
]


@pytest.mark.parametrize(("name", "complaint"), CLOSED)
def test_what_may_not_be_read_is_named(open_folder: Path, name: str, complaint: str) -> None:
    (open_folder / name).chmod(0)

    with as_somebody():
        found = complaints(open_folder)
        fingerprint(open_folder)

    assert found == [complaint]


# ------------------------------------------------------------------------- no rules


def test_an_empty_folder(tmp_path: Path) -> None:
    assert complaints(tmp_path) == ["E403 the rule folder holds no *.yaml or *.yml files"]


def test_a_folder_of_other_files(tmp_path: Path) -> None:
    (tmp_path / "a.txt").touch()

    assert complaints(tmp_path) == ["E403 the rule folder holds no *.yaml or *.yml files"]


def test_no_folder(tmp_path: Path) -> None:
    missing = tmp_path / "rules"

    (found,) = complaints(missing)

    assert found.startswith("E403 the rule folder does not exist")
    assert fingerprint(missing) != fingerprint(tmp_path)


def test_a_file_for_a_folder(folder: Path) -> None:
    assert complaints(folder / "good.yaml") == ["E403 the rule folder is not a folder"]


def test_too_many_files(folder: Path) -> None:
    for number in range(LIMITS.rule_files):
        (folder / f"{number}.yaml").write_text(RULES)

    assert complaints(folder) == ["E404 more than 1,000 rule files in one folder"]


# ------------------------------------------------------------------------- ConfigMap


def mount(folder: Path, version: str, rules: str) -> None:
    """Write a version of a ConfigMap as the kubelet does, and swap it in."""
    (folder / version).mkdir(parents=True)
    (folder / version / "a.yaml").write_text(rules)
    (folder / "..new").symlink_to(version)
    (folder / "..new").rename(folder / "..data")
    link = folder / "a.yaml"
    if not link.is_symlink():
        link.symlink_to("..data/a.yaml")


def test_a_mounted_config_map_is_read_as_one_version(tmp_path: Path) -> None:
    mount(tmp_path, "..2026_01", RULES)
    before = fingerprint(tmp_path)

    assert snapshot(tmp_path) == {"a.yaml": RULES.encode()}

    mount(tmp_path, "..2026_02", "lists: {}")
    assert snapshot(tmp_path) == {"a.yaml": b"lists: {}"}
    assert fingerprint(tmp_path) != before


def test_a_config_map_swapped_while_it_is_read(tmp_path: Path) -> None:
    mount(tmp_path, "..2026_01", RULES)
    stop = threading.Event()

    def swap() -> None:
        for number in count():
            mount(tmp_path, f"..{number}", RULES)
            shutil.rmtree(tmp_path / f"..{number - 1}", ignore_errors=True)
            if stop.is_set():
                return

    swapping = threading.Thread(target=swap)
    swapping.start()
    answers = [attempt(tmp_path) for _ in range(300)]
    stop.set()
    swapping.join()

    # Now and then two swaps fall into one reading: that is said, and never a mixture.
    assert answers.count("E110") + answers.count("E403") < len(answers) / 2
    assert set(answers) <= {RULES, "E110", "E403"}


def attempt(folder: Path) -> str:
    """Give the rules that were read, or the code of what was wrong."""
    try:
        return snapshot(folder)["a.yaml"].decode()
    except RuleSetError as error:
        return error.problems[0].code


# ------------------------------------------------------------------------ rule sets


def test_files_are_described(folder: Path) -> None:
    rules = read_rules(folder)

    (file,) = rules.files
    assert (file.name, file.size) == ("good.yaml", len(RULES))
    assert file.sha256 == hashlib.sha256(RULES.encode()).hexdigest()
    assert rules.warnings == ()


def test_the_digest_names_the_rules() -> None:
    one, other = {"a.yaml": RULES.encode()}, {"a.yaml": RULES.encode() + b"# x\n"}
    digests = [parse_rules(files).digest for files in (one, one, other)]

    assert digests[0] == digests[1] != digests[2]
    assert parse_rules({"b.yaml": one["a.yaml"]}).digest != digests[0]
    assert digests[0].startswith("sha256:")


@pytest.mark.parametrize("was_enabled", [True, False])
def test_the_search_for_garbage_is_left_as_it_was(was_enabled: bool) -> None:  # noqa: FBT001
    (gc.enable if was_enabled else gc.disable)()
    try:
        parse_rules({"a.yaml": RULES.encode()})
        is_enabled = gc.isenabled()
    finally:
        gc.enable()

    assert is_enabled == was_enabled


def test_the_order_of_files_makes_no_difference() -> None:
    files = {"a.yaml": RULES.encode(), "b.yaml": b"lists: {l: [a]}"}

    assert parse_rules(files) == parse_rules(dict(reversed(files.items())))


def test_fingerprints_see_an_edit_that_keeps_date_and_size(folder: Path) -> None:
    before = fingerprint(folder)
    path = folder / "good.yaml"
    dates = path.stat()

    path.write_text(RULES.replace("copper", "silver"))
    os.utime(path, ns=(dates.st_atime_ns, dates.st_mtime_ns))

    assert fingerprint(folder) != before


def test_fingerprints_see_the_folder_come_and_go(tmp_path: Path) -> None:
    folder = tmp_path / "rules"
    seen = [fingerprint(folder)]
    folder.mkdir()
    seen.append(fingerprint(folder))

    assert seen[0] != seen[1]


def test_a_folder_that_cannot_be_reached_is_not_said_to_be_missing(tmp_path: Path) -> None:
    folder = tmp_path / "closed" / "rules"
    folder.mkdir(parents=True)
    folder.parent.chmod(0)
    user = os.geteuid()
    if not user:
        os.seteuid(54321)  # to root nothing is closed
    try:
        assert complaints(folder) == ["E403 the rule folder cannot be reached: permission denied"]
    finally:
        os.seteuid(user)
        folder.parent.chmod(0o700)


def test_fingerprints_see_files_come_and_go(folder: Path) -> None:
    seen = [fingerprint(folder)]
    (folder / "x.yaml").symlink_to("nowhere")
    seen.append(fingerprint(folder))
    (folder / "good.yaml").unlink()
    seen.append(fingerprint(folder))

    assert len(set(seen)) == len(seen)
