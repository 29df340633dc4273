"""The scripts of other projects that the workspace's pages load: htmx, and the editor CodeMirror with what it imports.

They are npm packages as jars (WebJars), so they are fetched as Spark's jars are and need no Node.js. Each is pinned by
version and SHA-256. To add one, add a line to `PACKAGES`.
"""

import hashlib
import shutil
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from local_workspace.runtime.errors import SetupError
from local_workspace.runtime.versioned_folders import put_in_place

_GROUP = "org.webjars.npm"
URL = "/static/modules/"


@dataclass(frozen=True)
class Package:
    """An npm package as a jar: its `artifact`, `version` and SHA-256, the `file` to load, and the name that scripts
    import it by.
    """

    artifact: str
    version: str
    sha256: str
    file: str
    name: str

    @property
    def jar(self) -> str:
        """Its name in the repository, `group:artifact:version`."""
        return f"{_GROUP}:{self.artifact}:{self.version}"

    @property
    def served(self) -> str:
        """The name of its file below `URL`."""
        return f"{self.artifact}-{self.version}.js"

    def read(self, folder: Path) -> bytes:
        """The file, from the jar in `folder`. Raises SetupError if the jar is not the one that is pinned."""
        content = folder / f"{self.artifact}-{self.version}.jar"
        if hashlib.sha256(content.read_bytes()).hexdigest() != self.sha256:
            raise SetupError(
                f"{self.jar} is not the file that this version of the workspace expects (SHA-256 differs)."
            )
        with zipfile.ZipFile(content) as jar:
            return jar.read(f"META-INF/resources/webjars/{self.artifact}/{self.version}/{self.file}")


PACKAGES = (
    Package(
        "htmx.org",
        "2.0.8",
        "5f3932dad950015b9b9b19777530767661a8f1c5b2b2b1e1aea4ba9b7958fcc4",
        "dist/htmx.min.js",
        "htmx.org",
    ),
    Package(
        "codemirror__state",
        "6.5.2",
        "1785f63038ccd66ad52ad6328d56538218beb17f19d424df121df4f54b65ade3",
        "dist/index.js",
        "@codemirror/state",
    ),
    Package(
        "codemirror__view",
        "6.38.1",
        "e0120041afad2dd5f311645068a7b3ceca0b0a71d7315bcf7fea3cd41106abbb",
        "dist/index.js",
        "@codemirror/view",
    ),
    Package(
        "codemirror__language",
        "6.11.0",
        "a8c31bf6f1f1456b37d6c13763fc696a99aef2341f46c50b0675e73bfb5f089d",
        "dist/index.js",
        "@codemirror/language",
    ),
    Package(
        "codemirror__commands",
        "6.8.1",
        "be87d149fb72ecc6042b393e7b7866c9a83885e9cf94464f0f1442f2c12a51bb",
        "dist/index.js",
        "@codemirror/commands",
    ),
    Package(
        "codemirror__autocomplete",
        "6.18.6",
        "7a95c73eeb805f24985948532c1ed7d3593c2eb41a3d3af7730205a8f7c91a70",
        "dist/index.js",
        "@codemirror/autocomplete",
    ),
    Package(
        "codemirror__search",
        "6.5.11",
        "b233f97635737129a7c9fe45b8d6460e81bec534771d6d3a2c878e8d564a49e7",
        "dist/index.js",
        "@codemirror/search",
    ),
    Package(
        "codemirror__lint",
        "6.8.5",
        "3e84cea8e88b4aa40bbaa4eff81c11b332634ee3fe3f0f7d1a490bee3dd098ee",
        "dist/index.js",
        "@codemirror/lint",
    ),
    Package(
        "codemirror__legacy-modes",
        "6.5.1",
        "144f9cbe719150946837c032c335afbec491069ab07536c1dbba5bb2c415911c",
        "mode/sql.js",
        "@codemirror/legacy-modes/mode/sql",
    ),
    Package(
        "lezer__common",
        "1.2.3",
        "f110685a962f458e0891816b402c8af78d16c8c3f954fee7fa845b7eb5634263",
        "dist/index.js",
        "@lezer/common",
    ),
    Package(
        "lezer__highlight",
        "1.2.1",
        "6fbc0f3a030fde182fb7e38a3393d38699c9bd5b33742d92ab322a6f5760dd23",
        "dist/index.js",
        "@lezer/highlight",
    ),
    Package(
        "lezer__lr",
        "1.4.2",
        "74a9d810c1e848eafeae3f4c0d555f22b2b3456a66ae466ac529f5419f6a365a",
        "dist/index.js",
        "@lezer/lr",
    ),
    Package(
        "marijn__find-cluster-break",
        "1.0.2",
        "fac5e50205f720335265cd0c8f581c39ea28e9b3e37ca3be72595d7772fea46e",
        "src/index.js",
        "@marijn/find-cluster-break",
    ),
    Package(
        "style-mod",
        "4.1.2",
        "6aac65046ed837cd36e43ac0d3c65c95b7f1e26fe2b87c254fdcc05be7d7e548",
        "src/style-mod.js",
        "style-mod",
    ),
    Package(
        "w3c-keyname",
        "2.2.8",
        "f43b8e91050ca41318fbbf537a90d613912626ef6150327aa842f9345e5f602a",
        "index.js",
        "w3c-keyname",
    ),
    Package(
        "crelt",
        "1.0.6",
        "59df95dc0eb743c29b2c6409b998db8c10cd32e24c1ee798025c63db5e57042a",
        "index.js",
        "crelt",
    ),
)
IMPORTS = {package.name: URL + package.served for package in PACKAGES}
"""The address of each package, by the name that scripts import: a browser's import map."""
FOLDER = f"browser-{hashlib.sha256(repr(PACKAGES).encode()).hexdigest()[:12]}"


def fetch(target: Path, retrieve: Callable[[list[str], Path, str], None]) -> None:
    """Put the packages' files into the folder `target`, whole or not at all, and remove the one of another version.

    `retrieve` fetches jars into a folder for a purpose it names. Raises SetupError.
    """
    unfinished = target.with_suffix(".unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir()
    retrieve([package.jar for package in PACKAGES], unfinished, "the scripts of the workspace's pages")
    for package in PACKAGES:
        (unfinished / package.served).write_bytes(package.read(unfinished))
    for jar in unfinished.glob("*.jar"):
        jar.unlink()
    put_in_place(unfinished, target)
