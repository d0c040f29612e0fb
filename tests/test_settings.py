"""Settings come from the environment, and a wrong one is said clearly."""

from pathlib import Path

import pytest

from ruletag.limits import Limits, read_limits
from ruletag.settings import SHIPPED_RULES, TABLE, Settings, SettingsError, origins, read_settings

# name, environment, what the message holds
REFUSED = [
    ("a port that is no number", {"RULETAG_PORT": "http"}, "RULETAG_PORT='http'"),
    ("a port that is too high", {"RULETAG_PORT": "65536"}, "1 to 65535"),
    ("no workers", {"RULETAG_WORKERS": "0"}, "1 to 64"),
    ("an empty folder name", {"RULETAG_RULES": " "}, "a folder"),
    ("an unknown log format", {"RULETAG_LOG_FORMAT": "xml"}, "json or text"),
    ("an interval of nothing", {"RULETAG_POLL_INTERVAL": "0"}, "0.01 to 3600 seconds"),
    ("a token that can be guessed", {"RULETAG_TOKENS": "short"}, "RULETAG_TOKENS is not"),
    ("an interval that is no number", {"RULETAG_POLL_INTERVAL": "nan"}, "seconds"),
    ("a mask that is no category", {"RULETAG_DECISION_MASK": "metal, BAD"}, "categories, with"),
    ("a limit of nothing", {"RULETAG_LIMIT_BODY": "0"}, "RULETAG_LIMIT_BODY='0' is not allowed"),
    ("a limit that is no number", {"RULETAG_LIMIT_TEXT": "1e6"}, "whole number"),
    ("a limit that there is not", {"RULETAG_LIMIT_TXT": "5"}, "RULETAG_LIMIT_TXT is no setting"),
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
        "RULETAG_SERVER": "granian",
        "RULETAG_POLL_INTERVAL": "1.5",
        "RULETAG_ON_BAD_RULES": "unready",
        "RULETAG_STATE": "kept",
        "RULETAG_DRAFTS": "off",
        "RULETAG_TOKENS": "0123456789abcdef fedcba9876543210",
        "RULETAG_TOKENS_FILE": "tokens",
        "RULETAG_ADMIN_TOKENS": "admin-0123456789",
        "RULETAG_ADMIN_TOKENS_FILE": "admins",
        "RULETAG_CORS": "https://a.example,https://b.example",
        "RULETAG_AT_WORK": "32",
        "RULETAG_STREAMS": "2",
        "RULETAG_CONNECTIONS": "500",
        "RULETAG_DEADLINE": "1.5",
        "RULETAG_BATCH_DEADLINE": "20",
        "RULETAG_CLIENT_TIMEOUT": "2.5",
        "RULETAG_RECYCLE": "1000",
        "RULETAG_DRAIN": "5",
        "RULETAG_LOG_FORMAT": "text",
        "RULETAG_LOG_REQUESTS": "off",
        "RULETAG_METRICS": "open",
        "RULETAG_DECISION_LOG": "stdout",
        "RULETAG_DECISION_SAMPLE": "0.5",
        "RULETAG_DECISION_MASK": "arrests",
        "RULETAG_TRACES": "on",
    }

    assert environment.keys() == {setting.variable for setting in TABLE}
    assert read_settings(environment) == Settings(
        rules=Path("elsewhere"),
        host="0.0.0.0",  # noqa: S104
        port=9000,
        workers=2,
        threads=4,
        server="granian",
        poll_interval=1.5,
        on_bad_rules="unready",
        state=Path("kept"),
        drafts="off",
        tokens=("0123456789abcdef", "fedcba9876543210"),
        tokens_file=Path("tokens"),
        admin_tokens=("admin-0123456789",),
        admin_tokens_file=Path("admins"),
        cors=("https://a.example", "https://b.example"),
        at_work=32,
        streams=2,
        connections=500,
        deadline=1.5,
        batch_deadline=20,
        client_timeout=2.5,
        recycle=1000,
        drain=5,
        log_format="text",
        log_requests="off",
        metrics="open",
        decision_log="stdout",
        decision_sample=0.5,
        decision_mask=("arrests",),
        traces="on",
    )


def test_secrets_are_not_shown() -> None:
    environment = {"RULETAG_TOKENS": "0123456789abcdef,fedcba9876543210"}

    shown = {origin.setting.name: origin.shown for origin in origins(environment)}

    assert shown["tokens"] == "(2 not shown)"
    assert shown["admin_tokens"] == ""


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


def test_limits_can_be_set() -> None:
    environment = {"RULETAG_LIMIT_BODY": "2000000", "RULETAG_LIMIT_TEXT": "nonsense"}

    assert read_limits(environment) == Limits(body=2_000_000)
    assert read_limits({}) == Limits()
    assert read_settings({"RULETAG_LIMIT_BODY": "2000000"}) == read_settings({})
