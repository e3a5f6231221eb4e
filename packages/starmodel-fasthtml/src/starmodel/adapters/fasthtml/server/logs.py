"""What the server writes: requests, warnings and errors, and nothing about clients that merely went away."""

from __future__ import annotations

import copy
import logging
from typing import Any

from starlette.requests import ClientDisconnect
from uvicorn.config import LOGGING_CONFIG

__all__ = ["AccessFilter", "ClientGoneFilter", "logging_config"]


class ClientGoneFilter(logging.Filter):
    """Drops the traceback of a request whose client left or was shown out; anyone could fill a disk with those."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Tell whether to write *record*."""
        return not (record.exc_info and isinstance(record.exc_info[1], ClientDisconnect))


class AccessFilter(logging.Filter):
    """Leaves out the requests for browser files and streams, and what stands behind the ``?`` of the others.

    A query may hold what somebody typed, and a page's token says what the page shows.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Tell whether to write *record*."""
        if not isinstance(record.args, tuple) or len(record.args) < 3:
            return True
        client, method, path, *rest = record.args
        record.args = (client, method, str(path).partition("?")[0], *rest)
        return not str(path).startswith("/_starmodel/")


def logging_config() -> dict[str, Any]:
    """Return uvicorn's logging without its report of every start and stop."""
    config = copy.deepcopy(LOGGING_CONFIG)
    config["filters"] = {"client_gone": {"()": ClientGoneFilter}, "access": {"()": AccessFilter}}
    config["loggers"]["uvicorn.access"]["filters"] = ["access"]
    config["loggers"]["uvicorn.error"] = {"level": "WARNING", "filters": ["client_gone"]}
    return config
