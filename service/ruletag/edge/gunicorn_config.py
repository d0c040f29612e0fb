"""How gunicorn runs the service: ``gunicorn -c python:ruletag.edge.gunicorn_config``.

``ruletag serve`` starts it so. The values come from ruletag's settings.
"""

import logging
import os
import sys
from ipaddress import ip_address
from pathlib import Path

from gunicorn.glogging import Logger

from ruletag.http import tallies
from ruletag.http.logs import logging_config
from ruletag.serving.runtime import shared
from ruletag.settings import read_settings

_TURN = 0.0005  # seconds that a thread keeps the interpreter while others wait; 0.005 by default
_settings = read_settings(os.environ)

bind = (
    f"[{_settings.host}]:{_settings.port}"
    if ":" in _settings.host
    else f"{_settings.host}:{_settings.port}"
)
workers = _settings.workers
_is_granian = _settings.server == "granian"
worker_class = f"ruletag.edge.{'granian' if _is_granian else 'worker'}.Worker"
worker_connections = _settings.connections
asgi_loop = "asyncio"  # how much is read at once is set on its transports
# The heartbeat files must not lie on a disk that can stall.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108
control_socket_disable = True
accesslog = None
loglevel = "info"
graceful_timeout = 8  # seconds; Docker kills after ten
timeout = 30
keepalive = 15
max_requests = _settings.recycle
max_requests_jitter = _settings.recycle // 10  # not all at once
proc_name = "ruletag"


class EventLog(Logger):  # type: ignore[misc] # gunicorn is not typed
    """gunicorn's log of what befalls it; requests have lines of our own."""

    # Else it makes an access line of each, since logging is configured, for nobody.
    access_log_enabled = False


logger_class = EventLog
# From the first line on, in our form.
logconfig_dict = logging_config(_settings.log_format)
# By default gunicorn lets callers on loopback move the mount point and the address.
forwarder_headers = ""
forwarded_allow_ips = ""


def on_starting(server: object) -> None:
    """Make what the workers will share; say so where the service can be reached by others."""
    del server
    shared()
    tallies.share()
    has_tokens = _settings.tokens or _settings.tokens_file is not None
    if not has_tokens and not _is_loopback(_settings.host):
        warning = "open to all who can reach %s port %d: no tokens are asked for"
        logging.getLogger("ruletag").warning(warning, _settings.host, _settings.port)


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def post_fork(server: object, worker: object) -> None:
    """Let the event loop have its turn soon while long texts are tagged in threads."""
    del server, worker
    sys.setswitchinterval(_TURN)
