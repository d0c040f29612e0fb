"""The service for a WSGI server: ``gunicorn ruletag.wsgi:app``.

Reads its settings from the environment, loads the rules, and goes on watching
their folder. Bad rules do not keep it from starting: it is then alive, not ready,
and gets ready when the folder is mended.
"""

import os

from ruletag.http.app import create_app
from ruletag.http.observe import log_to_stdout
from ruletag.serving.reload import Reloader
from ruletag.serving.store import Store
from ruletag.settings import read_settings

settings = read_settings(os.environ)
log_to_stdout(settings.log_format)
store = Store()
Reloader(settings.rules, store, settings.poll_interval).start()
app = create_app(store, takes_drafts=settings.drafts == "on")
