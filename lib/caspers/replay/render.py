"""Rows of the events table as lines of JSON, set-wise: no row is touched by Python."""

from io import BytesIO

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

from caspers.canonical import schema

type Words = npt.NDArray[np.uint64]
type Bytes = npt.NDArray[np.uint8]

_HEX = np.frombuffer(b"0123456789abcdef", dtype=np.uint8)
_DASHES = (8, 13, 18, 23)

WHOLE_FLOAT = r'("(?:id|category_id|menu_id|brand_id|qty)":\s*[0-9]+)\.0+\b'
"""An item's id or quantity that a dataset has written as 7.0."""


def _mix(word: Words) -> Words:
    """Spread 64-bit words evenly, one to one (the finalizer of splitmix64)."""
    word = (word ^ (word >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    word = (word ^ (word >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return word ^ (word >> np.uint64(31))


def _words(texts: pl.Series) -> Words:
    """The UTF-8 bytes of each text as 64-bit words, zero-padded: shape (n, words)."""
    array = texts.rechunk().to_arrow().cast(pa.large_string())
    offsets = np.frombuffer(array.buffers()[1], dtype=np.int64)[array.offset :][: len(array) + 1]
    length = np.diff(offsets)
    data = np.frombuffer(array.buffers()[2], dtype=np.uint8)[offsets[0] : offsets[-1]]
    width = -(-int(length.max(initial=1)) // 8) * 8
    out = np.zeros((len(length), width), dtype=np.uint8)
    out[np.arange(width) < length[:, None]] = data
    return out.view("<u8")


def _digest(texts: pl.Series, number: npt.NDArray[np.integer]) -> Bytes:
    """128 bits for each pair of a text and a number, as bytes of shape (n, 16)."""
    words = _words(texts)
    halves = []
    for salt in (np.uint64(0x9E3779B97F4A7C15), np.uint64(0xD1B54A32D192ED03)):
        state = _mix(number.astype(np.uint64) + salt)
        for column in words.T:
            # A word of padding changes nothing, so an id is the same whatever it is processed with.
            state = np.where(column == 0, state, _mix((state ^ column) + salt))
        halves.append(state)
    return np.stack(halves, axis=1).astype(">u8").view(np.uint8)


def event_ids(order_id: pl.Series, sequence: pl.Series) -> pl.Series:
    """A UUID (version 8, RFC 9562) for each event, derived from its order and sequence alone."""
    raw = _digest(order_id, sequence.to_numpy())
    raw[:, 6] = raw[:, 6] & 0x0F | 0x80
    raw[:, 8] = raw[:, 8] & 0x3F | 0x80
    text = np.full((len(raw), 36), ord("-"), dtype=np.uint8)
    places = [place for place in range(36) if place not in _DASHES]
    text[:, places[0::2]] = _HEX[raw >> 4]
    text[:, places[1::2]] = _HEX[raw & 0x0F]
    offsets = np.arange(len(raw) + 1, dtype=np.int64) * 36
    array = pa.LargeStringArray.from_buffers(len(raw), pa.py_buffer(offsets), pa.py_buffer(text))
    return pl.Series("event_id", array)


def _number(name: str) -> pl.Expr:
    """A float column as JSON numbers; float32 positions are rounded to about a metre, as they were stored."""
    return pl.col(name).cast(pl.Float64).round(5).cast(pl.String).fill_null("null")


def _object(**fields: pl.Expr) -> pl.Expr:
    """A JSON object of fields that are JSON already."""
    start, parts = "{", []
    for name, value in fields.items():
        parts += [pl.lit(f'{start}"{name}": '), value]
        start = ", "
    return pl.concat_str(*parts, pl.lit("}"))


def _text(name: str) -> pl.Expr:
    """A text column as JSON strings."""
    quoted = pl.struct(pl.col(name).alias("")).struct.json_encode()
    return quoted.str.slice(len('{"":')).str.head(-1)


def _with_whole_ids(events: pl.DataFrame) -> pl.DataFrame:
    """Ids and quantities in `items_json` as integers, where a dataset has stored them as whole floats."""
    if not events["items_json"].str.contains_any([".0,", ".0}"]).any():
        return events  # searching is far cheaper than replacing
    return events.with_columns(pl.col("items_json").str.replace_all(WHOLE_FLOAT, "$1"))


def _body(kind: int) -> pl.Expr:
    """What an event of one type carries besides its envelope, as a JSON object."""
    lat, lon = _number("customer_lat"), _number("customer_lon")
    match kind:
        case schema.PING:
            place = {"loc_lat": _number("ping_lat"), "loc_lon": _number("ping_lon")}
            return _object(progress_pct=_number("ping_progress"), **place)
        case schema.CREATED:
            items = pl.col("items_json").fill_null("[]")
            return _object(customer_lat=lat, customer_lon=lon, customer_addr=_text("customer_addr"), items=items)
        case schema.PICKED_UP:
            return _object(route_points=pl.col("route_json").fill_null("[]"))
        case schema.DELIVERED:
            return _object(delivered_lat=lat, delivered_lon=lon)
        case _:
            return pl.lit("{}")


def _bodies(events: pl.DataFrame) -> pl.Series:
    """The bodies of all events, each type rendered by itself: most columns concern one type only."""
    numbered = events.with_row_index("row").partition_by("event_type_id", as_dict=True)
    parts = [rows.select("row", _body(kind).alias("body")) for (kind,), rows in numbered.items()]
    return pl.concat(parts).sort("row")["body"]


def as_lines(events: pl.DataFrame) -> pl.DataFrame:
    """Envelope and body of each event: event_id, event_type, ts, location_id, order_id, sequence, body.

    `events` has the contract's columns, with `ts` (Datetime, the replayed time of the event) beside them.
    """
    types = pl.Series(schema.EVENT_TYPES)
    events = _with_whole_ids(events)
    return events.select(
        event_ids(events["order_id"], events["sequence"]),
        types.gather(events["event_type_id"].cast(pl.UInt32) - 1).alias("event_type"),
        pl.col("ts").dt.strftime("%Y-%m-%d %H:%M:%S.%3f"),
        "location_id",
        "order_id",
        "sequence",
        _bodies(events),
    )


def content(events: pl.DataFrame) -> BytesIO:
    """A file of events: newline-delimited JSON, at its beginning."""
    lines = BytesIO()
    as_lines(events).write_ndjson(lines)
    lines.seek(0)
    return lines
