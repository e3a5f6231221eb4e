"""The parts of the store suite put together."""

from __future__ import annotations

from .committing import CommittingContract
from .following import FollowingContract
from .indexing import IndexingContract
from .keeping import KeepingContract
from .ordering import OrderingContract
from .owing import OwingContract
from .reading import ReadingContract
from .rehearsing import RehearsingContract
from .relating import RelatingContract
from .repeating import RepeatingContract
from .searching import SearchingContract

__all__ = ["StoreContract"]


class StoreContract(
    ReadingContract,
    RelatingContract,
    IndexingContract,
    SearchingContract,
    CommittingContract,
    RehearsingContract,
    RepeatingContract,
    OrderingContract,
    FollowingContract,
    KeepingContract,
    OwingContract,
):
    """What every store must do.

    Subclass it, give it a store, and run pytest::

        class TestMyStore(StoreContract):
            @pytest.fixture
            def new_store(self, tmp_path, clock):
                return MyStore(tmp_path / "data", clock=clock)

    ``new_store`` is empty for every test, and not open yet.  What the store cannot do is said by ``supports_ttl``,
    ``supports_big_integers``, ``supports_naive_times``, ``supports_relations``, ``supports_unique`` and ``real_time``;
    a log that is cut at some length is given by ``short_log_store``, and a store that survives its process proves it by
    ``reopened``.
    """
