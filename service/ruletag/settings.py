"""Every setting of ruletag in one table: name, environment variable, default, meaning.

The table feeds the options of ``ruletag serve``, ``ruletag settings`` and the
table in ``docs/running.md`` (a test holds that one to it).
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Final

from ruletag.limits import HIGHEST_LIMIT, LIMIT_PREFIX, Limits, is_limit

SHIPPED_RULES: Final = Path(__file__).resolve().parent / "shipped"
LOCAL_RULES: Final = Path("rules")
_PREFIX: Final = "RULETAG_"
_HIGHEST_PORT: Final = 65535
# A category; or one and all below it.
_MASK: Final = re.compile(r"[a-z0-9_]+(?:\.[a-z0-9_]+)*(?:\.\*)?")
_SHORTEST_TOKEN: Final = 16  # characters; what is shorter can be guessed
_TOKENS: Final = "tokens of 16 or more ASCII characters, with spaces or commas between"
# Kubernetes puts such variables into every container beside a Service that is
# named "ruletag": RULETAG_PORT=tcp://10.0.0.1:8080, RULETAG_SERVICE_HOST=…
# RULETAG_TOKEN is for `ruletag status`.
_NOT_OURS: Final = re.compile(r"RULETAG_(?:TOKEN|SERVICE_(?:HOST|PORT\w*)|PORT_\d+_\w+)")


@dataclass(frozen=True, slots=True)
class Settings:
    """How the service runs. Times are in seconds."""

    rules: Path = SHIPPED_RULES
    host: str = "127.0.0.1"
    port: int = 8080
    workers: int = 1
    threads: int = 4
    server: str = "gunicorn"
    poll_interval: float = 0.25
    on_bad_rules: str = "keep"
    state: Path | None = None
    drafts: str = "on"
    tokens: tuple[str, ...] = ()
    tokens_file: Path | None = None
    admin_tokens: tuple[str, ...] = ()
    admin_tokens_file: Path | None = None
    cors: tuple[str, ...] = ()
    at_work: int = 64
    streams: int = 8
    connections: int = 4096
    deadline: float = 2
    batch_deadline: float = 30
    client_timeout: float = 15
    recycle: int = 0
    drain: float = 0
    log_format: str = "json"
    log_requests: str = "on"
    metrics: str = "token"
    decision_log: str = "off"
    decision_sample: float = 1
    decision_mask: tuple[str, ...] = ()
    traces: str = "off"


class SettingsError(ValueError):
    """A setting has a value that it cannot have; the message names it and says what it can be."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One row of the table. ``read`` turns text into the value or raises `ValueError`."""

    name: str
    read: Callable[[str], Any]
    allowed: str
    meaning: str
    is_secret: bool = False

    @property
    def variable(self) -> str:
        """The environment variable."""
        return _PREFIX + self.name.upper()


@dataclass(frozen=True, slots=True)
class Origin:
    """The value in force of a setting, and where it comes from."""

    setting: Setting
    value: Any
    source: str

    @property
    def shown(self) -> str:
        """The value as it may be shown; of a secret only how many there are."""
        if self.value is None or self.value == ():
            return ""
        if self.setting.is_secret:
            return f"({len(self.value)} not shown)"
        return " ".join(self.value) if isinstance(self.value, tuple) else str(self.value)


def _whole(least: int, most: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        number = int(text)
        if not least <= number <= most:
            raise ValueError(text)
        return number

    return read


def _number(least: float, most: float) -> Callable[[str], float]:
    def read(text: str) -> float:
        number = float(text)
        if not least <= number <= most:
            raise ValueError(text)
        return number

    return read


def _one_of(*allowed: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text not in allowed:
            raise ValueError(text)
        return text

    return read


def _filled(text: str) -> str:
    if not text.strip():
        raise ValueError(text)
    return text


def _path(text: str) -> Path:
    return Path(_filled(text))


def _no_path(text: str) -> Path | None:
    return Path(text) if text.strip() else None


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.replace(",", " ").split())


def _categories(text: str) -> tuple[str, ...]:
    ids = _words(text)
    if not all(_MASK.fullmatch(id_) for id_ in ids):
        raise ValueError
    return ids


def _tokens(text: str) -> tuple[str, ...]:
    tokens = _words(text)
    if any(len(token) < _SHORTEST_TOKEN or not token.isascii() for token in tokens):
        raise ValueError
    return tokens


TABLE: Final = (
    Setting(
        "rules",
        _path,
        "a folder",
        "the rule folder; without it ./rules if there is one, else the rules in the package",
    ),
    Setting("host", _filled, "an address", "the address to listen on; 0.0.0.0 for all"),
    Setting("port", _whole(1, _HIGHEST_PORT), "1 to 65535", "the port to listen on"),
    Setting("workers", _whole(1, 64), "1 to 64", "processes that answer requests"),
    Setting("threads", _whole(1, 256), "1 to 256", "requests at work at once in each process"),
    Setting(
        "server",
        _one_of("gunicorn", "granian"),
        "gunicorn or granian",
        "what speaks HTTP; granian is an extra to install",
    ),
    Setting(
        "poll_interval",
        _number(0.01, 3600),
        "0.01 to 3600 seconds",
        "how often the rule folder is looked at for edits",
    ),
    Setting(
        "on_bad_rules",
        _one_of("keep", "unready", "exit"),
        "keep, unready or exit",
        "after a refused edit: keep answering by the rules before it, also say not ready, or stop",
    ),
    Setting(
        "state",
        _no_path,
        "a folder",
        "where the last good rules are kept, so that a restart has them; empty for nowhere",
    ),
    Setting(
        "drafts", _one_of("on", "off"), "on or off", "whether requests may bring draft rules along"
    ),
    Setting(
        "tokens",
        _tokens,
        _TOKENS,
        "who may call: one of these tokens is asked for; empty for everybody",
        is_secret=True,
    ),
    Setting("tokens_file", _no_path, "a file", "more such tokens, one a line"),
    Setting(
        "admin_tokens",
        _tokens,
        _TOKENS,
        "who may edit rules over the network; empty for nobody",
        is_secret=True,
    ),
    Setting("admin_tokens_file", _no_path, "a file", "more such tokens, one a line"),
    Setting(
        "cors",
        _words,
        "origins as https://news.example, with spaces or commas between",
        "pages of these origins may call; empty for none",
    ),
    Setting(
        "at_work",
        _whole(1, 10_000),
        "1 to 10000",
        "requests at work or waiting in each process; what comes above it is answered 503",
    ),
    Setting("streams", _whole(1, 1_000), "1 to 1000", "NDJSON streams at once in each process"),
    Setting(
        "connections",
        _whole(8, 1_000_000),
        "8 to 1000000",
        "connections held at once in each process, fewer if `ulimit -n` is lower; "
        "for one more, the one that has been idle or slow for longest is closed",
    ),
    Setting(
        "deadline",
        _number(0.01, 3600),
        "0.01 to 3600 seconds",
        "processor time that tagging one text may take; then what was found so far is answered",
    ),
    Setting(
        "batch_deadline",
        _number(0.01, 3600),
        "0.01 to 3600 seconds",
        "processor time that a JSON batch may take; then the rest of it is not judged",
    ),
    Setting(
        "client_timeout",
        _number(0.1, 3600),
        "0.1 to 3600 seconds",
        "how long a client may take to send a head, and to send or take a next piece",
    ),
    Setting(
        "recycle",
        _whole(0, 1_000_000_000),
        "0 to 1000000000",
        "requests after which a process is replaced; 0 for never",
    ),
    Setting(
        "drain",
        _number(0, 3600),
        "0 to 3600 seconds",
        "after SIGTERM: how long to say not ready, and still answer, before stopping",
    ),
    Setting(
        "log_format", _one_of("json", "text"), "json or text", "one JSON object or text a line"
    ),
    Setting("log_requests", _one_of("on", "off"), "on or off", "whether each request has a line"),
    Setting(
        "metrics",
        _one_of("token", "open", "off"),
        "token, open or off",
        "who may read /metrics: who may call, everybody, or nobody",
    ),
    Setting(
        "decision_log",
        _filled,
        "off, stdout or a file",
        "where the categories given to each text are written",
    ),
    Setting(
        "decision_sample", _number(0, 1), "0 to 1", "the share of texts that the decision log has"
    ),
    Setting(
        "decision_mask",
        _categories,
        "categories, with spaces or commas between",
        "categories whose evidence the decision log leaves out",
    ),
    Setting("traces", _one_of("on", "off"), "on or off", "OpenTelemetry, where it is installed"),
)


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Read the settings from environment variables.

    Raises `SettingsError` for a value that is not allowed, and for a variable
    with our prefix that is no setting. Limits (`ruletag.limits`) are checked as well.
    """
    return Settings(**{origin.setting.name: origin.value for origin in origins(environment)})


def origins(environment: Mapping[str, str]) -> list[Origin]:
    """Give each setting's value and where it comes from. Raises as `read_settings` does."""
    known = {setting.variable for setting in TABLE} | _check_limits(environment)
    ours = (n for n in environment if n.startswith(_PREFIX) and not _NOT_OURS.fullmatch(n))
    unknown = sorted(name for name in ours if name not in known)
    if unknown:
        raise SettingsError(f"{unknown[0]} is no setting; `ruletag settings` lists them")
    return [_origin(setting, environment) for setting in TABLE]


def _check_limits(environment: Mapping[str, str]) -> set[str]:
    """Give the variables of limits. Raises `SettingsError` for one that has a wrong value."""
    variables = {LIMIT_PREFIX + field.name.upper() for field in fields(Limits)}
    for variable in sorted(variables & environment.keys()):
        if not is_limit(environment[variable]):
            allowed = f"it can be a whole number from 1 to {HIGHEST_LIMIT}"
            raise SettingsError(f"{variable}={environment[variable]!r} is not allowed; {allowed}")
    return variables


def _origin(setting: Setting, environment: Mapping[str, str]) -> Origin:
    text = environment.get(setting.variable)
    if text is None or (setting.name == "port" and text.startswith("tcp://")):
        return Origin(setting, *_default(setting.name))
    try:
        return Origin(setting, setting.read(text), setting.variable)
    except ValueError:
        given = setting.variable if setting.is_secret else f"{setting.variable}={text!r}"
        raise SettingsError(f"{given} is not allowed; it can be {setting.allowed}") from None


def _default(name: str) -> tuple[Any, str]:
    if name == "rules" and LOCAL_RULES.is_dir():
        return LOCAL_RULES, "./rules"
    if name == "rules":
        return SHIPPED_RULES, "shipped with ruletag"
    return next(field.default for field in fields(Settings) if field.name == name), "default"
