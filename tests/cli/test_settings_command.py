"""`ruletag settings`: values and where they come from."""

import pytest

from cli.conftest import Run, Terminal
from ruletag.settings import TABLE


def test_lines_in_a_pipe(run: Run) -> None:
    done = run("settings", RULETAG_PORT="9000")

    lines = dict(line.split("=", 1) for line in done.stdout.splitlines())
    assert list(lines) == [setting.variable for setting in TABLE]
    assert lines["RULETAG_PORT"] == "9000\tRULETAG_PORT"
    assert lines["RULETAG_HOST"] == "127.0.0.1\tdefault"
    assert lines["RULETAG_RULES"].endswith("\tshipped with ruletag")


@pytest.mark.usefixtures("rules")
def test_a_table_on_a_terminal(terminal: Terminal) -> None:
    code, shown = terminal("settings", NO_COLOR="1", COLUMNS="200")

    assert code == 0
    head, first = shown.splitlines()[:2]
    assert head.split() == ["setting", "value", "source", "variable", "meaning"]
    assert first.split()[:4] == ["rules", "rules", "./rules", "RULETAG_RULES"]


@pytest.mark.usefixtures("rules")
@pytest.mark.parametrize("columns", [70, 100])
def test_meanings_are_wrapped(terminal: Terminal, columns: int) -> None:
    _, shown = terminal("settings", NO_COLOR="1", COLUMNS=str(columns))

    assert max(map(len, shown.splitlines())) <= columns
