"""The store's documents of one kind, with their shape."""

from collections.abc import Callable, Mapping, Sequence
from typing import cast

from local_workspace.runtime.store import Document, Store


class Documents[Doc: Mapping[str, object]]:
    """The documents of `kind`, each a `Doc` (a TypedDict). Safe for threads, as the store is."""

    def __init__(self, store: Store, kind: str) -> None:
        self._store, self._kind = store, kind

    def put(self, key: str, doc: Doc) -> None:
        """Write `doc`; a document of that key is replaced and keeps its place in the order."""
        self._store.put(self._kind, key, dict(doc))

    def get(self, key: str) -> Doc | None:
        """The document of that key, or None."""
        return cast("Doc | None", self._store.get(self._kind, key))

    def list(self) -> list[Doc]:
        """All documents, in the order they were first written."""
        return cast("list[Doc]", self._store.list(self._kind))

    def items(self) -> Sequence[tuple[str, Doc]]:
        """All documents with their keys, in the order they were first written."""
        return cast("Sequence[tuple[str, Doc]]", self._store.items(self._kind))

    def delete(self, key: str) -> bool:
        """Remove a document; False if there was none."""
        return self._store.delete(self._kind, key)

    def change(self, key: str, change: Callable[[Doc | None], Doc | None]) -> None:
        """Write what `change` makes of a document, which no other call does meanwhile; nothing if that is None.

        `change` gets None if there is no document. It must wait for nothing. What it raises leaves all as it is.
        """

        def changed(doc: Document | None) -> Document | None:
            found = change(cast("Doc | None", doc))
            return None if found is None else dict(found)

        self._store.change(self._kind, key, changed)

    def update(self, key: str, **changes: object) -> Doc:
        """Change fields of a document and return it. Raises KeyError if there is none."""
        return cast("Doc", self._store.update(self._kind, key, **changes))
