"""The service for gunicorn's ASGI worker, as `ruletag serve` runs it.

``POST /v1/tag`` is answered without a detour, everything else by the Flask application.
"""

from ruletag.edge.asgi import AsgiApp, Sizes
from ruletag.wsgi import app as flask
from ruletag.wsgi import service, settings

_SIZES = Sizes(settings.threads, settings.streams, settings.client_timeout)
app = AsgiApp(service, flask.wsgi_app, _SIZES)
