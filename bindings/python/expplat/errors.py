"""What goes wrong at set-up. Each exception is also the built-in one that Python programs expect."""

from __future__ import annotations


class Error(Exception):
    """An error of expplat. `code` is its name: `not_found`, `invalid_ruleset`, …"""

    code = "error"


class InvalidArgumentError(Error, ValueError):
    """A setting or an argument that cannot be so."""

    code = "invalid_argument"


class NotFoundError(Error, FileNotFoundError):
    """A file, key or host that is not there."""

    code = "not_found"


class InputOutputError(Error, OSError):
    """The operating system refused."""

    code = "io"


class InvalidRulesetError(Error, ValueError):
    """A ruleset that is refused; the message lists every error."""

    code = "invalid_ruleset"


class InvalidImageError(Error, ValueError):
    """Bytes that are no image of a ruleset."""

    code = "invalid_image"


class ImageVersionError(InvalidImageError):
    """An image of another release: compile it again from its JSON."""

    code = "image_version"


class TooLargeError(Error, ValueError):
    """More than a limit allows."""

    code = "too_large"


class UnsupportedError(Error, NotImplementedError):
    """This build or platform cannot do it; the message says what could."""

    code = "unsupported"


class ClosedError(Error):
    """The client is closed."""

    code = "closed"


_BY_CODE: dict[str, type[Error]] = {
    error.code: error
    for error in (
        InvalidArgumentError,
        NotFoundError,
        InputOutputError,
        InvalidRulesetError,
        InvalidImageError,
        ImageVersionError,
        TooLargeError,
        UnsupportedError,
        ClosedError,
    )
}


def of_code(code: str, message: str) -> Error:
    """The exception for an error of the library."""
    error = _BY_CODE.get(code, Error)(message)
    error.code = code
    return error
