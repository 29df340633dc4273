"""Fetches jars with Apache Ivy, which ships with Spark: it knows the machine's proxy, certificates and mirrors."""

import tempfile
from collections.abc import Sequence
from pathlib import Path

from local_workspace.runtime import commands, java_network
from local_workspace.runtime.errors import SetupError


def retrieve(java: Path, spark_jars: Path, jars: Sequence[str], target: Path, what: str) -> None:
    """Fetch `jars`, each `group:artifact:version`, into the folder `target` as `artifact-version.jar`.

    `spark_jars` is the folder with Ivy's jar. Raises SetupError naming `what` if one can't be fetched.
    """
    with tempfile.TemporaryDirectory(dir=target) as folder:
        work = Path(folder)
        (work / "ivy.xml").write_text(ivy_file(jars))
        command = [str(java), *java_network.options(work)]
        command += ["-cp", str(next(spark_jars.glob("ivy-*.jar"))), "org.apache.ivy.Main"]
        command += ["-ivy", str(work / "ivy.xml"), "-cache", str(work / "cache")]
        run([*command, "-retrieve", str(target / "[artifact]-[revision].[ext]")], what)


def ivy_file(jars: Sequence[str]) -> str:
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


def run(argv: list[str], what: str) -> None:
    """Run a command that fetches or makes `what`. Raises SetupError with the end of its output if it fails."""
    done = commands.run(argv)
    if done.returncode:
        raise SetupError(f"Could not fetch {what}; is the network reachable? The command said:\n{commands.tail(done)}")
