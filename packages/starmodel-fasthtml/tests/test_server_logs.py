"""What the server writes about requests."""

from __future__ import annotations

import logging

import pytest

from starmodel.adapters.fasthtml.server.logs import AccessFilter, logging_config


def record(path: str) -> logging.LogRecord:
    args = ("127.0.0.1:5", "GET", path, "1.1", 200)
    return logging.LogRecord("uvicorn.access", logging.INFO, "", 0, '%s - "%s %s HTTP/%s" %d', args, None)


@pytest.mark.parametrize("path", ["/_starmodel/live?page=abc", "/_starmodel/starmodel.1234.js"])
def test_the_requests_of_the_framework_itself_are_not_written(path: str) -> None:
    assert not AccessFilter().filter(record(path))


def test_what_was_asked_for_is_written_without_what_was_typed() -> None:
    written = record("/find?name=somebody")
    assert AccessFilter().filter(written)
    assert written.getMessage() == '127.0.0.1:5 - "GET /find HTTP/1.1" 200'


def test_a_record_of_another_shape_is_written_as_it_is() -> None:
    other = logging.LogRecord("uvicorn.access", logging.INFO, "", 0, "hello", (), None)
    assert AccessFilter().filter(other)


def test_the_filter_is_in_use() -> None:
    assert logging_config()["loggers"]["uvicorn.access"]["filters"] == ["access"]
