"""The datasets that a pipeline's queries read, in any spelling of their names."""

import re
from collections.abc import Callable, Iterator

from google.protobuf.message import Message

from local_workspace.runtime.quoting import quoted

Key = tuple[str, str]
"""Schema and name of a dataset in lower case. A home holds one catalog, so no third part is needed."""

_PART = re.compile(r"`((?:[^`]|``)*)`|([^.`]+)")


def parts(name: str) -> list[str]:
    """The parts of a name such as `a`.b, without their backquotes."""
    return [ticked.replace("``", "`") if ticked else plain.strip() for ticked, plain in _PART.findall(name)]


def key(name: str, schema: str) -> Key:
    """The key of a dataset that is written as `name` in a pipeline that publishes to `schema`."""
    *before, last = parts(name)
    return (before[-1] if before else schema).lower(), last.lower()


def names_read(message: Message) -> set[str]:
    """The names of the tables that a query's plan reads, also within SQL texts, as written there."""
    kind = message.DESCRIPTOR.name
    if kind == "NamedTable":
        return {str(getattr(message, "unparsed_identifier"))}  # noqa: B009  # protobuf makes its attributes at run time
    if kind == "SQL":
        return names_in_sql(str(getattr(message, "query")))  # noqa: B009
    return set().union(*(names_read(part) for part in _parts(message)))


def names_in_sql(text: str) -> set[str]:
    """The names of the tables that a query in SQL reads; if it can't be parsed, all names that it contains."""
    # Imported here, because it takes a quarter of a second and only pipelines with SQL need it.
    import sqlglot
    from sqlglot import exp
    from sqlglot.errors import SqlglotError
    from sqlglot.optimizer.scope import traverse_scope

    try:
        query = sqlglot.parse_one(text, dialect="databricks")
        for stream in list(query.find_all(exp.Stream)):
            stream.replace(stream.this)
        scopes = traverse_scope(query) if isinstance(query, exp.Query) else []
    except SqlglotError:
        scopes = []
    tables = [source for scope in scopes for source in scope.sources.values() if isinstance(source, exp.Table)]
    if not scopes or any(not isinstance(table.this, exp.Identifier) for table in tables):
        return _mentioned(text)
    return {".".join(quoted(part.name) for part in table.parts) for table in tables}


def rename(message: Message, new_name: Callable[[str], str | None]) -> None:
    """Give the tables that a plan reads, also within SQL texts, the names that `new_name` has for them, if any."""
    kind = message.DESCRIPTOR.name
    if kind == "NamedTable":
        name = str(getattr(message, "unparsed_identifier"))  # noqa: B009  # protobuf makes its attributes at run time
        setattr(message, "unparsed_identifier", new_name(name) or name)  # noqa: B010
    elif kind == "SQL":
        setattr(message, "query", renamed_sql(str(getattr(message, "query")), new_name))  # noqa: B009, B010
    for part in _parts(message):
        rename(part, new_name)


def renamed_sql(text: str, new_name: Callable[[str], str | None]) -> str:
    """A query in SQL with the names that `new_name` has for its names of two or three levels, and the rest as it is."""
    from sqlglot.dialects import Databricks
    from sqlglot.tokenizer_core import TokenType

    tokens = Databricks().tokenize(text)
    dots = {at for at, token in enumerate(tokens) if token.token_type == TokenType.DOT}
    written, copied, at = "", 0, 0
    while at < len(tokens):
        last = at
        while last + 1 in dots and last + 2 < len(tokens):
            last += 2
        # A column may stand behind a table's name: the longest part that is one counts.
        for end in range(min(last, at + 4), at, -2):
            if new := new_name(".".join(quoted(token.text) for token in tokens[at : end + 1 : 2])):
                written += text[copied : tokens[at].start] + new
                copied = tokens[end].end + 1
                break
        at = last + 1
    return written + text[copied:]


def names_streamed(message: Message) -> set[str]:
    """The names of the tables that a query's plan reads as streams, also within SQL texts, as written there."""
    kind = message.DESCRIPTOR.name
    if kind == "Read" and getattr(message, "is_streaming"):  # noqa: B009  # as in names_read
        return names_read(message)
    if kind == "SQL":
        return _streamed_in_sql(str(getattr(message, "query")))  # noqa: B009
    return set().union(*(names_streamed(part) for part in _parts(message)))


def reads_stream(message: Message) -> bool:
    """Whether a query's plan reads a stream, also within SQL texts."""
    kind = message.DESCRIPTOR.name
    if kind == "Read" and getattr(message, "is_streaming"):  # noqa: B009  # as in names_read
        return True
    if kind == "SQL":
        return _has_stream(str(getattr(message, "query")))  # noqa: B009
    return any(map(reads_stream, _parts(message)))


def _has_stream(text: str) -> bool:
    from sqlglot.dialects import Databricks

    return any(token.text.upper() == "STREAM" for token in Databricks().tokenize(text))


def _streamed_in_sql(text: str) -> set[str]:
    import sqlglot
    from sqlglot import exp
    from sqlglot.errors import SqlglotError

    try:
        query = sqlglot.parse_one(text, dialect="databricks")
    except SqlglotError:
        return set()  # Spark says what is wrong with it, or runs it
    streams = [stream.find(exp.Table) for stream in query.find_all(exp.Stream)]
    return {".".join(quoted(part.name) for part in table.parts) for table in streams if table}


def _mentioned(text: str) -> set[str]:
    """Everything in `text` that could be a table's name: identifiers with the dots between them, and strings."""
    from sqlglot.dialects import Databricks
    from sqlglot.tokenizer_core import TokenType

    names: list[str] = []
    joined = False
    for token in Databricks().tokenize(text):
        if token.token_type == TokenType.DOT:
            joined = True
            continue
        if token.token_type == TokenType.STRING:
            names.append(token.text)
        elif joined and names:
            names[-1] += "." + quoted(token.text)
        else:
            names.append(quoted(token.text))
        joined = False
    return set(names)


def _parts(message: Message) -> Iterator[Message]:
    for field, value in message.ListFields():
        if field.type == field.TYPE_MESSAGE and not field.message_type.GetOptions().map_entry:
            yield from [value] if isinstance(value, Message) else value
