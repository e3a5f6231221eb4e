"""The application layer: the dispatcher, the unit of work, the bus, and what puts them together."""

from .addresses import MAX_PAGE, pairs_of, query_from
from .application import Application
from .bus import InProcessBus
from .catalog import Catalog, Handler
from .current import application_of
from .declaring import DeclaredPolicy, is_ruled, limits, may_ever, narrowed, refuse_unlisted
from .dispatcher import Dispatcher, Guard, Result
from .downloads import Download, download
from .files import Files
from .following import Follower
from .history import History, obstacle_to_undo
from .implicit import Implicit
from .moments import Moments
from .moves import Moves
from .outbox import Lag, Outbox
from .past import Past, Step, may_be_undone, may_take_back, past_of
from .persistence import PersistenceManager
from .policies import AllOf, VisitorPolicy
from .previewing import Preview
from .queue import InProcessTasks
from .reading import entity_before, may_read, may_see, permitted, readable, tally, walk
from .receiving import FileRefusedError
from .refusals import Refusal, refusal_of
from .registry import Registry
from .running import OnStep
from .sources import RandomIds, SystemClock
from .subscribers import Subscribers
from .tail import LogTail
from .tasks import Tasks
from .unwrapping import application_in
from .uow import UnitOfWork
from .uploading import Upload, take_file

__all__ = [
    "MAX_PAGE",
    "AllOf",
    "Application",
    "Catalog",
    "DeclaredPolicy",
    "Dispatcher",
    "Download",
    "FileRefusedError",
    "Files",
    "Follower",
    "Guard",
    "Handler",
    "History",
    "Implicit",
    "InProcessBus",
    "InProcessTasks",
    "Lag",
    "LogTail",
    "Moments",
    "Moves",
    "OnStep",
    "Outbox",
    "Past",
    "PersistenceManager",
    "Preview",
    "RandomIds",
    "Refusal",
    "Registry",
    "Result",
    "Step",
    "Subscribers",
    "SystemClock",
    "Tasks",
    "UnitOfWork",
    "Upload",
    "VisitorPolicy",
    "application_in",
    "application_of",
    "download",
    "entity_before",
    "is_ruled",
    "limits",
    "may_be_undone",
    "may_ever",
    "may_read",
    "may_see",
    "may_take_back",
    "narrowed",
    "obstacle_to_undo",
    "pairs_of",
    "past_of",
    "permitted",
    "query_from",
    "readable",
    "refusal_of",
    "refuse_unlisted",
    "take_file",
    "tally",
    "walk",
]
