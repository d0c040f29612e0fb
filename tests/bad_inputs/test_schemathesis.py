"""Requests that schemathesis makes from the OpenAPI document are answered as it describes."""

import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from contract.rules import RULES
from contract.service import Server

# It also tells valid requests from invalid ones, by the schemas alone. That is left out:
# the body of PUT is text that only we can judge, and a query may not come beside JSON.
CHECKS: Final = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "ignored_auth",
)
ADMIN: Final = "admin-0123456789abcdef"
CALLER: Final = "caller-0123456789abcdef"


@pytest.mark.parametrize("token", [ADMIN, CALLER], ids=["admin", "caller"])
def test_answers_are_as_described(tmp_path: Path, token: str) -> None:
    command = Path(sys.executable).with_name("schemathesis")
    if not command.exists():
        pytest.skip("needs a schemathesis")
    folder = tmp_path / "rules"
    folder.mkdir()
    for name, text in RULES.items():
        (folder / name).write_text(text, encoding="utf-8")
    server = Server(folder, "serve", tokens=CALLER, admin_tokens=ADMIN)
    try:
        done = subprocess.run(
            [
                *(command, "--no-color", "run"),
                *(f"http://127.0.0.1:{server.port}/openapi.json", "--checks", ",".join(CHECKS)),
                *("--header", f"Authorization: Bearer {token}"),
                *("--max-examples", "40", "--seed", "1", "--generation-database", "none"),
            ],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, done.stdout[-6000:]
        assert "Traceback" not in server.log
    finally:
        server.stop()
