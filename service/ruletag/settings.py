"""Every setting of ruletag in one table: name, environment variable, default, meaning.

The table feeds the options of ``ruletag serve``, ``ruletag settings`` and the
table in ``docs/running.md`` (a test holds that one to it).
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Final

SHIPPED_RULES: Final = Path(__file__).resolve().parent / "shipped"
_LOCAL_RULES: Final = Path("rules")
_PREFIX: Final = "RULETAG_"
_HIGHEST_PORT: Final = 65535
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
    threads: int = 8
    poll_interval: float = 0.25
    drafts: str = "on"
    log_format: str = "json"


class SettingsError(ValueError):
    """A setting has a value that it cannot have; the message names it and says what it can be."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One row of the table. ``read`` turns text into the value or raises `ValueError`."""

    name: str
    read: Callable[[str], Any]
    allowed: str
    meaning: str

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


def _whole(least: int, most: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        number = int(text)
        if not least <= number <= most:
            raise ValueError(text)
        return number

    return read


def _seconds(text: str) -> float:
    number = float(text)
    if not 0.01 <= number <= 3600:  # noqa: PLR2004 - stands in the table below
        raise ValueError(text)
    return number


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


def _folder(text: str) -> Path:
    return Path(_filled(text))


TABLE: Final = (
    Setting(
        "rules",
        _folder,
        "a folder",
        "the rule folder; without it ./rules if there is one, else the rules in the package",
    ),
    Setting("host", _filled, "an address", "the address to listen on; 0.0.0.0 for all"),
    Setting("port", _whole(1, _HIGHEST_PORT), "1 to 65535", "the port to listen on"),
    Setting("workers", _whole(1, 64), "1 to 64", "processes that answer requests"),
    Setting("threads", _whole(1, 256), "1 to 256", "requests at work at once in each process"),
    Setting(
        "poll_interval",
        _seconds,
        "0.01 to 3600 seconds",
        "how often the rule folder is looked at for edits",
    ),
    Setting(
        "drafts", _one_of("on", "off"), "on or off", "whether requests may bring draft rules along"
    ),
    Setting(
        "log_format", _one_of("json", "text"), "json or text", "one JSON object or text a line"
    ),
)


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Read the settings from environment variables.

    Raises `SettingsError` for a value that is not allowed, and for a variable
    with our prefix that is no setting.
    """
    return Settings(**{origin.setting.name: origin.value for origin in origins(environment)})


def origins(environment: Mapping[str, str]) -> list[Origin]:
    """Give each setting's value and where it comes from. Raises as `read_settings` does."""
    known = {setting.variable for setting in TABLE}
    ours = (n for n in environment if n.startswith(_PREFIX) and not _NOT_OURS.fullmatch(n))
    unknown = sorted(name for name in ours if name not in known)
    if unknown:
        raise SettingsError(f"{unknown[0]} is no setting; `ruletag settings` lists them")
    return [_origin(setting, environment) for setting in TABLE]


def _origin(setting: Setting, environment: Mapping[str, str]) -> Origin:
    text = environment.get(setting.variable)
    if text is None or (setting.name == "port" and text.startswith("tcp://")):
        return Origin(setting, *_default(setting.name))
    try:
        return Origin(setting, setting.read(text), setting.variable)
    except ValueError:
        raise SettingsError(
            f"{setting.variable}={text!r} is not allowed; it can be {setting.allowed}"
        ) from None


def _default(name: str) -> tuple[Any, str]:
    if name == "rules" and _LOCAL_RULES.is_dir():
        return _LOCAL_RULES, "./rules"
    if name == "rules":
        return SHIPPED_RULES, "shipped with ruletag"
    return next(field.default for field in fields(Settings) if field.name == name), "default"
