"""Why an update can fail, apart from what Spark raises."""


class UpdateFailed(Exception):
    """The update was given up; the message says why, for people."""


class UnsupportedSQL(UpdateFailed):
    """A statement that a local pipeline can't run; the message says where it is and why."""


class ExpectationFailed(UpdateFailed):
    """Rows did not meet an expectation that fails the update; the message names it."""
