"""The site of `make book`: the README, the notebooks as they ran, and the documents, built by Sphinx with MyST."""

import json
import re
from pathlib import Path

from sphinx.application import Sphinx

project = "Casper's Kitchens"
copyright = "the authors of Casper's Kitchens, Apache-2.0"
extensions = ["myst_nb"]

root_doc = "README"
include_patterns = [
    "*.md",
    "notebooks/**",
    "docs/*.md",
    "data/canonical/*.md",
    "lib/local_workspace/*.md",
    "tests/*.md",
]
exclude_patterns = ["notebooks/template.ipynb", "**/.ipynb_checkpoints"]

nb_execution_mode = "off"  # the outputs are those that `make outputs` has kept
nb_merge_streams = True
nb_code_prompt_show = "Show the code"
nb_code_prompt_hide = "Hide the code"
myst_heading_anchors = 3
highlight_language = "text"  # of a block that names none; Sphinx takes it for Python

html_theme = "sphinx_book_theme"
html_title = project
html_static_path = ["static"]
html_css_files = ["book.css"]
html_extra_path = ["site"]  # index.html
html_theme_options = {
    "show_toc_level": 2,
    "home_page_in_toc": True,
    "navbar_persistent": [],
    "footer_content_items": ["copyright"],
}

CONTENTS = """
```{toctree}
:hidden:
:caption: The workbook
:glob:

notebooks/[0-1]*
docs/glossary
```

```{toctree}
:hidden:
:caption: Notebooks of the scheduled jobs
:glob:

notebooks/jobs/*
```

```{toctree}
:hidden:
:caption: Reference
:glob:

docs/[!g]*
lib/local_workspace/README
data/canonical/README
CONTRIBUTING
tests/README
CHANGELOG
```
"""


START = Path(__file__).parents[1] / "notebooks/00_start_here.ipynb"
LOCAL_LINK = re.compile(r"\[([^\[\]\n]+)\]\(http://127\.0\.0\.1:\d+[^)]*\)")


def setup(app: Sphinx) -> None:
    """Let the site differ from the files where readers of GitHub or Jupyter would see something else."""
    app.connect("source-read", _adapt)


def _adapt(_app: Sphinx, docname: str, source: list[str]) -> None:
    """Add the table of contents and the glossary, and take away the links to the workspace that made the outputs."""
    if docname == root_doc:
        source[0] += CONTENTS
    if docname == "docs/glossary":
        source[0] = _glossary()
    source[0] = LOCAL_LINK.sub(r"\1", source[0])


def _glossary() -> str:
    """The glossary's cell of the first notebook as a page of its own."""
    texts = ["".join(cell["source"]) for cell in json.loads(START.read_text(encoding="utf-8"))["cells"]]
    (text,) = (text for text in texts if "## Glossary" in text)
    table = text.partition("## Glossary")[2].rpartition("|")
    return "# Glossary\n" + table[0] + "|\n"
