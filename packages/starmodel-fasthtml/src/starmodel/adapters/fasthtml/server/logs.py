"""What the server writes: requests, warnings and errors, and nothing about clients that merely went away."""

from __future__ import annotations

import copy
import logging
from typing import Any

from starlette.requests import ClientDisconnect
from uvicorn.config import LOGGING_CONFIG

__all__ = ["ClientGoneFilter", "logging_config"]


class ClientGoneFilter(logging.Filter):
    """Drops the traceback of a request whose client left or was shown out; anyone could fill a disk with those."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Tell whether to write *record*."""
        return not (record.exc_info and isinstance(record.exc_info[1], ClientDisconnect))


def logging_config() -> dict[str, Any]:
    """Return uvicorn's logging without its report of every start and stop."""
    config = copy.deepcopy(LOGGING_CONFIG)
    config["filters"] = {"client_gone": {"()": ClientGoneFilter}}
    config["loggers"]["uvicorn.error"] = {"level": "WARNING", "filters": ["client_gone"]}
    return config
