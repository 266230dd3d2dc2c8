"""`Sink`: where a client's events go."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from os import PathLike

    from expplat._native import Config


class Sink:
    """Where exposures and track events go: `Sink.kinesis`, `Sink.http` or `Sink.file`. Without one nothing is recorded."""

    __slots__ = ("_configure", "_shown")

    def __init__(self, configure: Callable[[Config], None], shown: str) -> None:
        self._configure = configure
        self._shown = shown

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
