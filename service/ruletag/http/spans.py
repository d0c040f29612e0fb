"""Send a span for each request to OpenTelemetry. The one module that knows that library.

Where they go is said by its own variables, ``OTEL_EXPORTER_OTLP_ENDPOINT`` first of all.
"""

import atexit
import os
import threading
import time
from typing import Final

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.trace import SpanKind, Status, StatusCode, format_trace_id
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from ruletag.http.traces import Attributes
from ruletag.version import VERSION

_PATIENCE: Final = 1.0  # seconds for the last spans when a process ends
_FAULT: Final = 500  # the first status of our own faults
_NANOSECONDS: Final = 1_000_000_000
_CONTEXT: Final = TraceContextTextMapPropagator()


class OpenTelemetry:
    """Sends spans, in batches and from a thread of its own, begun with the first."""

    def __init__(self, exporter: SpanExporter | None = None) -> None:
        names = {"service.name": "ruletag", "service.version": VERSION}
        # What OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES say wins.
        resource = Resource.create(names).merge(OTELResourceDetector().detect())
        # By itself it would keep a process from ending for as long as nobody answers.
        self._provider = TracerProvider(resource=resource, shutdown_on_exit=False)
        self._provider.add_span_processor(BatchSpanProcessor(exporter or OTLPSpanExporter()))
        self._tracer = self._provider.get_tracer("ruletag", VERSION)
        self._begin()
        os.register_at_fork(after_in_child=self._begin)
        atexit.register(self._end)

    def _begin(self) -> None:
        self._ends = threading.Event()
        self._has_ended = threading.Event()
        # When a process ends it is too late for it to begin threads.
        threading.Thread(target=self._send_last, name="send last spans", daemon=True).start()

    def _send_last(self) -> None:
        self._ends.wait()
        self.flush()
        self._has_ended.set()

    def _end(self) -> None:
        self._ends.set()
        self._has_ended.wait(_PATIENCE)

    def add(self, request: Attributes, traceparent: str) -> str:
        """Tell of a request that has just been answered; give the id of its trace."""
        end = time.time_ns()
        span = self._tracer.start_span(
            f"{request.method} {request.route}",
            _CONTEXT.extract({"traceparent": traceparent}) if traceparent else None,
            SpanKind.SERVER,
            {
                "http.request.method": request.method,
                "http.route": request.route,
                "http.response.status_code": request.status,
                "ruletag.request_id": request.request_id,
            },
            start_time=end - int(request.seconds * _NANOSECONDS),
        )
        if request.status >= _FAULT:
            span.set_status(Status(StatusCode.ERROR))
        span.end(end)
        return format_trace_id(span.get_span_context().trace_id)

    def flush(self) -> None:
        """Send what there is."""
        self._provider.force_flush()
