"""The service on the rules of a folder, read once: ``gunicorn contract.served:app`` or ``:asgi``.

For tests of servers alone; what the folder comes to later is not looked at.
"""

import os
from dataclasses import replace

from ruletag.edge.asgi import AsgiApp, Sizes
from ruletag.http.api import Api, Deadlines
from ruletag.http.app import flask_app
from ruletag.http.handling import Service, Terms
from ruletag.matching.compiler import compile_rules
from ruletag.rules.loader import read_rules
from ruletag.serving.drafts import Drafts
from ruletag.serving.store import Store
from ruletag.settings import read_settings

settings = read_settings(os.environ)
store = Store()
if any(settings.rules.glob("*.yaml")):
    store.activate(compile_rules(read_rules(settings.rules)))
terms = replace(Terms(), at_work=settings.at_work, streams=settings.streams)
deadlines = Deadlines(settings.deadline, settings.batch_deadline)
service = Service([Api(store, Drafts(), deadlines=deadlines)], terms)
app = flask_app(service)
sizes = Sizes(settings.threads, settings.streams, settings.client_timeout)
asgi = AsgiApp(service, app.wsgi_app, sizes)
