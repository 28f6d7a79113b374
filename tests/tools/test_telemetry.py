# SPDX-License-Identifier: BSD-3-Clause
"""scripts/lib/telemetry.py against a socket that plays the application."""

import contextlib
import io
import json
import os
import socket
import tempfile
import threading
import unittest
from unittest import mock

import telemetry

HELLO = {"version": "test", "pid": 1, "max_output_len": 16384}


class Application:
    """Accepts one connection, greets, and answers each command with what replies has for it."""

    def __init__(self, path, replies, hello=json.dumps(HELLO)):
        self.heard = []
        self._replies = replies
        self._hello = hello
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._listener.bind(path)
        self._listener.listen(1)
        self._thread = threading.Thread(target=self._serve)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_exception):
        self._thread.join(10)
        self._listener.close()

    def _serve(self):
        connection, _ = self._listener.accept()
        with connection:
            connection.send(self._hello.encode())
            while text := connection.recv(1024).decode():
                self.heard.append(text)
                command = text.split(",")[0]
                connection.send(json.dumps({command: self._replies.get(command)}).encode())


class Client(unittest.TestCase):
    def setUp(self):
        self._directory = tempfile.TemporaryDirectory()
        self.addCleanup(self._directory.cleanup)
        self.path = os.path.join(self._directory.name, "socket")

    def run_main(self, *arguments):
        output = io.StringIO()
        with contextlib.redirect_stdout(output), contextlib.redirect_stderr(io.StringIO()):
            status = telemetry.main(list(arguments))
        return status, output.getvalue()

    def test_the_reply_is_unwrapped(self):
        with Application(self.path, {"/braid/list": ["net_braid0"]}) as application:
            with telemetry.connect(self.path) as client:
                self.assertEqual(client.ask("/braid/list"), ["net_braid0"])
        self.assertEqual(application.heard, ["/braid/list"])

    def test_parameters_follow_the_command(self):
        with Application(self.path, {"/braid/mode": {"result": "ok"}}) as application:
            with telemetry.connect(self.path) as client:
                self.assertEqual(client.ask("/braid/mode", "net_braid0", 1), {"result": "ok"})
        self.assertEqual(application.heard, ["/braid/mode,net_braid0,1"])

    def test_a_command_that_would_be_cut_is_not_sent(self):
        with Application(self.path, {}) as application:
            with telemetry.connect(self.path) as client, self.assertRaises(telemetry.TelemetryError):
                client.ask("/braid/show", "x" * 1024)
        self.assertEqual(application.heard, [])

    def test_refusals_and_unknown_commands_are_errors(self):
        self.assertTrue(telemetry.is_error({"error": "no such bond", "errno": 19}))
        self.assertTrue(telemetry.is_error(None))
        self.assertFalse(telemetry.is_error({"result": "ok"}))
        self.assertFalse(telemetry.is_error([]))

    def test_nobody_there(self):
        with self.assertRaises(telemetry.TelemetryError):
            telemetry.connect(self.path)
        self.assertEqual(self.run_main("--socket", self.path, "/braid/list")[0], 2)

    def test_something_else_there(self):
        with Application(self.path, {}, hello="who are you?"), self.assertRaises(telemetry.TelemetryError):
            telemetry.connect(self.path)

    def test_the_shells_exit_status_tells_an_answer_from_a_refusal(self):
        for reply, expected in (({"result": "ok"}, 0), ({"error": "no", "errno": 22}, 1), (None, 1)):
            with self.subTest(reply=reply), Application(self.path, {"/braid/mode": reply}):
                status, output = self.run_main("--socket", self.path, "/braid/mode,net_braid0,balance")
                self.assertEqual((status, json.loads(output)), (expected, {"/braid/mode": reply}))
            os.unlink(self.path)

    def test_the_socket_is_where_eal_puts_it(self):
        self.assertEqual(telemetry.socket_path("demo", "/some/where"), "/some/where/dpdk/demo/dpdk_telemetry.v2")
        with mock.patch.dict(os.environ, {"RUNTIME_DIRECTORY": "/run/service"}):
            self.assertEqual(telemetry.socket_path(), "/run/service/dpdk/rte/dpdk_telemetry.v2")
        with mock.patch.dict(os.environ, {"RUNTIME_DIRECTORY": ""}), mock.patch("os.getuid", return_value=0):
            self.assertEqual(telemetry.socket_path("demo"), "/var/run/dpdk/demo/dpdk_telemetry.v2")


if __name__ == "__main__":
    unittest.main()
