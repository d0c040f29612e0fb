"""The program as a whole: help, wrong usage, and every way in which it ends."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Final

import click
import pytest

from cli.conftest import Process, Run, Terminal
from contract.pace import pace
from ruletag.cli.main import COMMANDS, commands

MOST_SECONDS: Final = 0.35


def command_named(name: str) -> click.Command:
    found = commands.get_command(click.Context(commands), name)
    assert found is not None
    return found


@pytest.mark.parametrize("name", COMMANDS)
def test_the_list_of_commands_says_what_their_help_says(name: str) -> None:
    assert command_named(name).get_short_help_str(200) == COMMANDS[name].does


@pytest.mark.parametrize("name", COMMANDS)
def test_the_help_of_a_command_has_an_example(run: Run, name: str) -> None:
    done = run(name, "--help")

    assert done.exit_code == 0
    assert "Example" in done.stdout
    assert f"ruletag {name}" in done.stdout.split("Example", 1)[1]


def test_the_help_of_the_program_lists_the_commands(run: Run) -> None:
    done = run("--help")

    assert done.exit_code == 0
    assert all(f"  {name} " in done.stdout for name in COMMANDS)


def test_version(run: Run) -> None:
    assert run("--version").stdout.startswith("ruletag ")


# name, arguments, message
WRONG_USAGE: Final = [
    ("a mistyped command", ["tga"], "there is no command `tga`; did you mean `tag`?"),
    ("an unknown command", ["xyzzy"], "there is no command `xyzzy`; there are tag, check"),
    ("a mistyped option", ["tag", "--jsom"], "No such option '--jsom'."),
    ("a mistyped category", ["tag", "--category", "smugling", "a"], "did you mean `smuggling`?"),
    ("two rule folders", ["check", "rules", "--rules", "rules"], "give the rule folder once"),
    ("a file as rule folder", ["check", "rules/trade.yaml"], "rules/trade.yaml is a file"),
    ("a title for two texts", ["tag", "--title", "T", "a", "b"], "--title goes with a single text"),
    ("a title for lines", ["tag", "--title", "T", "a.jsonl"], "--title goes with a text"),
    ("an empty name", ["tag", ""], "a FILE has an empty name"),
    ("nothing to expand", ["expand"], "give a WORD, or --category"),
    ("a word the shell emptied", ["expand", ""], "single quotes in the shell"),
    ("an unknown category", ["expand", "--category", "x"], 'there is no category "x"'),
]


@pytest.mark.usefixtures("rules")
@pytest.mark.parametrize(
    ("arguments", "message"), [pytest.param(*case, id=name) for name, *case in WRONG_USAGE]
)
def test_wrong_usage(run: Run, arguments: list[str], message: str) -> None:
    done = run(*arguments)

    assert done.exit_code == 2
    assert done.stdout == ""
    assert done.stderr.startswith("ruletag: ")
    assert message in done.stderr
    assert "--help' for help." in done.stderr


def test_without_a_command_the_help_is_shown(run: Run) -> None:
    done = run()

    assert done.exit_code == 2
    assert "Commands:" in done.stderr


def test_without_a_file_a_terminal_is_told_to_give_one(rules: Path, terminal: Terminal) -> None:
    code, shown = terminal("tag", "--rules", str(rules))

    assert code == 2
    assert "ruletag: give a FILE, or `-` for standard input" in shown


# name, command, environment, message
CONFIGURATION: Final = [
    ("a wrong setting", "tag", {"RULETAG_PORT": "http"}, "RULETAG_PORT='http' is not allowed"),
    ("an unknown setting", "settings", {"RULETAG_PROT": "1"}, "RULETAG_PROT is no setting"),
    ("no rules to tag by", "tag", {"RULETAG_RULES": "none"}, "the rules in none cannot be used"),
    (
        "no rules to expand",
        "expand $x",
        {"RULETAG_RULES": "none"},
        "the rule folder does not exist",
    ),
]


@pytest.mark.parametrize(
    ("line", "variables", "message"),
    [pytest.param(*case, id=name) for name, *case in CONFIGURATION],
)
def test_configuration_that_cannot_be_used(
    run: Run, line: str, variables: dict[str, str], message: str
) -> None:
    done = run(*line.split(), **variables)

    assert done.exit_code == 78
    assert message in done.stderr
    assert done.stdout == ""


@pytest.mark.usefixtures("rules")
def test_an_option_wins_over_the_environment(run: Run) -> None:
    done = run("tag", "--rules", "rules", text="smuggle", RULETAG_RULES="none")

    assert done.exit_code == 0


# name, shell line, exit code of the command, what stands on standard error
ENDINGS: Final = [
    ("the pipe is closed", "ruletag tag long.jsonl | head -1 >&2", 141, '{"id":"long.jsonl:1"'),
    ("the pipe is closed on help", "ruletag tag --help | true", 141, ""),
    ("errors go into a closed pipe", "ruletag tag none 2>&1 | true", 141, ""),
    ("the disk is full", "ruletag settings > /dev/full", 2, "output: no space left on device"),
    ("the disk is full of errors", "ruletag tag none 2> /dev/full", 2, ""),
    ("standard input is closed", "ruletag tag <&-", 2, "standard input: it is closed"),
    ("standard output is closed", "ruletag settings >&-", 0, ""),
    ("everything is closed", "ruletag xyzzy <&- >&- 2>&-", 2, ""),
    ("a folder that nobody wrote", "ruletag check none", 2, "1 error"),
]


@pytest.mark.usefixtures("rules")
@pytest.mark.parametrize(
    ("line", "code", "message"), [pytest.param(*case, id=name) for name, *case in ENDINGS]
)
def test_endings(process: Process, line: str, code: int, message: str) -> None:
    Path("long.jsonl").write_text('{"text": "smuggle"}\n' * 5000, encoding="utf-8")

    done = process(f"{line}; exit ${{PIPESTATUS[0]}}")

    assert done.returncode == code
    assert message in done.stderr
    assert bool(done.stderr) == bool(message)


@pytest.mark.usefixtures("rules")
def test_ctrl_c_is_silent(command: Path) -> None:
    with subprocess.Popen(
        [command, "tag", "--jsonl"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(b'{"text": "smuggle"}\n')
        process.stdin.flush()
        answer = process.stdout.readline()
        process.send_signal(signal.SIGINT)
        rest, complaints = process.communicate()

    assert answer.startswith(b'{"id":"-:1"')
    assert (process.returncode, rest, complaints) == (130, b"", b"")


@pytest.mark.usefixtures("rules")
@pytest.mark.parametrize("line", ["--help", "tag", "check", "settings", "expand smuggle~"])
def test_starts_fast(command: Path, line: str) -> None:
    """Processor time is measured, the best of three: others may be at work on this machine."""
    spent = []
    for _ in range(3):
        before = os.times()
        subprocess.run([command, *line.split()], input=b"", capture_output=True, check=True)
        after = os.times()
        spent.append(
            after.children_user + after.children_system
            - before.children_user - before.children_system
        )  # fmt: skip

    assert min(spent) < MOST_SECONDS * pace()


def test_no_command_loads_the_web_framework() -> None:
    modules = {entry.place.split(":")[0] for entry in COMMANDS.values()} - {"ruletag.cli.serve"}
    program = f"import sys, {', '.join(sorted(modules))}; sys.exit('flask' in sys.modules)"

    done = subprocess.run([sys.executable, "-c", program], check=False)

    assert done.returncode == 0


def test_a_terminal_without_unicode_gets_escapes(process: Process) -> None:
    done = process("ruletag expand 밀수", PYTHONIOENCODING="latin-1")

    assert done.stdout == "\\ubc00\\uc218\\u2026\t\\ubc00\\uc218\n"
