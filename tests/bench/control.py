"""A client of the control socket: one connection, MessagePack requests and replies (store/request.h).

A measure asks a running daemon without starting a process each time. Only the shapes that requests
and replies have are read and written; the standard library has no MessagePack.
"""
import os
import socket
import struct

REPLY_RESULT, REPLY_ERROR, REPLY_PROGRESS = 0, 1, 2


class Refused(Exception):
    pass


def pack(value):
    if value is None:
        return b"\xc0"
    if isinstance(value, bool):
        return b"\xc3" if value else b"\xc2"
    if isinstance(value, int):
        return pack_int(value)
    if isinstance(value, str):
        return pack_head(value.encode(), 0xa0, 31, b"\xd9", b"\xda", b"\xdb")
    if isinstance(value, (bytes, bytearray)):
        return pack_head(value, None, -1, b"\xc4", b"\xc5", b"\xc6")
    if isinstance(value, (list, tuple)):
        assert len(value) < 16
        return bytes([0x90 | len(value)]) + b"".join(pack(item) for item in value)
    assert isinstance(value, dict) and len(value) < 16
    pairs = b"".join(pack(key) + pack(item) for key, item in value.items())
    return bytes([0x80 | len(value)]) + pairs


def pack_int(value):
    if 0 <= value < 128:
        return bytes([value])
    if -32 <= value < 0:
        return struct.pack("b", value)
    if value < 0:
        return b"\xd3" + struct.pack(">q", value)
    for code, form, limit in ((0xcc, "B", 8), (0xcd, "H", 16), (0xce, "I", 32), (0xcf, "Q", 64)):
        if value < 1 << limit:
            return bytes([code]) + struct.pack(">" + form, value)
    raise ValueError(value)


def pack_head(data, short, short_max, one, two, four):
    if len(data) <= short_max:
        return bytes([short | len(data)]) + data
    for code, form, limit in ((one, ">B", 8), (two, ">H", 16), (four, ">I", 32)):
        if len(data) < 1 << limit:
            return code + struct.pack(form, len(data)) + data
    raise ValueError("too long")


class Reader:
    NUMBERS = {0xcc: ">B", 0xcd: ">H", 0xce: ">I", 0xcf: ">Q",
               0xd0: ">b", 0xd1: ">h", 0xd2: ">i", 0xd3: ">q"}
    LENGTHS = {0xc4: ">B", 0xc5: ">H", 0xc6: ">I", 0xd9: ">B", 0xda: ">H", 0xdb: ">I",
               0xdc: ">H", 0xdd: ">I", 0xde: ">H", 0xdf: ">I"}

    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, count):
        self.at += count
        return self.data[self.at - count:self.at]

    def number(self, form):
        return struct.unpack(form, self.take(struct.calcsize(form)))[0]

    def value(self):
        code = self.take(1)[0]
        if code < 0x80:
            return code
        if code >= 0xe0:
            return code - 256
        if code in (0xc0, 0xc2, 0xc3):
            return {0xc0: None, 0xc2: False, 0xc3: True}[code]
        if code in self.NUMBERS:
            return self.number(self.NUMBERS[code])
        if code < 0x90:
            return self.pairs(code & 15)
        if code < 0xa0:
            return self.items(code & 15)
        if code < 0xc0:
            return self.take(code & 31).decode()
        length = self.number(self.LENGTHS[code])
        if code >= 0xde:
            return self.pairs(length)
        if code >= 0xdc:
            return self.items(length)
        data = self.take(length)
        return data if code <= 0xc6 else data.decode()

    def items(self, count):
        return [self.value() for _ in range(count)]

    def pairs(self, count):
        return {self.value(): self.value() for _ in range(count)}


class Control:
    def __init__(self, home, timeout=300):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(timeout)
        folder = os.open(home, os.O_PATH)  # a path of any length
        try:
            self.socket.connect("/proc/self/fd/%d/control.sock" % folder)
        finally:
            os.close(folder)

    def close(self):
        self.socket.close()

    def read(self, count):
        parts = []
        while count > 0:
            part = self.socket.recv(min(count, 1 << 20))
            if not part:
                raise OSError("the daemon closed the control socket")
            parts.append(part)
            count -= len(part)
        return b"".join(parts)

    def ask_raw(self, name, **arguments):
        """The final reply's frame, undecoded: for timing."""
        frame = pack([1, name, arguments])
        self.socket.sendall(struct.pack(">I", len(frame)) + frame)
        while True:
            frame = self.read(struct.unpack(">I", self.read(4))[0])
            if frame[1] != REPLY_PROGRESS:
                return frame

    def ask(self, name, **arguments):
        reply = Reader(self.ask_raw(name, **arguments)).value()
        if reply[0] == REPLY_ERROR:
            raise Refused("%s: %s" % (name, reply[1:]))
        return reply[1]
