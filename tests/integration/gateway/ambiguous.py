"""Holds requests that two readers could read differently, and one to hide behind them.

Source: RFC 9112 §2.2, §5.1, §6.1, §6.3, §7.1, §11.2.
"""

SMUGGLED = b"GET /v1/smuggled HTTP/1.1\r\nHost: x\r\n\r\n"

_POST = b"POST /v1/auth/login HTTP/1.1\r\nHost: x\r\n"
_CHUNKED = b"Transfer-Encoding: chunked\r\n"
_GET = b"GET /v1/services HTTP/1.1\r\nHost: x\r\n"
_NONE = b"0\r\n\r\n"

OF_TWO_LENGTHS = [
    _POST + b"Content-Length: 4\r\n" + _CHUNKED + b"\r\n" + _NONE,
    _POST + _CHUNKED + b"Content-Length: 4\r\n\r\n" + _NONE,
    _POST + b"Content-Length: 4\r\nContent-Length: 5\r\n\r\n1234",
    _POST + b"Content-Length: 4\r\nContent-Length: 4\r\n\r\n1234",
    _POST + b"Content-Length: 4,4\r\n\r\n1234",
    _POST + b"Content-Length: 4 4\r\n\r\n1234",
]
OF_NO_LENGTH = [
    _POST + b"Content-Length: +4\r\n\r\n1234",
    _POST + b"Content-Length: -1\r\n\r\n",
    _POST + b"Content-Length: 0x4\r\n\r\n1234",
    _POST + b"Content-Length:\r\n\r\n1234",
]
OF_ODD_CHUNKS = [
    _POST + b"Transfer-Encoding: xchunked\r\n\r\n" + _NONE,
    _POST + b"Transfer-Encoding : chunked\r\n\r\n" + _NONE,
    _POST + b"Transfer-Encoding:\x0bchunked\r\n\r\n" + _NONE,
    _POST + b"Transfer-Encoding: chunked, chunked\r\n\r\n" + _NONE,
    _POST + _CHUNKED + b"Transfer-Encoding: identity\r\n\r\n" + _NONE,
    _POST.replace(b"1.1", b"1.0") + _CHUNKED + b"\r\n" + _NONE,
    _POST + _CHUNKED + b"\r\nzz\r\n",
    _POST + _CHUNKED + b"\r\n-1\r\n\r\n",
    _POST + _CHUNKED + b"\r\n0x1\r\n1\r\n" + _NONE,
    _POST + _CHUNKED + b"\r\n1;\nx\r\n1\r\n" + _NONE,
    _POST + _CHUNKED + b"\r\n1\n1\n0\n\n",
]
OF_ODD_HEADS = [
    b"GET /v1/services HTTP/1.1\nHost: x\n\n",
    _GET + b"X-A: a\rb\r\n\r\n",
    _GET + b"X-A: a\x00b\r\n\r\n",
    _GET + b"X A: b\r\n\r\n",
    _GET + b" X-A: b\r\n\r\n",
    _GET + b"X-A: a\r\n folded\r\n\r\n",
    _GET + b"Host: y\r\n\r\n",
    b"GET /v1/services HTTP/1.1\r\n\r\n",
    b"GET /v1/services HTTP/9.9\r\nHost: x\r\n\r\n",
    b"hello\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
]
AMBIGUOUS = [*OF_TWO_LENGTHS, *OF_NO_LENGTH, *OF_ODD_CHUNKS, *OF_ODD_HEADS]
