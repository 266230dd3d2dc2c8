"""An OpenFeature provider. Needs the package `openfeature-sdk` (`pip install expplat[openfeature]`).

    from openfeature import api
    from expplat import Source
    from expplat.openfeature import Provider

    api.set_provider(Provider(Source.server("https://flags.example.com", sdk_key)))
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, TypeVar

from openfeature.event import ProviderEvent, ProviderEventDetails
from openfeature.exception import (
    ErrorCode,
    ProviderFatalError,
    ProviderNotReadyError,
)
from openfeature.flag_evaluation import FlagResolutionDetails, FlagValueType, Reason
from openfeature.provider import AbstractProvider, Metadata

import expplat

if TYPE_CHECKING:
    from collections.abc import Callable

    from openfeature.evaluation_context import EvaluationContext
    from openfeature.hook import Hook
    from openfeature.track import TrackingEventDetails

_T = TypeVar("_T")

_EVENT_OF_STATE = {
    "READY": ProviderEvent.PROVIDER_READY,
    "STALE": ProviderEvent.PROVIDER_STALE,
    "UNAUTHORIZED": ProviderEvent.PROVIDER_STALE,  # the last ruleset goes on serving
}
_CODE_OF_ERROR = {
    "FLAG_NOT_FOUND": (ErrorCode.FLAG_NOT_FOUND, "there is no such flag or experiment"),
    "TYPE_MISMATCH": (ErrorCode.TYPE_MISMATCH, "the flag or experiment is of another type"),
    "TARGETING_KEY_MISSING": (
        ErrorCode.TARGETING_KEY_MISSING,
        "the context has no targeting key, or not the attribute that is bucketed",
    ),
    "PARSE_ERROR": (ErrorCode.INVALID_CONTEXT, "the context holds what no attribute of a user can be"),
    "PROVIDER_NOT_READY": (ErrorCode.PROVIDER_NOT_READY, "there is no ruleset yet"),
    "GENERAL": (ErrorCode.GENERAL, "the flag uses something that this library does not know"),
}
_HEARD_S = 0.2  # in which OpenFeature has heard that initialising failed
# Answers that no rule led to: OpenFeature has one word for them.
_FALLS_BACK = {"PREREQUISITE_FAILED", "HOLDOUT", "NOT_TARGETED", "NOT_ENROLLED"}


class Provider(AbstractProvider):
    """Answers from a client that it opens when OpenFeature initialises it, and closes when it shuts it down.

    Takes what `expplat.Client` takes. `ready_timeout` says for how many seconds initialising waits for a ruleset; where
    none came, OpenFeature is told that the provider is in error, and that it is ready once one comes.
    """

    def __init__(
        self,
        source: expplat.Source,
        *,
        sink: expplat.Sink | None = None,
        ready_timeout: float | None = 5.0,
        hooks: Sequence[Hook] = (),
        **settings: Any,
    ) -> None:
        super().__init__()
        self._open: Callable[[], expplat.Client] = lambda: expplat.Client(
            source, sink=sink, on_status=self._on_status, on_ruleset=self._on_ruleset, **settings
        )
        self._ready_timeout = ready_timeout
        self._hooks = list(hooks)
        self._client: expplat.Client | None = None
        self._lock = threading.Lock()  # guards `_told`
        self._told: ProviderEvent | None = None  # the last one that OpenFeature knows; None: not initialised

    @property
    def client(self) -> expplat.Client | None:
        """The client; None before OpenFeature has initialised the provider."""
        return self._client

    def get_metadata(self) -> Metadata:
        return Metadata(name="expplat")

    def get_provider_hooks(self) -> list[Hook]:
        return self._hooks

    def initialize(self, evaluation_context: EvaluationContext) -> None:
        try:
            client = self._client or self._open()
        except (expplat.Error, TypeError, ValueError) as error:
            raise ProviderFatalError(str(error)) from error
        self._client = client
        is_ready = client.wait_ready(self._ready_timeout)
        with self._lock:
            is_ready = is_ready or client.wait_ready(0)  # or it is told from now on
            self._told = ProviderEvent.PROVIDER_READY if is_ready else ProviderEvent.PROVIDER_ERROR
        if is_ready:
            return
        status = client.status()
        if status.state == "UNAUTHORIZED":
            raise ProviderFatalError(status.error)
        # A ruleset that comes before OpenFeature has heard of the error would be told too early.
        later = threading.Timer(_HEARD_S, self._tell_ready, (client,))
        later.daemon = True
        later.start()
        raise ProviderNotReadyError(status.error or "there is no ruleset yet")

    def _tell_ready(self, client: expplat.Client) -> None:
        with self._lock:
            if client is not self._client or self._told is None or not client.wait_ready(0):
                return
            self._told = ProviderEvent.PROVIDER_READY
        self.emit(ProviderEvent.PROVIDER_READY, ProviderEventDetails())

    def shutdown(self) -> None:
        client, self._client = self._client, None
        with self._lock:
            self._told = None
        if client is not None:
            client.close()

    def _on_status(self, status: expplat.Status) -> None:
        event = _EVENT_OF_STATE.get(status.state)
        with self._lock:
            if event is None or self._told is None or event == self._told:
                return
            self._told = event
        self.emit(event, ProviderEventDetails(message=status.error or None))

    def _on_ruleset(self, change: expplat.RulesetChange) -> None:
        with self._lock:
            if self._told is None or change.everything:
                return
        self.emit(
            ProviderEvent.PROVIDER_CONFIGURATION_CHANGED, ProviderEventDetails(flags_changed=list(change.keys))
        )

    def resolve_boolean_details(
        self, flag_key: str, default_value: bool, evaluation_context: EvaluationContext | None = None
    ) -> FlagResolutionDetails[bool]:
        return self._resolve(expplat.Client.boolean_detail, flag_key, default_value, evaluation_context)

    def resolve_string_details(
        self, flag_key: str, default_value: str, evaluation_context: EvaluationContext | None = None
    ) -> FlagResolutionDetails[str]:
        return self._resolve(expplat.Client.string_detail, flag_key, default_value, evaluation_context)

    def resolve_integer_details(
        self, flag_key: str, default_value: int, evaluation_context: EvaluationContext | None = None
    ) -> FlagResolutionDetails[int]:
        return self._resolve(expplat.Client.integer_detail, flag_key, default_value, evaluation_context)

    def resolve_float_details(
        self, flag_key: str, default_value: float, evaluation_context: EvaluationContext | None = None
    ) -> FlagResolutionDetails[float]:
        return self._resolve(expplat.Client.number_detail, flag_key, default_value, evaluation_context)

    def resolve_object_details(
        self,
        flag_key: str,
        default_value: Sequence[FlagValueType] | Mapping[str, FlagValueType],
        evaluation_context: EvaluationContext | None = None,
    ) -> FlagResolutionDetails[Sequence[FlagValueType] | Mapping[str, FlagValueType]]:
        return self._resolve(expplat.Client.object_detail, flag_key, default_value, evaluation_context)

    def track(
        self,
        tracking_event_name: str,
        evaluation_context: EvaluationContext | None = None,
        tracking_event_details: TrackingEventDetails | None = None,
    ) -> None:
        """Records the event. One that no record can hold is left out: OpenFeature's tracking raises nothing."""
        if self._client is None:
            return
        value = properties = None
        if tracking_event_details is not None:
            value = tracking_event_details.value
            properties = _plain(tracking_event_details.attributes) or None
        with contextlib.suppress(TypeError, ValueError):
            self._client.track(tracking_event_name, _user_of(evaluation_context), value, properties)

    def _resolve(
        self,
        ask: Callable[..., expplat.Detail[Any]],
        key: str,
        default: _T,
        context: EvaluationContext | None,
    ) -> FlagResolutionDetails[_T]:
        client = self._client
        if client is None:
            return _error(default, "PROVIDER_NOT_READY")
        value, variant = ask(client, key, _user_of(context), default)
        if variant.error is not None:
            return _error(default, variant.error)
        metadata: dict[str, bool | int | float | str] = {}
        reason: str = variant.reason
        if reason in _FALLS_BACK:
            metadata["reason"] = reason
            reason = Reason.DEFAULT
        elif reason == "DEFAULT" and client._is_static(key):
            reason = Reason.STATIC
        if variant.rule is not None:
            metadata["rule"] = variant.rule
        if variant.exposure:
            metadata["exposure"] = True
        return FlagResolutionDetails(value=value, reason=reason, variant=variant.key, flag_metadata=metadata)


def _error(default: _T, error: str) -> FlagResolutionDetails[_T]:
    code, message = _CODE_OF_ERROR[error]
    return FlagResolutionDetails(value=default, reason=Reason.ERROR, error_code=code, error_message=message)


def _user_of(context: EvaluationContext | None) -> dict[str, Any]:
    if context is None:
        return {}
    attributes = context.attributes
    for value in attributes.values():
        if type(value) not in (str, bool, int, float):
            return {"key": context.targeting_key, "attributes": _plain(attributes)}
    return {"key": context.targeting_key, "attributes": attributes}


def _plain(value: Any) -> Any:
    """The value as an attribute can be: times as RFC 3339, mappings as dicts, sequences as lists."""
    if isinstance(value, datetime):
        return value.astimezone(timezone.utc).isoformat()
    if isinstance(value, Mapping):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, (str, bytes)):
        return [_plain(item) for item in value]
    return value
