"""Batches of events, given to the programs' own sinks (`Sink.custom`) by one daemon thread of the process.

Clients leave batches in a queue and never wait for Python; they keep what has no answer yet, so a sink may take its time, fork, ask
its client or close it.
"""

from __future__ import annotations

import threading

from expplat import _native
from expplat.sink import Delivery

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_LAST_WORDS_S = 2.0  # at exit, for a sink that is at work
_MOST_WORDS = 500  # characters of what a sink raised

_thread: threading.Thread | None = None


def start() -> None:
    """Starts the thread where it does not run."""
    global _thread
    if _thread is None:
        _thread = threading.Thread(target=_run, name="expplat-sinks", daemon=True)
        _thread.start()


def after_fork_in_child() -> None:
    """The thread is the parent's; whoever forked may be that thread itself, which ends with what it is doing."""
    global _thread
    was_running, _thread = _thread is not None, None
    if was_running and _native.has_clients():
        start()


def stop() -> None:
    """At exit, when every client is closed."""
    _native.stop_batches()
    if _thread is not None and _thread is not threading.current_thread():
        _thread.join(_LAST_WORDS_S)


def _run() -> None:
    while threading.current_thread() is _thread:
        try:
            batch = _native.next_batch()
        except MemoryError:  # the batch is still the client's
            continue
        if batch is None:
            return
        listeners, texts, number = batch
        delivery = _deliver(listeners.sink if listeners is not None else None, texts)
        del batch, listeners, texts
        _native.answer_batch(number, delivery.acknowledged, delivery.rejected, delivery.message.encode(errors="replace"))


def _deliver(sink: Callable[[list[dict[str, Any]]], Delivery | None] | None, texts: list[str]) -> Delivery:
    if sink is None:
        return Delivery(0, message="the program's own sink is gone")
    try:
        import json  # only once there is a batch

        said = sink([json.loads(text) for text in texts])
        if said is None:
            return Delivery(len(texts))
        if isinstance(said, Delivery):
            return said
        raise TypeError(f"it must return None or a Delivery, not {type(said).__name__}")
    except BaseException as error:  # SystemExit too: this thread is all sinks'
        return Delivery(0, message=f"the program's own sink raised {_words_of(error)}")


def _words_of(error: BaseException) -> str:
    try:
        return f"{type(error).__name__}: {error}"[:_MOST_WORDS]
    except Exception:
        return type(error).__name__
