"""The list of what the service is made of: complete, valid, and the same whenever it is made."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import pytest

ROOT: Final = Path(__file__).parents[1]
_NEEDED: Final = "needs a cyclonedx-bom"


def command() -> list[str]:
    """Give the command of `make sbom`, without the file it writes to."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    found = re.search(r"^sbom:.*\n\t@?(?:\w+=\S+ )*(\S+/cyclonedx-py .*)$", makefile, re.MULTILINE)
    assert found, "the Makefile has no target `sbom`"
    name, *options = found.group(1).split()
    return [str(Path(sys.executable).with_name(Path(name).name)), *options]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    """Give what is written, twice."""
    pytest.importorskip("cyclonedx_py", reason=_NEEDED)
    found = []
    for i in range(2):
        file = tmp_path_factory.mktemp("sbom") / f"{i}.json"
        written = [str(file) if word == "sbom.cdx.json" else word for word in command()]
        assert str(file) in written
        subprocess.run(written, cwd=ROOT, check=True, capture_output=True)
        found.append(file.read_bytes())
    return found


@pytest.fixture(scope="module")
def listed(made: list[bytes]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(made[0])
    return found


def test_it_is_the_same_whenever_it_is_made(made: list[bytes]) -> None:
    assert made[0] == made[1]


def test_it_is_valid(made: list[bytes]) -> None:
    schema = pytest.importorskip("cyclonedx.schema", reason=_NEEDED)
    validators = pytest.importorskip("cyclonedx.validation.json", reason=_NEEDED)

    validator = validators.JsonStrictValidator(schema.SchemaVersion.V1_6)

    assert validator.validate_str(made[0].decode()) is None


def test_it_describes_ruletag(listed: dict[str, Any]) -> None:
    described = listed["metadata"]["component"]

    assert (described["name"], described["type"]) == ("ruletag", "application")


def test_it_lists_what_the_lock_file_does_with_every_hash(listed: dict[str, Any]) -> None:
    locked: dict[tuple[str, str], set[str]] = {}
    for entry in re.split(r"\n(?=\w)", (ROOT / "requirements.txt").read_text(encoding="utf-8")):
        pinned = re.match(r"([\w.-]+)==([\w.+-]+)", entry)
        assert pinned
        locked[pinned[1], pinned[2]] = set(re.findall(r"--hash=sha256:(\w{64})", entry))

    found = {
        (component["name"], component["version"]): {
            digest["content"]
            for reference in component["externalReferences"]
            for digest in reference["hashes"]
        }
        for component in listed["components"]
    }

    assert found == locked
    assert all(locked.values())


def test_everything_has_a_package_url(listed: dict[str, Any]) -> None:
    for component in listed["components"]:
        assert component["purl"] == f"pkg:pypi/{component['name']}@{component['version']}"
