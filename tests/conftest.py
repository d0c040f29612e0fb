"""What all tests share: hypothesis profiles, golden files, and what a test needs.

A test that needs more than Python says so with ``@pytest.mark.needs("…")``. Where
the need is not there the test is left out, and a table at the end says so;
``LEAVE_NOTHING_OUT=1`` makes that a failure.
"""

import os
import shutil
import sys
from pathlib import Path

import pytest
from hypothesis import settings

pytest_plugins = ["contract.fixtures"]  # the service under each server

# How many examples the laws are tried on: few while working, more before a release.
settings.register_profile("dev", max_examples=50, deadline=None)
settings.register_profile("ci", max_examples=300, deadline=None, derandomize=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci" if "CI" in os.environ else "dev"))

# Need → the commands it takes, and where they come from.
NEEDS = {
    "container builder": (
        ("buildah", "podman", "runc", "mmdebstrap"),
        "apt-get install buildah podman runc mmdebstrap",
    ),
}
LEAVE_NOTHING_OUT = "LEAVE_NOTHING_OUT"


def missing(need: str) -> list[str]:
    """Name the commands that a need takes and this machine has not."""
    return [command for command in NEEDS[need][0] if shutil.which(command) is None]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--regold", action="store_true", help="write the golden files anew")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "needs(what): left out where a need is not there")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        for mark in item.iter_markers("needs"):
            if missing(mark.args[0]):
                item.add_marker(pytest.mark.skip(reason=f"needs a {mark.args[0]}"))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what was left out, and why."""
    left_out = _left_out(terminalreporter)
    if not left_out:
        return
    terminalreporter.section("left out")
    for reason, count in sorted(left_out.items()):
        need = reason.removeprefix("needs a ")
        remedy = f"  ({NEEDS[need][1]})" if need in NEEDS else ""
        terminalreporter.line(f"{count:5} tests  {reason}{remedy}")


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get(LEAVE_NOTHING_OUT) and reporter and _left_out(reporter):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def _left_out(reporter: pytest.TerminalReporter) -> dict[str, int]:
    found: dict[str, int] = {}
    for report in reporter.stats.get("skipped", []):
        reason = str(report.longrepr[2]).removeprefix("Skipped: ")
        found[reason] = found.get(reason, 0) + 1
    return found


@pytest.fixture
def regold(request: pytest.FixtureRequest) -> bool:
    """Say whether golden files are to be written anew."""
    return bool(request.config.getoption("--regold"))


@pytest.fixture(scope="session")
def command() -> Path:
    """Give the installed command `ruletag`, as a user calls it."""
    return Path(sys.executable).with_name("ruletag")
