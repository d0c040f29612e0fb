"""`ruletag fmt`: what is written, what is said of it, and the exit code."""

import os
import stat
from pathlib import Path
from typing import Final

import pytest

from cli.conftest import Process, Run, Terminal

MESSY: Final = "categories:\n    a: ['b',c]  # d\n"
NEAT: Final = "categories:\n  a: [b, c]  # d\n"
BROKEN: Final = "categories: [\n"
CHANGES: Final = """\
--- rules/a.yaml
+++ rules/a.yaml
@@ -1,2 +1,2 @@
 categories:
-    a: ['b',c]  # d
+  a: [b, c]  # d
"""
BROKEN_SHOWN: Final = """\
error[E101]: `[` is never closed
 --> rules/b.yaml:1:13
  |
1 | categories: [
  |             ^ add `]` where the list or mapping ends

"""

NOTHING: Final = "1 file, nothing to change\n"
NO_RULE_FILE: Final = "ruletag: rules/a.txt: a rule file ends in `.yaml` or `.yml`\n"

Files = dict[str, str]
# Exit code, standard output, standard error.
End = tuple[int, str, str]

# name, files, arguments, files afterwards, how it ends
CASES: Final[list[tuple[str, Files, str, Files, End]]] = [
    (
        "a folder",
        {"a.yaml": MESSY, "sub/b.yml": NEAT, "c.txt": MESSY},
        "",
        {"a.yaml": NEAT, "sub/b.yml": NEAT, "c.txt": MESSY},
        (0, "", "rules/a.yaml: changed\n2 files, 1 changed\n"),
    ),
    ("nothing to do", {"a.yaml": NEAT}, "", {}, (0, "", NOTHING)),
    (
        "check",
        {"a.yaml": MESSY, "b.yaml": NEAT},
        "--check",
        {},
        (1, CHANGES, "rules/a.yaml: would change\n2 files, 1 would change\n"),
    ),
    ("check what is neat", {"a.yaml": NEAT}, "--check", {}, (0, "", NOTHING)),
    (
        "a file that cannot be read as YAML",
        {"a.yaml": MESSY, "b.yaml": BROKEN},
        "rules",
        {"a.yaml": NEAT, "b.yaml": BROKEN},
        (1, "", f"rules/a.yaml: changed\n{BROKEN_SHOWN}2 files, 1 changed, 1 left alone\n"),
    ),
    (
        "one file",
        {"a.yaml": MESSY, "b.yaml": MESSY},
        "rules/a.yaml",
        {"a.yaml": NEAT, "b.yaml": MESSY},
        (0, "", "rules/a.yaml: changed\n1 file, 1 changed\n"),
    ),
    (
        "files and folders",
        {"a.yaml": MESSY, "sub/b.yaml": MESSY},
        "rules/a.yaml rules/sub",
        {"a.yaml": NEAT, "sub/b.yaml": NEAT},
        (0, "", "rules/a.yaml: changed\nrules/sub/b.yaml: changed\n2 files, 2 changed\n"),
    ),
    (
        "a file that is no rule file",
        {"a.txt": MESSY, "b.yaml": NEAT},
        "rules/a.txt rules/b.yaml",
        {},
        (2, "", f"{NO_RULE_FILE}2 files, 1 could not be read or written\n"),
    ),
    (
        "no such file",
        {"a.yaml": NEAT},
        "rules/b.yaml",
        {},
        (2, "", "ruletag: rules/b.yaml: no such file or directory\n"),
    ),
    (
        "a folder without rules",
        {"a.txt": NEAT},
        "",
        {},
        (2, "", "ruletag: rules: the rule folder holds no *.yaml or *.yml files\n"),
    ),
    (
        "keys that no rule has",
        {"a.yaml": "x:   y\n"},
        "--rules rules",
        {"a.yaml": "x: y\n"},
        (0, "", "rules/a.yaml: changed\n1 file, 1 changed\n"),
    ),
]


def write(files: Files) -> None:
    for name, text in files.items():
        path = Path("rules", name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def written() -> Files:
    """Give every file of the rule folder."""
    paths = [path for path in Path("rules").rglob("*") if path.is_file()]
    return {path.relative_to("rules").as_posix(): path.read_text("utf-8") for path in paths}


@pytest.mark.parametrize(
    ("files", "arguments", "afterwards", "end"),
    [pytest.param(*case, id=name) for name, *case in CASES],
)
def test_fmt(run: Run, files: Files, arguments: str, afterwards: Files, end: End) -> None:
    write(files)

    done = run("fmt", *arguments.split())

    assert (done.exit_code, done.stdout, done.stderr) == end
    assert written() == (afterwards or files)


# name, what comes in, arguments, how it ends
STREAMS: Final[list[tuple[str, str, str, End]]] = [
    ("messy", MESSY, "", (0, NEAT, "")),
    ("neat", NEAT, "", (0, NEAT, "")),
    ("broken", BROKEN, "", (1, "", BROKEN_SHOWN.replace("rules/b.yaml", "standard input"))),
    ("check what is neat", NEAT, "--check", (0, "", "")),
    (
        "check",
        MESSY,
        "--check",
        (
            1,
            CHANGES.replace("rules/a.yaml", "standard input"),
            "standard input: would change\n",
        ),
    ),
]


@pytest.mark.parametrize(
    ("text", "arguments", "end"), [pytest.param(*case, id=name) for name, *case in STREAMS]
)
def test_standard_input(run: Run, text: str, arguments: str, end: End) -> None:
    done = run("fmt", "-", *arguments.split(), text=text)

    assert (done.exit_code, done.stdout, done.stderr) == end


def test_bytes_that_are_no_text_pass_through_neither_way(run: Run) -> None:
    done = run("fmt", "-", text=b"a: \xff\n")

    assert done.exit_code == 1
    assert "error[E102]" in done.stderr
    assert done.stdout_bytes == b""


def test_line_ends_and_mark_stay(run: Run) -> None:
    done = run("fmt", "-", text="\ufeffa:   b\r\n".encode())

    assert done.stdout_bytes == "\ufeffa: b\r\n".encode()


# arguments, what is said
WRONG: Final = [
    ("- rules", "standard input stands alone"),
    ("- --rules rules", "standard input stands alone"),
    ("rules --rules rules", "give the rule folder once"),
    ("", "there is no folder `rules` here"),
]


@pytest.mark.parametrize(("arguments", "said"), WRONG)
def test_wrong_usage(run: Run, arguments: str, said: str) -> None:
    done = run("fmt", *arguments.split())

    assert said in done.stderr
    assert done.exit_code == 2


def test_mode_and_links_stay(run: Run) -> None:
    write({"a.yaml": MESSY})
    path = Path("rules", "a.yaml")
    path.chmod(0o640)
    Path("rules", "b.yaml").symlink_to("a.yaml")

    run("fmt", "rules/b.yaml")

    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert path.read_text("utf-8") == NEAT
    assert Path("rules", "b.yaml").is_symlink()


def test_a_link_out_of_the_folder_is_refused(run: Run) -> None:
    write({"a.yaml": NEAT})
    Path("b.yaml").write_text(MESSY)
    Path("rules", "b.yaml").symlink_to("../b.yaml")

    done = run("fmt", "rules/b.yaml")

    assert done.exit_code == 2
    assert "rules/b.yaml: the link leads out of the rule folder" in done.stderr
    assert Path("b.yaml").read_text() == MESSY


def test_a_pipe_is_no_file(run: Run) -> None:
    os.mkfifo("a.yaml")

    done = run("fmt", "a.yaml")

    assert done.exit_code == 2
    assert "a.yaml: a pipe, socket or device, not a file" in done.stderr


def test_what_a_terminal_shows(terminal: Terminal) -> None:
    write({"a.yaml": MESSY})

    code, shown = terminal("fmt", "--check")

    assert code == 1
    assert "\x1b[31m-    a: ['b',c]  # d\x1b[0m\n\x1b[32m+  a: [b, c]  # d\x1b[0m\n" in shown


def test_a_terminal_without_colour_is_not_steered(terminal: Terminal) -> None:
    write({"a.yaml": "a:  \u202eb\n"})

    _, shown = terminal("fmt", "--check", NO_COLOR="1")

    assert "-a:  \ufffdb\n+a: \ufffdb\n" in shown


def test_a_closed_pipe_is_silent(process: Process) -> None:
    write({"a.yaml": "".join(f"a{i}:   b\n" for i in range(20_000))})

    done = process("ruletag fmt --check | head -1")

    assert done.stdout == "--- rules/a.yaml\n"
    assert "Traceback" not in done.stderr


def test_without_standard_input(process: Process) -> None:
    done = process("ruletag fmt - <&-")

    assert done.stderr == "ruletag: standard input is closed\n"
    assert done.returncode == 2
