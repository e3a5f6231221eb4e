"""Users who sign in by name and password: an auth provider, its pages, and what the command line needs."""

from .accounts import Accounts
from .errors import NameTakenError, NoSuchUserError, TooBusyError, UnfitNameError, UnfitPasswordError
from .hashing import PasswordHashing
from .limits import SignInLimits
from .provider import PasswordAuth
from .users import SessionsEnded, User

__all__ = [
    "Accounts",
    "NameTakenError",
    "NoSuchUserError",
    "PasswordAuth",
    "PasswordHashing",
    "SessionsEnded",
    "SignInLimits",
    "TooBusyError",
    "UnfitNameError",
    "UnfitPasswordError",
    "User",
]
