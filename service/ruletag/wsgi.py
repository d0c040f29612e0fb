"""The service for any WSGI server: ``gunicorn ruletag.wsgi:app``.

Reads its settings from the environment, and follows the rule folder. Bad rules do
not keep it from starting: it is then alive, not ready, and gets ready when the
folder is mended. `ruletag serve` runs `ruletag.asgi`, which goes through the same
`ruletag.http.handling.Service`.
"""

import os

from ruletag.http.api import Api, Deadlines
from ruletag.http.app import flask_app
from ruletag.http.auth import guard
from ruletag.http.editing import Editing
from ruletag.http.handling import Service, Terms
from ruletag.http.logs import log_to_stdout
from ruletag.http.observing import Observer
from ruletag.serving.drafts import Drafts
from ruletag.serving.leader import Watch
from ruletag.serving.runtime import Runtime, shared
from ruletag.serving.store import Store
from ruletag.settings import Settings, read_settings


def watched(settings: Settings) -> Store:
    """Give a store that is kept in step with the rule folder from now on."""
    store = Store(needs_good_rules=settings.on_bad_rules == "unready")
    stops = settings.on_bad_rules == "exit"
    watch = Watch(settings.rules, settings.poll_interval, settings.state, stops)
    Runtime(watch, store, shared()).start()
    return store


def served(settings: Settings, store: Store) -> Service:
    """Give the service around a store. Raises `SettingsError`."""
    takes_drafts = settings.drafts == "on"
    observer = Observer(settings, store)
    deadlines = Deadlines(settings.deadline, settings.batch_deadline)
    handlers = [
        Api(store, Drafts() if takes_drafts else None, observer.tagged, deadlines),
        Editing(settings.rules, store, takes_drafts=takes_drafts, deadlines=deadlines),
        observer,
    ]
    return Service(handlers, Terms(guard(settings), observer, settings.at_work, settings.streams))


settings = read_settings(os.environ)
log_to_stdout(settings.log_format)
service = served(settings, watched(settings))
app = flask_app(service)
