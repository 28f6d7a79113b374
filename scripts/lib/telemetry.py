#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""A small client of DPDK's telemetry socket, for scripts and tests.

    telemetry.py --file-prefix demo /braid/list
    telemetry.py --file-prefix demo /braid/mode,net_braid0,balance

prints the reply as JSON. The exit status is 0 for an answer, 1 when the answer says "error", 2 when there is no
application to ask. From Python:

    with telemetry.connect(telemetry.socket_path("demo")) as client:
        reply = client.ask("/braid/show", "net_braid0")
"""

import argparse
import json
import os
import socket
import sys

# DPDK cuts a command at 1024 bytes without a word, and then acts on what is left of it.
MAX_COMMAND_BYTES = 1024


class TelemetryError(Exception):
    """There is no answer: no socket, a connection that broke, or a reply that is not what telemetry sends."""


def socket_path(file_prefix="rte", runtime_root=None):
    """Where EAL puts the socket of the application that runs with this --file-prefix.

    runtime_root is what the application had in RUNTIME_DIRECTORY; None follows the rules of EAL for our own user.
    """
    root = runtime_root or os.environ.get("RUNTIME_DIRECTORY")
    if not root:
        root = "/var/run" if os.getuid() == 0 else os.environ.get("XDG_RUNTIME_DIR", "/tmp")
    return os.path.join(root, "dpdk", file_prefix, "dpdk_telemetry.v2")


class Client:
    """One connection. Not for several threads at once: a reply carries nothing that tells whose it is."""

    def __init__(self, path, timeout_s=10.0):
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._socket.settimeout(timeout_s)
        try:
            self._socket.connect(path)
            # The application speaks first: {"version": ..., "pid": ..., "max_output_len": ...}.
            self.info = json.loads(self._socket.recv(1024))
            self._max_reply_bytes = self.info["max_output_len"]
        except (OSError, ValueError, KeyError) as error:
            self._socket.close()
            raise TelemetryError(f"no telemetry at {path}: {error}") from error

    def __enter__(self):
        return self

    def __exit__(self, *_exception):
        self.close()

    def close(self):
        self._socket.close()

    def ask(self, command, *parameters):
        """Sends command and its parameters; returns what the reply holds under the command's name.

        None means that the application does not know the command, or has nothing to say.
        """
        text = ",".join([command, *map(str, parameters)])
        if len(text.encode()) >= MAX_COMMAND_BYTES:
            raise TelemetryError(f"{command}: longer than {MAX_COMMAND_BYTES} bytes")
        try:
            self._socket.send(text.encode())
            reply = json.loads(self._socket.recv(self._max_reply_bytes))
        except (OSError, ValueError) as error:
            raise TelemetryError(f"{text}: {error}") from error
        return reply.get(command.split(",", 1)[0])


def connect(path, timeout_s=10.0):
    return Client(path, timeout_s)


def is_error(reply):
    """Whether reply refuses what was asked. An unknown command is a refusal too."""
    return reply is None or (isinstance(reply, dict) and "error" in reply)


def main(arguments=None):
    parser = argparse.ArgumentParser(description="Asks a running DPDK application through its telemetry socket.")
    parser.add_argument("-f", "--file-prefix", default="rte", help="the application's --file-prefix (default: rte)")
    parser.add_argument("--socket", help="path of the socket itself, instead of --file-prefix")
    parser.add_argument("command", help="/command[,parameter...]")
    options = parser.parse_args(arguments)
    command, *parameters = options.command.split(",")
    try:
        with connect(options.socket or socket_path(options.file_prefix)) as connection:
            reply = connection.ask(command, *parameters)
    except TelemetryError as error:
        print(error, file=sys.stderr)
        return 2
    print(json.dumps({command: reply}, indent=2))
    return 1 if is_error(reply) else 0


if __name__ == "__main__":
    sys.exit(main())
