"""`Source`: where a client's ruleset comes from."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from os import PathLike

    from expplat._native import Config


class Source:
    """Where the ruleset comes from: `Source.server`, `Source.file` or `Source.text`."""

    __slots__ = ("_configure", "_shown")

    def __init__(self, configure: Callable[[Config], None], shown: str) -> None:
        self._configure = configure
        self._shown = shown

    @staticmethod
    def server(url: str, key: str) -> Source:
        """An expplat server, followed by a stream. `Client` does not wait for it: `Client.wait_ready`."""
        return Source(lambda config: config.source_server(url, key), f"Source.server({url!r}, …)")

    @staticmethod
    def file(path: str | PathLike[str], watch_interval_ms: int = 0) -> Source:
        """A ruleset's JSON or image. Looked at every `watch_interval_ms`; 0: only by `Client.reload`."""
        return Source(lambda config: config.source_file(path, watch_interval_ms), f"Source.file({path!r})")

    @staticmethod
    def text(json: str) -> Source:
        """A ruleset's JSON."""
        return Source(lambda config: config.source_text(json), "Source.text(…)")

    def __repr__(self) -> str:
        return self._shown
