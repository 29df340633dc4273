"""The workspace's pages, at the paths that Databricks' own have.

To add a page: write a handler in its section's module, which asks the engine for what is shown, arranges it in a
dataclass and hands that to a template with `rendering.render`. An action is a POST form (`parts.action`) that calls the
engine and answers `rendering.seen(path)`, a redirect, or a fragment of the page. A part that changes by itself is a
template of its own, which the page includes and a second handler renders alone (`parts.live`). A new section is a
module with a `router`, a line in `site.SECTIONS` and one in `navigation.GROUPS`. Scripts and styles are files in
`static/`: the pages' Content-Security-Policy lets no others run, and no `style` attribute apply.
"""
