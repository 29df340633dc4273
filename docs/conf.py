"""The site of `make book`: the README, the notebooks as they ran, and the documents, built by Sphinx with MyST."""

from sphinx.application import Sphinx

project = "Casper's Kitchens"
copyright = "the authors of Casper's Kitchens, Apache-2.0"
extensions = ["myst_nb", "sphinxcontrib.mermaid"]

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
myst_heading_anchors = 3
myst_fence_as_directive = ["mermaid"]

html_theme = "sphinx_book_theme"
html_title = project
html_static_path: list[str] = []
html_extra_path = ["site"]  # index.html
html_theme_options = {"show_toc_level": 2, "home_page_in_toc": True, "navbar_persistent": []}

CONTENTS = """
```{toctree}
:hidden:
:caption: The workbook
:glob:

notebooks/[0-1]*
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

docs/*
lib/local_workspace/README
data/canonical/README
CONTRIBUTING
tests/README
CHANGELOG
```
"""


def setup(app: Sphinx) -> None:
    """Give the README the table of contents that GitHub would show as text."""
    app.connect("source-read", _add_contents)


def _add_contents(_app: Sphinx, docname: str, source: list[str]) -> None:
    if docname == root_doc:
        source[0] += CONTENTS
