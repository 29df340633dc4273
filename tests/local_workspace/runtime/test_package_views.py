"""Folders of links to some packages of this environment."""

from importlib import metadata

from packaging.requirements import Requirement

from local_workspace.runtime.package_views import closure, installed_in, link, required
from wheels import wheel


def test_a_package_brings_what_it_requires_on_this_machine_and_no_extra_that_is_not_asked_for():
    plain, with_extra = (closure([Requirement(text)]) for text in ("databricks-sdk", "Databricks_SDK[openai]>=0.1"))
    assert {"databricks-sdk", "requests", "urllib3"} <= plain.keys()
    assert ("openai" in plain, "openai" in with_extra) == (False, True)


def test_a_package_that_is_not_installed_brings_nothing():
    assert closure([Requirement("no-such-package-of-kitchens")]) == {}


def test_another_release_of_a_package_brings_what_that_requires(tmp_path):
    other = {
        "tenacity-99.dist-info/METADATA": "Metadata-Version: 2.1\nName: tenacity\nVersion: 99\nRequires-Dist: idna\n"
    }
    for name, text in other.items():
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text(text)
    layer = installed_in(tmp_path)
    assert closure([Requirement("tenacity")], layer).keys() == {"tenacity", "idna"}


def test_a_path_asks_for_the_package_that_was_installed_from_there_with_its_extras(tmp_path):
    info = tmp_path / "kitchentool-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: kitchentool\nVersion: 1.0\n")
    source = wheel(tmp_path, "kitchentool", "1.0", "")
    (info / "direct_url.json").write_text(f'{{"url": "{source.as_uri()}", "archive_info": {{}}}}')
    lines = [f"{source}[fast]", "tenacity>=1", "/elsewhere/kitchentool-1.0-py3-none-any.whl", "--no-index"]
    assert [str(each) for each in required(lines, installed_in(tmp_path))] == ["kitchentool[fast]", "tenacity>=1"]


def test_the_links_are_a_packages_modules_and_its_metadata(tmp_path):
    link(tmp_path / "view", [metadata.distribution("psycopg"), metadata.distribution("six")])
    assert {"psycopg", "six.py"} <= {path.name for path in (tmp_path / "view").iterdir()}
    assert {each.name for each in metadata.distributions(path=[str(tmp_path / "view")])} == {"psycopg", "six"}
