"""How the tests run gunicorn where they choose the worker themselves."""

import os

from ruletag.http.logs import logging_config
from ruletag.settings import read_settings

_settings = read_settings(os.environ)

bind = f"127.0.0.1:{_settings.port}"
workers = _settings.workers
threads = _settings.threads
worker_connections = _settings.connections
asgi_loop = "asyncio"
control_socket_disable = True
accesslog = None
graceful_timeout = 8
keepalive = 15
max_requests = _settings.recycle
logconfig_dict = logging_config("json")
forwarder_headers = ""
forwarded_allow_ips = ""
