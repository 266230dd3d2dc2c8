"""`Sink`: where a client's events go."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from os import PathLike
    from typing import Any

    from expplat._native import Config


_IS_COROUTINE = 0x80  # inspect.CO_COROUTINE


class Delivery:
    """What became of a batch that a `Sink.custom` was given: the first `acknowledged` events are delivered, the `rejected` ones after
    them never can be (dead letters); the rest is offered again. `message` is logged."""

    __slots__ = ("acknowledged", "message", "rejected")

    def __init__(self, acknowledged: int, rejected: int = 0, message: str = "") -> None:
        for name, count in (("acknowledged", acknowledged), ("rejected", rejected)):
            if not isinstance(count, int):
                raise TypeError(f"{name} must be an int, not {type(count).__name__}")
            if not 0 <= count < 2**63:
                raise ValueError(f"{name} must be a number of events, not {count}")
        if not isinstance(message, str):
            raise TypeError(f"message must be a str, not {type(message).__name__}")
        self.acknowledged = acknowledged
        self.rejected = rejected
        self.message = message

    def __repr__(self) -> str:
        return f"Delivery({self.acknowledged}, {self.rejected}, {self.message!r})"


class Sink:
    """Where exposures and track events go: `Sink.kinesis`, `Sink.http`, `Sink.file` or `Sink.custom`. Without one nothing is
    recorded."""

    __slots__ = ("_configure", "_function", "_shown")

    def __init__(
        self,
        configure: Callable[[Config], None],
        shown: str,
        function: Callable[[list[dict[str, Any]]], Delivery | None] | None = None,
    ) -> None:
        self._configure = configure
        self._shown = shown
        self._function = function

    @staticmethod
    def custom(function: Callable[[list[dict[str, Any]]], Delivery | None]) -> Sink:
        """A function of the program's. It is given a list of events, each the dict of docs/EVENTS.md, and returns None where all are
        delivered, or a `Delivery`; where it raises, the batch is offered again later. One thread of the process, `expplat-sinks`,
        calls all such functions, one at a time: the client's own thread does not wait for it."""
        if not callable(function):
            raise TypeError(f"a sink must be callable, not {type(function).__name__}")
        if getattr(getattr(function, "__code__", None), "co_flags", 0) & _IS_COROUTINE:
            raise TypeError("a sink is called by a thread of its own and cannot be a coroutine function")
        return Sink(lambda config: config.sink_custom(), f"Sink.custom({function!r})", function)

    @staticmethod
    def file(path: str | PathLike[str], rotate_bytes: int = 0, rotated_files: int = 5) -> Sink:
        """JSON lines. A file that would grow over `rotate_bytes` (0: never) becomes `PATH.1`, `PATH.2`, …"""

        def configure(config: Config) -> None:
            config.sink_file(path, rotate_bytes)
            config.set("file_rotated_files", rotated_files)

        return Sink(configure, f"Sink.file({path!r})")

    @staticmethod
    def http(url: str = "", key: str = "") -> Sink:
        """An expplat server's intake; both empty: the source's."""
        return Sink(lambda config: config.sink_http(url, key), f"Sink.http({url!r})")

    @staticmethod
    def kinesis(
        stream: str,
        *,
        region: str | None = None,
        endpoint_url: str | None = None,
        profile: str | None = None,
        access_key_id: str | None = None,
        secret_access_key: str | None = None,
        session_token: str | None = None,
        aggregate: bool | None = None,
        use_fips: bool | None = None,
        use_dual_stack: bool | None = None,
    ) -> Sink:
        """Amazon Kinesis Data Streams: a stream's name or ARN. Credentials that are not given are looked for where AWS's
        own tools do."""
        settings = {
            "region": region,
            "endpoint_url": endpoint_url,
            "profile": profile,
            "access_key_id": access_key_id,
            "secret_access_key": secret_access_key,
            "session_token": session_token,
            "aggregate": aggregate,
            "use_fips": use_fips,
            "use_dual_stack": use_dual_stack,
        }

        def configure(config: Config) -> None:
            config.sink_kinesis(stream)
            for name, value in settings.items():
                if value is not None:
                    config.set(f"kinesis_{name}", value)

        return Sink(configure, f"Sink.kinesis({stream!r})")

    def __repr__(self) -> str:
        return self._shown
