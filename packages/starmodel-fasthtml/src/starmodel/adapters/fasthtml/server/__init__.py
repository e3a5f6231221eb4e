"""Serve an application with uvicorn: quick to stop and to reload with live streams open, hard to hold up."""

from .binding import bind
from .config import RequestLimits, ServerConfig
from .errors import AppFailedError, AppMissingError, BindError, PortInUseError, ServerError
from .loading import load_application
from .serving import serve

__all__ = [
    "AppFailedError",
    "AppMissingError",
    "BindError",
    "PortInUseError",
    "RequestLimits",
    "ServerConfig",
    "ServerError",
    "bind",
    "load_application",
    "serve",
]
