"""Typed errors that carry their answer. The docstring is the default English detail; texts of other
languages stand in the catalogue under the same code."""

from dataclasses import dataclass, field
from typing import Any, ClassVar


@dataclass(frozen=True, slots=True)
class FieldError:
    """One thing wrong with the input: where (JSON pointer, RFC 6901), what, and a stable code."""

    pointer: str
    detail: str
    code: str
    parameters: dict[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        return {"pointer": self.pointer, "detail": self.detail, "code": self.code}


class Problem(Exception):
    """The request could not be carried out."""

    status: ClassVar[int] = 500
    code: str = "internal_error"

    def __init__(
        self,
        detail: str | None = None,
        *,
        code: str | None = None,
        errors: list[FieldError] | None = None,
        headers: dict[str, str] | None = None,
        **parameters: Any,
    ) -> None:
        self.detail = detail
        self.code = code or type(self).code
        self.errors = errors or []
        self.headers = headers or {}
        self.parameters = parameters
        super().__init__(detail or self.__doc__ or self.code)


class BadRequest(Problem):
    """The request cannot be read."""

    status = 400
    code = "bad_request"


class Unauthenticated(Problem):
    """A valid access token is needed."""

    status = 401
    code = "unauthenticated"


class InvalidToken(Problem):
    """The access token is not valid."""

    status = 401
    code = "invalid_token"


class Forbidden(Problem):
    """The token does not carry the scope this action needs."""

    status = 403
    code = "forbidden"


class NotFound(Problem):
    """Nothing was found at this address."""

    status = 404
    code = "not_found"


class Conflict(Problem):
    """The present state does not allow this."""

    status = 409
    code = "conflict"


class ErasedPerson(Conflict):
    """This person was erased; nothing about them is taken in any more."""

    code = "person_erased"


class Gone(Problem):
    """This is no longer here."""

    status = 410
    code = "gone"


class Stale(Problem):
    """The resource has changed since it was read."""

    status = 412
    code = "stale"


class TooLarge(Problem):
    """The body is too large."""

    status = 413
    code = "too_large"


class UnsupportedMediaType(Problem):
    """The body is of a type that is not taken here, or names none; `Accept` lists what is."""

    status = 415
    code = "unsupported_media_type"


class Invalid(Problem):
    """The input is not valid."""

    status = 422
    code = "invalid"

    @classmethod
    def at(cls, pointer: str, detail: str, code: str = "invalid_value", **parameters: Any) -> "Invalid":
        """One error at one field."""
        return cls(errors=[FieldError(pointer, detail, code, parameters)])


class PreconditionRequired(Problem):
    """A change needs the If-Match header with the ETag that was read."""

    status = 428
    code = "precondition_required"


class TooManyRequests(Problem):
    """Too many requests."""

    status = 429
    code = "too_many_requests"


class Unavailable(Problem):
    """The service cannot answer at the moment."""

    status = 503
    code = "unavailable"
