"""What `ruletag.edge` uses of gunicorn's inside is all named here, and is there."""

import ast
import inspect
import re
from importlib.metadata import version
from typing import Final

import pytest
from gunicorn.arbiter import Arbiter
from gunicorn.asgi.parser import PythonProtocol
from gunicorn.asgi.protocol import ASGIProtocol, BodyReceiver
from gunicorn.workers.gasgi import ASGIWorker

import ruletag.edge.connection
import ruletag.edge.master
import ruletag.edge.worker

INSIDE: Final = {
    PythonProtocol: """
        _body_remaining _buffer _chunk_remaining _chunk_size _chunk_state _find_line
        _has_invalid_header_chars _is_valid_token _on_body _on_headers_complete
        _on_message_complete _state
    """,
    BodyReceiver: "_chunks _complete _disconnected _waiter _wait_for_data",
    ASGIProtocol: """
        _arm_keepalive_timer _body_receiver _callback_parser _cancel_keepalive_timer
        _close_transport _closed _current_request _feed_callback_parser _flow_control
        _http1_buffered _is_websocket_upgrade _keepalive _maybe_resume_reading _on_body
        _on_headers_complete _on_message_complete _pause_reading _reading_paused _request_ready
        _resume_reading _safe_write _send_error_response _send_response_start
        _serve_http_request _setup_callback_parser _will_close
    """,
    ASGIWorker: "_quick_shutdown _serve",
    Arbiter: "",
}
NAMES: Final = {name for names in INSIDE.values() for name in names.split()}
MODULES: Final = (ruletag.edge.connection, ruletag.edge.worker, ruletag.edge.master)


def test_the_release_whose_inside_is_used() -> None:
    assert version("gunicorn").startswith("27.0.")


def has(owner: type, name: str) -> bool:
    """Return whether instances of a class of gunicorn's have an attribute."""
    slots = getattr(owner, "__slots__", ())
    return hasattr(owner, name) or name in slots or f"self.{name} = " in inspect.getsource(owner)


@pytest.mark.parametrize(
    ("owner", "name"), [(owner, name) for owner, names in INSIDE.items() for name in names.split()]
)
def test_every_name_is_there(owner: type, name: str) -> None:
    assert has(owner, name)


def test_every_name_is_listed() -> None:
    theirs: set[str] = set()
    for module in MODULES:
        mentioned, ours = private_names(ast.parse(inspect.getsource(module)))
        found = {name for name in mentioned if any(has(owner, name) for owner in INSIDE)}
        assert mentioned <= found | ours
        theirs |= found

    assert theirs == NAMES


def private_names(tree: ast.Module) -> tuple[set[str], set[str]]:
    """Return the private names that a module mentions, and those that it assigns or defines."""
    mentioned: set[str] = set()
    ours: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            mentioned.add(node.attr)
            if isinstance(node.ctx, ast.Store):
                ours.add(node.attr)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            mentioned.add(node.name)
            ours.add(node.name)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            mentioned |= {node.value} if re.fullmatch(r"_[a-z]\w+", node.value) else set()
            ours |= {node.value} if node.value.startswith("_") else set()  # of `__slots__`
    return {n for n in mentioned if re.fullmatch(r"_[a-z]\w*", n)}, ours
