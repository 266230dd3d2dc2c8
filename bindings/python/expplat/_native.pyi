"""The extension module. What programs use of it is in `expplat`."""

import logging
from collections.abc import Callable
from os import PathLike
from types import TracebackType
from typing import Any, Final, Literal, NamedTuple, TypeAlias, TypedDict, TypeVar, final

from typing_extensions import NotRequired, Self

from expplat.sink import Sink
from expplat.source import Source

_T = TypeVar("_T")

_Scalar: TypeAlias = str | bool | int | float | None
_Attribute: TypeAlias = _Scalar | list[Any] | tuple[Any, ...] | dict[str, Any]

class _UserDict(TypedDict):
    key: NotRequired[str]
    attributes: NotRequired[dict[str, Any] | None]

_User: TypeAlias = User | _UserDict | dict[str, Any]
_Reason: TypeAlias = Literal[
    "DISABLED",
    "PREREQUISITE_FAILED",
    "TARGETING_MATCH",
    "SPLIT",
    "DEFAULT",
    "HOLDOUT",
    "NOT_TARGETED",
    "NOT_ENROLLED",
    "ERROR",
    "STALE",
    "CACHED",
]
_Error: TypeAlias = Literal[
    "FLAG_NOT_FOUND",
    "TYPE_MISMATCH",
    "TARGETING_KEY_MISSING",
    "PARSE_ERROR",
    "PROVIDER_NOT_READY",
    "GENERAL",
]

__version__: Final[str]

class User:
    def __init__(self, key: str = "", attributes: dict[str, Any] | None = None) -> None: ...
    @staticmethod
    def from_json(text: str | bytes) -> User: ...
    def set(self, name: str, value: _Attribute) -> None: ...
    @property
    def key(self) -> str: ...
    @property
    def attributes(self) -> dict[str, Any]: ...
    def __copy__(self) -> User: ...
    def __deepcopy__(self, memo: object) -> User: ...

@final
class Variant:
    @property
    def key(self) -> str | None: ...
    @property
    def value(self) -> Any: ...
    @property
    def reason(self) -> _Reason: ...
    @property
    def rule(self) -> str | None: ...
    @property
    def error(self) -> _Error | None: ...
    @property
    def exposure(self) -> bool: ...
    @property
    def ruleset_version(self) -> int: ...
    def __bool__(self) -> bool: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __ne__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

class Detail(tuple[_T, Variant]):
    @property
    def value(self) -> _T: ...
    @property
    def variant(self) -> Variant: ...

class Status(NamedTuple):
    state: Literal["CONNECTING", "READY", "STALE", "UNAUTHORIZED", "CLOSED"]
    origin: Literal["none", "text", "file", "cache", "server"]
    following: Literal["none", "streaming", "polling"]
    ruleset_version: int
    since_ms: int
    unsupported: int
    environment: str
    error: str

class Stats(NamedTuple):
    recorded: int
    adopted: int
    deduplicated: int
    acknowledged: int
    spooled: int
    dead_lettered: int
    dropped_queue_full: int
    dropped_shutdown: int
    dropped_spool: int
    in_flight: int
    batches: int
    failed_deliveries: int
    ruleset_version: int
    rulesets_adopted: int
    rulesets_refused: int
    unsupported_entities: int
    live_images: int
    image_bytes: int
    stream_connections: int

class RulesetChange(NamedTuple):
    version: int
    origin: Literal["none", "text", "file", "cache", "server"]
    everything: bool
    keys: tuple[str, ...]

class Handle:
    @property
    def key(self) -> str: ...
    def variant(self, user: _User) -> Variant: ...

class Client:
    def __init__(
        self,
        source: Source,
        *,
        sink: Sink | None = None,
        logger: logging.Logger | None = None,
        on_status: Callable[[Status], object] | None = None,
        on_ruleset: Callable[[RulesetChange], object] | None = None,
        cache: str | PathLike[str] = ...,
        project: str = ...,
        event_attributes: list[str] | tuple[str, ...] = ...,
        spool: str | PathLike[str] = ...,
        spool_bytes: int = ...,
        dead_letters: str | PathLike[str] = ...,
        queue_events: int = ...,
        batch_events: int = ...,
        batch_age_ms: int = ...,
        dedupe_window_ms: int = ...,
        shutdown_timeout_ms: int = ...,
        poll_interval_ms: int = ...,
        streaming: bool = ...,
        manual_poll: bool = ...,
        network_proxy: str = ...,
        network_ca_file: str | PathLike[str] = ...,
        network_connect_timeout_ms: int = ...,
        network_request_timeout_ms: int = ...,
    ) -> None: ...
    def variant(self, key: str, user: _User) -> Variant: ...
    def boolean(self, key: str, user: _User, default: _T) -> bool | _T: ...
    def integer(self, key: str, user: _User, default: _T) -> int | _T: ...
    def number(self, key: str, user: _User, default: _T) -> float | _T: ...
    def string(self, key: str, user: _User, default: _T) -> str | _T: ...
    def object(self, key: str, user: _User, default: _T) -> dict[str, Any] | _T: ...
    def boolean_detail(self, key: str, user: _User, default: _T) -> Detail[bool | _T]: ...
    def integer_detail(self, key: str, user: _User, default: _T) -> Detail[int | _T]: ...
    def number_detail(self, key: str, user: _User, default: _T) -> Detail[float | _T]: ...
    def string_detail(self, key: str, user: _User, default: _T) -> Detail[str | _T]: ...
    def object_detail(self, key: str, user: _User, default: _T) -> Detail[dict[str, Any] | _T]: ...
    def evaluate_all(self, user: _User) -> dict[str, Variant]: ...
    def evaluate_case(self, line: str | bytes) -> str: ...
    def handle(self, key: str) -> Handle: ...
    def track(
        self,
        event: str,
        user: _User,
        value: float | None = None,
        properties: dict[str, Any] | str | None = None,
    ) -> None: ...
    def flush(self, timeout: float | None = 5.0) -> bool: ...
    def wait_ready(self, timeout: float | None = 5.0) -> bool: ...
    def reload(self) -> None: ...
    def poll(self) -> float: ...
    def status(self) -> Status: ...
    def stats(self) -> Stats: ...
    def close(self) -> None: ...
    def __enter__(self) -> Self: ...
    def __exit__(
        self,
        type: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None: ...
    def _is_static(self, key: str, /) -> bool: ...

class Config:
    def __init__(self) -> None: ...
    def source_server(self, url: str, key: str) -> None: ...
    def source_file(self, path: str | PathLike[str], watch_interval_ms: int) -> None: ...
    def source_text(self, json: str) -> None: ...
    def sink_file(self, path: str | PathLike[str], rotate_bytes: int) -> None: ...
    def sink_http(self, url: str, key: str) -> None: ...
    def sink_kinesis(self, stream: str) -> None: ...
    def set(self, name: str, value: bool | int | str | PathLike[str] | list[str] | tuple[str, ...]) -> None: ...

def next_notice() -> tuple[Any, str, int, Any] | None: ...
def stop_notices() -> None: ...
def renew_notices() -> None: ...
def close_all() -> None: ...
def has_clients() -> bool: ...
