"""How a BitPay process logs: one line per event, JSON for programs, plain text at a terminal."""

import logging
import sys

import structlog
from structlog.types import Processor


def configure_logs(least: int = logging.NOTSET) -> None:
    """Log to standard error, from the level `least` on.

    Tracebacks are plain: drawing them must never cost more than the work that failed.
    """
    at_terminal = sys.stderr.isatty()
    last: list[Processor] = (
        [structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)]
        if at_terminal
        else [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *last,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(least),
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
        cache_logger_on_first_use=False,
    )
