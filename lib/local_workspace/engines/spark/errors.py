"""What Spark says when it refuses something."""


def message(error: Exception) -> str:
    """The error's text without the JVM's stack trace, which the Spark Connect client appends."""
    return str(error).partition("\n\nJVM stacktrace")[0]
