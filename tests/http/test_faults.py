"""A fault of our own is answered and logged as one, and tells nothing of the text."""

import json
import logging
from typing import Final

import pytest

from contract.documented import Service
from contract.rules import RULES, store_with
from contract.service import JSON, NDJSON, PLAIN, InProcess
from ruletag.http.app import create_app
from ruletag.serving.store import Active, Store

WRITTEN: Final = "zq-Geheimnis-5"


class Broken(Store):
    """A store that fails while it is asked for the rules."""

    def __init__(self) -> None:
        super().__init__()
        self.fails = False
        self._active = store_with(RULES).current

    @property
    def current(self) -> Active | None:
        """Give the rules, or fail."""
        if self.fails:
            raise RuntimeError("broken")
        return self._active

    @current.setter
    def current(self, value: Active | None) -> None:
        """Take no notice."""


@pytest.fixture
def broken() -> Service:
    store = Broken()
    service = Service(InProcess(create_app(store)))
    store.fails = True
    return service


@pytest.mark.parametrize(
    ("target", "body", "content_type"),
    [
        ("/v1/tag", WRITTEN.encode(), PLAIN),
        ("/v1/tag", json.dumps({"text": WRITTEN}).encode(), JSON),
        ("/v1/tag/batch", json.dumps({"documents": [{"text": WRITTEN}]}).encode(), JSON),
        ("/v1/tag/batch", json.dumps({"text": WRITTEN}).encode(), NDJSON),
    ],
)
def test_a_fault_of_ours(
    broken: Service,
    caplog: pytest.LogCaptureFixture,
    target: str,
    body: bytes,
    content_type: str,
) -> None:
    with caplog.at_level(logging.ERROR):
        answer = broken.post(target, body, content_type, X_Request_ID="a-17")

    assert (answer.status, answer.json["code"]) == (500, "internal")
    assert WRITTEN not in answer.body.decode()
    assert "broken" not in answer.body.decode()
    assert WRITTEN not in caplog.text
    (record,) = [record for record in caplog.records if record.exc_info]
    assert vars(record).get("request_id") == "a-17"


def test_a_fault_is_logged_under_the_id_that_the_answer_has(
    broken: Service, caplog: pytest.LogCaptureFixture
) -> None:
    answer = broken.ask("GET", "/v1/rules")

    (record,) = [record for record in caplog.records if record.exc_info]
    assert vars(record).get("request_id") == answer.headers["x-request-id"]


def test_a_fault_of_a_probe_is_answered(broken: Service) -> None:
    assert broken.ask("GET", "/livez").status == 200
    assert broken.client.ask("GET", "/readyz").json["code"] == "internal"
