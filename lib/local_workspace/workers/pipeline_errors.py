"""The exceptions of a pipeline update, apart from Spark's."""


class UpdateFailed(Exception):
    """The update failed; the message for the user says why."""


class UnsupportedSQL(UpdateFailed):
    """A statement that a local pipeline can't run; the message says where it is and why."""


class ExpectationFailed(UpdateFailed):
    """Rows did not meet an expectation that fails the update; the message names it."""
