"""Hello programs as bytes: static ELF executables of a few hundred bytes, for a seeded image.

Each is an ELF header, one program header, and code that writes the text behind it to stdout and
exits 0; nothing is linked, so no tool chain is needed to build them. The instructions stand beside
their bytes (ELF gABI; system call numbers of Linux for each architecture).
"""

from __future__ import annotations

import struct

_BASE = 0x400000
_EXECUTABLE = 2
_LOADED = 1
_READ_AND_RUN = 5
_PAGE = 0x1000


def amd64(text: bytes) -> bytes:
    """A Linux program for x86-64 that prints `text`."""
    code = (
        b"\xb8\x01\x00\x00\x00"  # mov eax, 1 (write)
        b"\xbf\x01\x00\x00\x00"  # mov edi, 1 (stdout)
        b"\x48\x8d\x35\x10\x00\x00\x00"  # lea rsi, [rip + 16] (the text)
        b"\xba" + struct.pack("<I", len(text)) + b"\x0f\x05"  # mov edx, length; syscall
        b"\xb8\x3c\x00\x00\x00"  # mov eax, 60 (exit)
        b"\x31\xff"  # xor edi, edi
        b"\x0f\x05"  # syscall
    )
    return _elf64(62, code + text)


def arm64(text: bytes) -> bytes:
    """A Linux program for AArch64 that prints `text` (at most 65535 bytes)."""
    code = _words(
        0xD2800020,  # mov x0, #1 (stdout)
        0x100000E1,  # adr x1, . + 28 (the text)
        0xD2800002 | len(text) << 5,  # mov x2, #length
        0xD2800808,  # mov x8, #64 (write)
        0xD4000001,  # svc #0
        0xD2800000,  # mov x0, #0
        0xD2800BA8,  # mov x8, #93 (exit)
        0xD4000001,  # svc #0
    )
    return _elf64(183, code + text)


def arm(text: bytes) -> bytes:
    """A Linux program for 32-bit ARMv7 (EABI) that prints `text` (at most 65535 bytes)."""
    length = len(text) >> 12 << 16 | len(text) & 0xFFF
    code = _words(
        0xE3A00001,  # mov r0, #1 (stdout)
        0xE28F1014,  # add r1, pc, #20 (the text: pc is two instructions ahead)
        0xE3002000 | length,  # movw r2, #length
        0xE3A07004,  # mov r7, #4 (write)
        0xEF000000,  # svc 0
        0xE3A00000,  # mov r0, #0
        0xE3A07001,  # mov r7, #1 (exit)
        0xEF000000,  # svc 0
    )
    return _elf32(40, code + text)


def _words(*instructions: int) -> bytes:
    return struct.pack(f"<{len(instructions)}I", *instructions)


def _elf64(machine: int, body: bytes) -> bytes:
    start = 64 + 56
    size = start + len(body)
    header = struct.pack(
        "<HHIQQQIHHHHHH", _EXECUTABLE, machine, 1, _BASE + start, 64, 0, 0, 64, 56, 1, 64, 0, 0
    )
    segment = struct.pack("<IIQQQQQQ", _LOADED, _READ_AND_RUN, 0, _BASE, _BASE, size, size, _PAGE)
    return _identity(2) + header + segment + body


def _elf32(machine: int, body: bytes) -> bytes:
    start = 52 + 32
    size = start + len(body)
    eabi5 = 0x05000000
    header = struct.pack(
        "<HHIIIIIHHHHHH", _EXECUTABLE, machine, 1, _BASE + start, 52, 0, eabi5, 52, 32, 1, 40, 0, 0
    )
    segment = struct.pack("<8I", _LOADED, 0, _BASE, _BASE, size, size, _READ_AND_RUN, _PAGE)
    return _identity(1) + header + segment + body


def _identity(word_class: int) -> bytes:
    return b"\x7fELF" + bytes((word_class, 1, 1, 0)) + bytes(8)
