"""The bundled mongod: starts on any port, keeps its data, and ends."""

import os
import signal
import time
from pathlib import Path

from pymongo import MongoClient

from bitpay.store.server import MongoServer


def test_data_survive_a_stop_and_a_start_on_another_port(tmp_path: Path) -> None:
    with MongoServer(tmp_path) as server:
        first = server.port
        with MongoClient[dict[str, int]](server.url) as client:
            client["bitpay"]["things"].insert_one({"_id": 1})
    with MongoServer(tmp_path) as server, MongoClient[dict[str, int]](server.url) as client:
        assert client["bitpay"]["things"].find_one() == {"_id": 1}
        assert server.port != first or server.port > 0


def test_an_acknowledged_write_survives_kill_9(tmp_path: Path) -> None:
    server = MongoServer(tmp_path)
    server.start()
    with MongoClient[dict[str, int]](server.url, w="majority", journal=True) as client:
        client["bitpay"]["things"].insert_one({"_id": 1})
    os.kill(server.pid, signal.SIGKILL)
    with MongoServer(tmp_path) as again, MongoClient[dict[str, int]](again.url) as client:
        assert client["bitpay"]["things"].find_one() == {"_id": 1}
    server.stop()


def test_a_stopped_server_leaves_no_process(tmp_path: Path) -> None:
    with MongoServer(tmp_path) as server:
        pid = server.pid
    assert not Path(f"/proc/{pid}").exists()


def test_a_server_for_tests_closes_the_files_of_dropped_databases(tmp_path: Path) -> None:
    """A collection is an open file, and so is an index: hundreds of tests in a row would use up what may be open."""
    with MongoServer(tmp_path, for_tests=True) as server, MongoClient[dict[str, int]](server.url) as client:
        files = Path(f"/proc/{server.pid}/fd")
        before = len(list(files.iterdir()))
        for number in range(20):
            for name in "abcde":
                client[f"d{number}"].create_collection(name)
            client.drop_database(f"d{number}")
        deadline = time.monotonic() + 60
        while len(list(files.iterdir())) > before + 100 and time.monotonic() < deadline:
            time.sleep(0.2)
        assert len(list(files.iterdir())) <= before + 100
