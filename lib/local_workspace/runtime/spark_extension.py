"""The workspace's classes for the Spark server: names of three levels, information_schema, and volumes' paths.

They are compiled once, without a JDK.
"""

import hashlib
import os
from pathlib import Path

COMPILER = "org.eclipse.jdt:ecj:3.40.0"
CLASS = "local_workspace.CatalogNames"  # for `spark.sql.extensions`
FILE_SYSTEM = "local_workspace.VolumesFileSystem"  # for `fs.file.impl`
ABSTRACT_FILE_SYSTEM = "local_workspace.VolumesFs"  # for `fs.AbstractFileSystem.file.impl`
CATALOG_FILE_PROPERTY = "local_workspace.catalog.file"  # the JVM's property that CatalogNames reads
CATALOG = "local_workspace.WorkspaceCatalog"  # for `spark.sql.catalog.spark_catalog`
SAMPLES = "local_workspace.SamplesCatalog"  # for `spark.sql.catalog.samples`
SYSTEM = "local_workspace.SystemCatalog"  # for `spark.sql.catalog.system`
INTERCEPTOR = "local_workspace.CallNames"  # for `spark.connect.grpc.interceptor.classes`
QUIET_COLLECTION = "local_workspace.QuietCollection"  # for `spark.plugins`
SERVER = "local_workspace.ConnectServer"  # the main class
SHARED_CLASSES = "local_workspace.SharedClasses"  # for `spark.plugins`
QUIET_PROPERTY = "local_workspace.quiet.seconds"  # the JVM's property that QuietCollection reads
NOTES_PROPERTY = "local_workspace.catalog.notes"  # the JVM's property that Notes reads
CHANGES_PROPERTY = "local_workspace.metastore.changes"  # the JVM's property that MetastoreChanges reads
WAYS_OUT_PROPERTY = "local_workspace.ways_out"  # the JVM's property that WaysOut reads, and its value:
WAYS_OUT = Path(__file__).parent / "java" / "ways_out.json"
VOLUMES_PROPERTY = "local_workspace.volumes"  # the JVM's property that Volumes reads
_SOURCES = Path(__file__).parent / "java"
_SERVICES = Path("META-INF") / "services"  # where Spark finds the names of sources of data


def jar(spark: Path) -> Path:
    """The jar of the classes for the distribution `spark`: beside it, with a hash of the sources in its name."""
    digest = hashlib.sha256(f"{spark.name} {COMPILER}".encode())
    for source in [*_sources(), *_services()]:
        digest.update(source.read_bytes())
    return spark.parent / f"extension-{digest.hexdigest()[:12]}.jar"


def command(java: Path, compiler: Path, jars: Path, target: Path) -> list[str]:
    """The command that compiles the sources against all of `jars` into the folder `target`."""
    class_path = os.pathsep.join(map(str, sorted(jars.glob("*.jar"))))
    options = ["-source", "17", "-target", "17", "-proc:none", "-nowarn", "-cp", class_path, "-d", str(target)]
    return [str(java), "-jar", str(compiler), *options, *map(str, _sources())]


def add_services(classes: Path) -> None:
    """Put the files that name services among the compiled classes."""
    for source in _services():
        target = classes / source.relative_to(_SOURCES)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(source.read_bytes())


def _services() -> list[Path]:
    return sorted((_SOURCES / _SERVICES).iterdir())


def _sources() -> list[Path]:
    return sorted(_SOURCES.rglob("*.java"))
