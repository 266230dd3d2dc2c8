"""Feature flags and experiments, compiled once and evaluated in nanoseconds.

    client = expplat.Client(expplat.Source.file("rules.json"))
    user = expplat.User("user-7", {"country": "DE"})
    if client.boolean("new-ui", user, False): ...
    button = client.variant("checkout-cta", user)  # records the exposure

Nothing here raises for what a user or a key is: the caller's default comes back, with a reason. Mistakes of set-up are
TypeError, ValueError and the exceptions of `expplat.errors`.
"""

from expplat._native import (
    Client,
    Detail,
    Handle,
    RulesetChange,
    Stats,
    Status,
    User,
    Variant,
    __version__,
)
from expplat.errors import Error
from expplat.sink import Delivery, Sink
from expplat.source import Source

__all__ = [
    "Client",
    "Delivery",
    "Detail",
    "Error",
    "Handle",
    "RulesetChange",
    "Sink",
    "Source",
    "Stats",
    "Status",
    "User",
    "Variant",
    "__version__",
]
