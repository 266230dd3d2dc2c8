"""What clients have to say, told to Python: lines of the log to `logging`, changes to the program's listeners.

Clients leave notices in a queue and never wait for Python. One daemon thread of the process takes them out, so listeners run
on that thread, one at a time; they may ask the client anything, close it too.
"""

from __future__ import annotations

import atexit
import os
import sys
import threading

from expplat import _native, _sinks
from expplat.sink import Sink
from expplat.source import Source

TYPE_CHECKING = False
if TYPE_CHECKING:
    import logging
    from collections.abc import Callable
    from typing import Any

    from expplat.sink import Delivery

_LEVELS = (10, 20, 30, 40)  # logging's numbers for ours
_LAST_WORDS_S = 2.0  # at exit, for what is still in the queue

_thread: threading.Thread | None = None


class Listeners:
    """Whom a client's notices are for."""

    __slots__ = ("logger", "on_ruleset", "on_status", "sink")

    def __init__(
        self,
        logger: logging.Logger | None,
        on_status: Callable[[_native.Status], object] | None,
        on_ruleset: Callable[[_native.RulesetChange], object] | None,
        sink: Callable[[list[dict[str, Any]]], Delivery | None] | None,
    ) -> None:
        self.sink = sink
        self.logger = logger
        self.on_status = on_status
        self.on_ruleset = on_ruleset

    def tell(self, kind: str, level: int, what: object) -> None:
        if kind == "log":
            self._log().log(_LEVELS[level], "%s", what)
            return
        listener = self.on_status if kind == "status" else self.on_ruleset
        if listener is None:
            return
        try:
            listener(what)  # type: ignore[arg-type]
        except Exception:
            self._log().exception("a listener of the client raised")

    def _log(self) -> logging.Logger:
        if self.logger is None:
            import logging  # only once there is a line: it takes longer than everything else here

            self.logger = logging.getLogger("expplat")
        return self.logger


def configure(config: _native.Config, source: Source, sink: Sink | None) -> None:
    """Writes a source and a sink into a configuration. Called by `Client`."""
    if not isinstance(source, Source):
        raise TypeError(f"source must be a Source, not {type(source).__name__}")
    if sink is not None and not isinstance(sink, Sink):
        raise TypeError(f"sink must be a Sink, not {type(sink).__name__}")
    source._configure(config)
    if sink is not None:
        sink._configure(config)


def listeners(
    logger: logging.Logger | None,
    on_status: Callable[[_native.Status], object] | None,
    on_ruleset: Callable[[_native.RulesetChange], object] | None,
    sink: Sink | None,
) -> Listeners:
    """Checks a client's listeners, and starts the threads where they do not run. Called by `Client`."""
    for name, listener in (("on_status", on_status), ("on_ruleset", on_ruleset)):
        if listener is not None and not callable(listener):
            raise TypeError(f"{name} must be callable")
    if logger is not None and not callable(getattr(logger, "log", None)):
        raise TypeError("logger must be a logging.Logger")
    if _thread is None:
        _start()
        _close_with_worker()
    function = None if sink is None else sink._function
    if function is not None:
        _sinks.start()
    return Listeners(logger, on_status, on_ruleset, function)


def _run() -> None:
    while True:
        notice = _native.next_notice()
        if notice is None:
            return
        addressee, kind, level, what = notice
        del notice
        try:
            if addressee is not None:
                addressee.tell(kind, level, what)
        except Exception:
            sys.excepthook(*sys.exc_info())
        del addressee, what


def _start() -> None:
    global _thread
    _thread = threading.Thread(target=_run, name="expplat", daemon=True)
    _thread.start()


def _after_fork_in_child() -> None:
    global _thread
    _thread = None
    _sinks.after_fork_in_child()
    if not _native.has_clients():
        return
    _start()
    if (util := sys.modules.get("multiprocessing.util")) is not None:
        util.register_after_fork(_run, lambda _: _close_with_worker())  # its list is emptied after the fork


def _close_with_worker() -> None:
    """A worker of multiprocessing ends without `atexit`: it has a list of its own."""
    multiprocessing = sys.modules.get("multiprocessing")
    if multiprocessing is not None and multiprocessing.parent_process() is not None:
        sys.modules["multiprocessing.util"].Finalize(None, _native.close_all, exitpriority=0)


def _at_exit() -> None:
    """Closes what is still open, while Python can still hear it."""
    _native.close_all()
    _sinks.stop()
    _native.stop_notices()
    if _thread is not None:
        _thread.join(_LAST_WORDS_S)


os.register_at_fork(after_in_child=_after_fork_in_child)
atexit.register(_at_exit)
