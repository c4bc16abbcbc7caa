"""Which database an operator's command means: never another than the one that was named."""

from pathlib import Path

import pytest

from bitpay.commands import grounds
from bitpay.commands.grounds import operated_settings
from bitpay.dev.folder import DataFolder, Instance

ELSEWHERE = "mongodb://production.example/"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> DataFolder:
    """A development instance's folder, in an environment that means another database."""
    monkeypatch.setenv("BITPAY_MONGODB_URL", ELSEWHERE)
    monkeypatch.setenv("BITPAY_MONGODB_DATABASE", "production")
    folder = DataFolder(tmp_path / "instance")
    folder.accounts()
    return folder


def test_a_folder_that_is_named_has_its_own_database(folder: DataFolder) -> None:
    with operated_settings(folder.path) as settings:
        assert settings.mongodb_url.get_secret_value().startswith("mongodb://127.0.0.1:")
        assert settings.mongodb_database == "bitpay"


def test_a_running_instance_says_which_database_is_its_own(folder: DataFolder) -> None:
    folder.lock()
    folder.announce(Instance("http://h:1", "http://h:2", "chain token", "mongodb://h:3", "token", 4, "mine"))
    with operated_settings(folder.path) as settings:
        assert (settings.mongodb_url.get_secret_value(), settings.mongodb_database) == ("mongodb://h:3", "mine")
    folder.close()


def test_without_a_name_the_environment_says_where_the_usual_instances_database_is(
    folder: DataFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("BITPAY_DEPLOYER", "BITPAY_NETWORK"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(grounds, "DEFAULT_FOLDER", folder.path)
    with operated_settings(None) as settings:
        assert (settings.mongodb_url.get_secret_value(), settings.mongodb_database) == (ELSEWHERE, "production")
