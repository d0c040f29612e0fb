"""The compose file: valid, with nothing allowed that is not needed, and true to the image."""

import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from ruletag.settings import read_settings

ROOT = Path(__file__).resolve().parents[2]
FILE = ROOT / "deploy/compose.yaml"
COMPOSE = yaml.safe_load(FILE.read_text(encoding="utf-8"))
SERVICES: dict[str, Any] = COMPOSE["services"]
RULETAG = SERVICES["ruletag"]
SCRAPING = yaml.safe_load((ROOT / "deploy/prometheus.yaml").read_text(encoding="utf-8"))
GRACEFUL_TIMEOUT = 8  # seconds, of gunicorn_config.py
each_service = pytest.mark.parametrize("name", SERVICES)


@pytest.mark.skipif(
    importlib.util.find_spec("check_jsonschema") is None,
    reason="needs the schema of compose: pip install check-jsonschema",
)
def test_it_is_valid() -> None:
    schema = "vendor.compose-spec"
    done = subprocess.run(
        [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, FILE],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr


@each_service
def test_no_service_may_do_what_it_need_not(name: str) -> None:
    service = SERVICES[name]

    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert not {"privileged", "network_mode", "pid", "cap_add", "devices"} & set(service)


@each_service
def test_it_is_reached_from_this_machine_alone(name: str) -> None:
    assert all(port.startswith("127.0.0.1:") for port in SERVICES[name]["ports"])


@each_service
def test_what_is_mounted_is_there_and_only_volumes_are_written(name: str) -> None:
    for mount in SERVICES[name]["volumes"]:
        if mount["type"] == "volume":
            assert mount["source"] in COMPOSE["volumes"]
        else:
            assert mount["read_only"] is True
            assert (FILE.parent / mount["source"]).exists(), mount["source"]


def test_only_the_service_itself_is_started_unless_more_is_asked_for() -> None:
    assert [name for name, service in SERVICES.items() if "profiles" not in service] == ["ruletag"]


def test_its_settings_are_settings_and_what_is_written_is_a_volume() -> None:
    settings = read_settings(RULETAG["environment"])

    volumes = {mount["target"]: mount["source"] for mount in RULETAG["volumes"]}
    assert volumes == {"/rules": "../rules", str(settings.state): "state"}


def test_it_is_not_killed_while_it_stops() -> None:
    drain = read_settings(RULETAG["environment"]).drain

    assert int(RULETAG["stop_grace_period"].rstrip("s")) > drain + GRACEFUL_TIMEOUT


def test_it_is_built_from_this_folder_and_asks_for_health_as_the_image_does() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")

    assert (FILE.parent / RULETAG["build"]["context"]).resolve() == ROOT
    assert "CMD " + json.dumps(RULETAG["healthcheck"]["test"][1:]) in dockerfile


def test_prometheus_asks_the_service_and_judges_the_alerts() -> None:
    (job,) = SCRAPING["scrape_configs"]
    mounted = {Path(mount["target"]).name for mount in SERVICES["prometheus"]["volumes"]}

    assert job["static_configs"] == [{"targets": ["ruletag:8080"]}]
    assert {*SCRAPING["rule_files"], "prometheus.yml"} <= mounted
