"""The bundled mongod: starts on any port, keeps its data, and ends."""

import os
import signal
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
