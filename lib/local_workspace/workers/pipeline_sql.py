"""The SQL files of a pipeline: statements that create materialized views, streaming tables, temporary views and flows.

See https://docs.databricks.com/aws/en/ldp/developer/sql-dev. Open Spark knows neither OR REFRESH nor expectations; a
statement is therefore parsed here, with a tokenizer that recognizes strings, quoted names and comments.
"""

from dataclasses import dataclass, field
from typing import Literal

from sqlglot.dialects import Databricks
from sqlglot.errors import TokenError
from sqlglot.tokenizer_core import Token, TokenType

from local_workspace.runtime.quoting import readable
from local_workspace.workers.pipeline_errors import UnsupportedSQL
from local_workspace.workers.pipeline_expectations import Action, Expectation

Kind = Literal["MATERIALIZED VIEW", "STREAMING TABLE", "TEMPORARY VIEW", "FLOW"]
_KINDS: dict[str, Kind] = {
    "MATERIALIZED VIEW": "MATERIALIZED VIEW",
    "STREAMING TABLE": "STREAMING TABLE",
    "TEMPORARY VIEW": "TEMPORARY VIEW",
    "TEMP VIEW": "TEMPORARY VIEW",
    "LIVE VIEW": "TEMPORARY VIEW",
    "TEMPORARY LIVE VIEW": "TEMPORARY VIEW",
    "LIVE TABLE": "MATERIALIZED VIEW",
    "STREAMING LIVE TABLE": "STREAMING TABLE",
    "FLOW": "FLOW",
}
_ACTIONS: dict[str, Action] = {"DROP ROW": "DROP", "FAIL UPDATE": "FAIL"}


@dataclass
class Definition:
    """What a statement defines: a dataset and its query, or a flow into the dataset `target`."""

    kind: Kind
    name: str
    line: int
    target: str = ""
    query: str | None = None
    comment: str | None = None
    schema: str | None = None
    properties: dict[str, str] = field(default_factory=dict)
    partition_cols: list[str] | None = None
    cluster_by: list[str] | None = None
    expectations: list[Expectation] = field(default_factory=list)


@dataclass(frozen=True)
class Setting:
    """SET key = value."""

    key: str
    value: str


def read_statements(text: str, file: str) -> list[Definition | Setting]:
    """The statements of a file. Raises UnsupportedSQL that names file, line and word."""
    try:
        tokens = Databricks().tokenize(text)
    except TokenError as error:
        raise UnsupportedSQL(f"{file}: {error}") from None
    found: list[Definition | Setting] = []
    statement: list[Token] = []
    for token in [*tokens, None]:
        if token is not None and token.token_type != TokenType.SEMICOLON:
            statement.append(token)
        elif statement:
            found.append(_Reader(statement, text, file).statement())
            statement = []
    return found


class _Reader:
    """Reads the tokens of one statement from left to right."""

    def __init__(self, tokens: list[Token], text: str, file: str) -> None:
        self._tokens, self._text, self._file = tokens, text, file
        self._at = 0

    def statement(self) -> Definition | Setting:
        if self._take("SET"):
            key, _, value = self._rest().partition("=")
            return Setting(key.strip(), value.strip().strip("'\""))
        self._need("CREATE")
        if self._take("OR") and not self._take("REFRESH"):
            self._need("REPLACE")
        self._take("PRIVATE")  # private datasets are hidden from other users, of which there are none here
        kind = self._kind()
        self._take("IF", "NOT", "EXISTS")
        made = Definition(kind, self._name(), self._tokens[0].line)
        return self._flow(made) if kind == "FLOW" else self._dataset(made)

    def _kind(self) -> Kind:
        for words in sorted(_KINDS, key=len, reverse=True):
            if self._take(*words.split()):
                return _KINDS[words]
        raise self._refused("MATERIALIZED VIEW, STREAMING TABLE, TEMPORARY VIEW or FLOW")

    def _dataset(self, made: Definition) -> Definition:
        if self._word() == "(":
            self._columns(made)
        while self._at < len(self._tokens) and not self._take("AS"):
            self._clause(made)
        made.query = self._rest() or None
        if made.query is None and made.kind != "STREAMING TABLE":
            raise self._refused("AS and a query")
        return made

    def _flow(self, made: Definition) -> Definition:
        if self._take("COMMENT"):
            made.comment = self._string()
        self._need("AS")
        self._need("INSERT")
        self._need("INTO")
        made.target = self._name()
        self._need("BY")
        self._need("NAME")
        made.query = self._rest()
        return made

    def _clause(self, made: Definition) -> None:
        if self._take("COMMENT"):
            made.comment = self._string()
        elif self._take("TBLPROPERTIES"):
            made.properties = dict(self._property(item) for item in self._list())
        elif self._take("PARTITIONED", "BY"):
            made.partition_cols = ["".join(token.text for token in item) for item in self._list()]
        elif self._take("CLUSTER", "BY", "AUTO"):
            pass  # no effect: on Databricks, it clusters by the columns that are queried
        elif self._take("CLUSTER", "BY"):
            made.cluster_by = ["".join(token.text for token in item) for item in self._list()]
        elif not self._take("USING", "DELTA"):
            raise self._refused("COMMENT, TBLPROPERTIES, PARTITIONED BY, CLUSTER BY or AS")

    def _columns(self, made: Definition) -> None:
        columns: list[str] = []
        for item in self._list():
            inner = _Reader(item, self._text, self._file)
            if inner._take("CONSTRAINT"):
                made.expectations.append(inner._expectation())
            else:
                columns.append(inner._rest())
        made.schema = ", ".join(columns) or None

    def _expectation(self) -> Expectation:
        name = self._name()
        self._need("EXPECT")
        [condition] = [self._slice(item) for item in self._list()] or [""]
        if not self._take("ON", "VIOLATION"):
            return Expectation(name.strip("`"), condition, "ALLOW")
        for words, action in _ACTIONS.items():
            if self._take(*words.split()):
                return Expectation(name.strip("`"), condition, action)
        raise self._refused("DROP ROW or FAIL UPDATE")

    def _property(self, item: list[Token]) -> tuple[str, str]:
        at = next((index for index, token in enumerate(item) if token.token_type == TokenType.EQ), len(item) - 1)
        return "".join(token.text for token in item[:at]), "".join(token.text for token in item[at + 1 :])

    def _list(self) -> list[list[Token]]:
        """Read the list in parentheses at this position and return its items."""
        self._need("(")
        items: list[list[Token]] = [[]]
        depth = 1
        while True:
            token = self._next()
            depth += {"(": 1, ")": -1}.get(token.text, 0)
            if depth == 0:
                return [item for item in items if item]
            if depth == 1 and token.token_type == TokenType.COMMA:
                items.append([])
            else:
                items[-1].append(token)

    def _name(self) -> str:
        """A name of up to three parts, with backquotes where needed."""
        name = self._part()
        while self._take("."):
            name += f".{self._part()}"
        return name

    def _part(self) -> str:
        token = self._next()
        return readable(token.text)

    def _rest(self) -> str:
        rest, self._at = self._tokens[self._at :], len(self._tokens)
        return self._slice(rest)

    def _slice(self, tokens: list[Token]) -> str:
        return self._text[tokens[0].start : tokens[-1].end + 1] if tokens else ""

    def _string(self) -> str:
        """Read the string at this position: the tokenizer splits 'it''s' in two."""
        text = self._next().text
        while self._at < len(self._tokens) and self._tokens[self._at].token_type == TokenType.STRING:
            text += f"'{self._next().text}"
        return text

    def _word(self) -> str:
        return self._tokens[self._at].text.upper() if self._at < len(self._tokens) else ""

    def _next(self) -> Token:
        if self._at >= len(self._tokens):
            raise self._refused("more")
        self._at += 1
        return self._tokens[self._at - 1]

    def _take(self, *words: str) -> bool:
        """Read these words if they come next; returns whether they do."""
        coming: list[str] = []
        end = self._at
        while len(coming) < len(words) and end < len(self._tokens):
            coming += self._tokens[end].text.upper().split()  # the tokenizer makes one token of PARTITIONED BY
            end += 1
        if coming != list(words):
            return False
        self._at = end
        return True

    def _need(self, word: str) -> None:
        if not self._take(word):
            raise self._refused(word)

    def _refused(self, expected: str) -> UnsupportedSQL:
        token = self._tokens[min(self._at, len(self._tokens) - 1)]
        return UnsupportedSQL(
            f"{self._file}, line {token.line}: a local pipeline can't run this statement at {token.text!r}; "
            f"it expects {expected} here."
        )
