"""The one tree of errors. `code` and `status` are rendered by the API (problem+json) and by the pages alike."""


class HelpdeskError(Exception):
    """Something the caller did or asked for cannot be done; the message is fit to show to a person."""

    code = "helpdesk-error"
    status = 400

    def __init__(self, detail: str = "", **extra: object) -> None:
        super().__init__(detail or self.__class__.__doc__ or self.code)
        self.detail = detail or (self.__class__.__doc__ or self.code).strip()
        self.extra = extra


class Invalid(HelpdeskError):
    """The input is not valid."""

    code = "invalid"
    status = 400


class NotAllowed(HelpdeskError):
    """This is not allowed."""

    code = "not-allowed"
    status = 403


class NotFound(HelpdeskError):
    """There is nothing here."""

    code = "not-found"
    status = 404


class Conflict(HelpdeskError):
    """Someone else changed this meanwhile."""

    code = "conflict"
    status = 409


class Unavailable(HelpdeskError):
    """A part of the system does not answer. Try again in a moment."""

    code = "unavailable"
    status = 503
