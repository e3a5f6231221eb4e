"""Contract suites for whoever writes an adapter, and fakes for tests: ``pip install "starmodel-core[testing]"``."""

from .errors import MissingExtraError

try:
    import pytest
except ModuleNotFoundError as error:
    raise MissingExtraError("starmodel.testing", "pytest") from error

# Before the suites are imported, so that their failures explain themselves in whatever project they run.
pytest.register_assert_rewrite(
    "starmodel.testing.auth",
    "starmodel.testing.bus",
    "starmodel.testing.codec",
    "starmodel.testing.files",
    "starmodel.testing.fragments",
    "starmodel.testing.sessions",
    "starmodel.testing.store",
    "starmodel.testing.tasks",
    "starmodel.testing.ui",
)

from .applications import application  # noqa: E402  (see above)
from .auth import AuthContract, Credentials  # noqa: E402  (see above)
from .base import Contract  # noqa: E402  (see above)
from .bus import BusContract  # noqa: E402  (see above)
from .codec import CodecContract  # noqa: E402  (see above)
from .codecs import PlainCodec  # noqa: E402  (see above)
from .faults import FaultyStore  # noqa: E402  (see above)
from .files import FileStoreContract  # noqa: E402  (see above)
from .fragments import FragmentCacheContract  # noqa: E402  (see above)
from .recording import RecordingBus  # noqa: E402  (see above)
from .sessions import SessionStoreContract  # noqa: E402  (see above)
from .sources import FakeClock, SequentialIds  # noqa: E402  (see above)
from .store import StoreContract  # noqa: E402  (see above)
from .strategies import entities  # noqa: E402  (see above)
from .tasks import TaskQueueContract  # noqa: E402  (see above)
from .ui import UIContract  # noqa: E402  (see above)

__all__ = [
    "AuthContract",
    "BusContract",
    "CodecContract",
    "Contract",
    "Credentials",
    "FakeClock",
    "FaultyStore",
    "FileStoreContract",
    "FragmentCacheContract",
    "MissingExtraError",
    "PlainCodec",
    "RecordingBus",
    "SequentialIds",
    "SessionStoreContract",
    "StoreContract",
    "TaskQueueContract",
    "UIContract",
    "application",
    "entities",
]
