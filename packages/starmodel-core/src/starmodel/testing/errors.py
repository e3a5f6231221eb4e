"""What can be wrong with how the test helpers are used."""

from __future__ import annotations

from starmodel.core.errors import StarModelError

__all__ = ["MissingExtraError"]


class MissingExtraError(StarModelError, ImportError):
    """A test helper needs a package that is not installed."""

    code = "missing_extra"

    def __init__(self, helper: str, package: str) -> None:
        self.helper, self.package = helper, package
        super().__init__(f'{helper} needs {package}; run: pip install "starmodel-core[testing]"')
