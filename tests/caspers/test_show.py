"""Code and statements as a notebook shows them."""

import json

from caspers import show
from caspers.refunds import money


def test_a_statement_in_one_line_is_broken_at_its_clauses():
    assert show.sql("CREATE TABLE t AS SELECT a FROM b").data == "```sql\nCREATE TABLE t AS\nSELECT a\nFROM b\n```"


def test_a_statement_of_several_lines_stays_as_it_is():
    assert show.sql("\nSELECT a FROM b\nWHERE c\n").data == "```sql\nSELECT a FROM b\nWHERE c\n```"


def test_a_document_is_json():
    shown = show.document({"enum": ["none", "“full”"], "strict": True}).data
    assert shown.startswith('```json\n{\n  "enum": [\n') and "“full”" in shown
    assert json.loads(shown.removeprefix("```json").removesuffix("```"))["strict"] is True


def test_sources_follow_each_other():
    text = show.source(money.dollars, show.file).data
    assert text.startswith("```python\ndef dollars(") and "\n\ndef file(path: Path)" in text


def test_dollars_in_prose_are_not_a_formula():
    assert show.prose("from $5 to $6").data == r"from \$5 to \$6"


def test_a_file_is_highlighted_as_its_suffix_says(tmp_path):
    (tmp_path / "app.yaml").write_text("command: [uvicorn]\n")
    (tmp_path / "app.py").write_text("import uvicorn\n")
    assert show.file(tmp_path / "app.yaml").data == "```yaml\ncommand: [uvicorn]\n```"
    assert show.file(tmp_path / "app.py").data == "```python\nimport uvicorn\n```"
