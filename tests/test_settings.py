"""Settings come from the environment, and a wrong one is said clearly."""

from pathlib import Path

import pytest

from ruletag.settings import SHIPPED_RULES, TABLE, Settings, SettingsError, origins, read_settings

# name, environment, what the message holds
REFUSED = [
    ("a port that is no number", {"RULETAG_PORT": "http"}, "RULETAG_PORT='http'"),
    ("a port that is too high", {"RULETAG_PORT": "65536"}, "1 to 65535"),
    ("no workers", {"RULETAG_WORKERS": "0"}, "1 to 64"),
    ("an empty folder name", {"RULETAG_RULES": " "}, "a folder"),
    ("an unknown log format", {"RULETAG_LOG_FORMAT": "xml"}, "json or text"),
    ("an interval of nothing", {"RULETAG_POLL_INTERVAL": "0"}, "0.01 to 3600 seconds"),
    ("an interval that is no number", {"RULETAG_POLL_INTERVAL": "nan"}, "seconds"),
    ("a misspelt variable", {"RULETAG_PROT": "80"}, "RULETAG_PROT is no setting"),
]


@pytest.mark.parametrize(
    ("environment", "message"), [pytest.param(*case[1:], id=case[0]) for case in REFUSED]
)
def test_refused(environment: dict[str, str], message: str) -> None:
    with pytest.raises(SettingsError) as refusal:
        read_settings(environment)

    assert message in str(refusal.value)


def test_every_setting_can_be_set() -> None:
    environment = {
        "RULETAG_RULES": "elsewhere",
        "RULETAG_HOST": "0.0.0.0",  # noqa: S104 - a value to be read, not to be bound
        "RULETAG_PORT": "9000",
        "RULETAG_WORKERS": "2",
        "RULETAG_THREADS": "4",
        "RULETAG_POLL_INTERVAL": "1.5",
        "RULETAG_DRAFTS": "off",
        "RULETAG_LOG_FORMAT": "text",
    }

    assert environment.keys() == {setting.variable for setting in TABLE}
    assert read_settings(environment) == Settings(
        Path("elsewhere"),
        "0.0.0.0",  # noqa: S104
        9000,
        2,
        4,
        1.5,
        "off",
        "text",
    )


def test_rules_of_the_working_directory_come_before_the_shipped_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert read_settings({}).rules == SHIPPED_RULES

    (tmp_path / "rules").mkdir()
    assert read_settings({}).rules == Path("rules")
    assert origins({})[0].source == "./rules"


def test_variables_of_kubernetes_are_passed_over() -> None:
    environment = {
        "RULETAG_PORT": "tcp://10.0.0.1:8080",
        "RULETAG_PORT_8080_TCP_ADDR": "10.0.0.1",
        "RULETAG_SERVICE_HOST": "10.0.0.1",
        "RULETAG_SERVICE_PORT_HTTP": "8080",
    }

    assert read_settings(environment).port == Settings().port


def test_the_shipped_rules_are_there() -> None:
    assert sorted(path.name for path in SHIPPED_RULES.glob("*.yaml"))
