"""Feeds from the web, to a temporary file. Only public addresses are asked, unless private ones are allowed.

The standard library's client does it, because the check must be made on the very address that is connected
to: the host is looked up once, every address it has must be public, and the socket is opened to one of these.
A second look-up, which a hostile name server could answer differently, never happens. Redirects are
followed by hand and checked the same way. Proxies from the environment are not used.
"""

from __future__ import annotations

import http.client
import ipaddress
import re
import socket
import ssl
import tempfile
import threading
import weakref
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from io import BufferedReader
from typing import Any, TypeAlias, cast
from urllib.parse import SplitResult, urljoin, urlsplit, urlunsplit

from kg.errors import DataError

MAX_DOWNLOAD = 16 << 30
"""The most bytes that are fetched: a packed feed of ten million products has 2 to 4 GB."""

MAX_SECONDS = 3600.0
"""The longest a whole download may take."""

SILENCE = 30.0
"""The longest wait for the next bytes, in seconds."""

MAX_REDIRECTS = 5
_CHUNK = 1 << 18
_REDIRECTS = (301, 302, 303, 307, 308)
_NAT64 = ipaddress.ip_network("64:ff9b::/96")

Progress: TypeAlias = Callable[[str, int, int], None]


@dataclass(frozen=True, kw_only=True)
class Download:
    """What was fetched: `name` is the address without its secrets, `address` where it came from in the end.
    `gzipped` says that the server packed it on the way. The file goes with this object."""

    name: str
    address: str
    file: BufferedReader[Any] = field(repr=False)
    gzipped: bool

    def __str__(self) -> str:
        return self.name


def is_address(text: str) -> bool:
    """True for what looks like the address of a feed, 'https://…', rather than a path."""
    return re.match(r"[A-Za-z][A-Za-z0-9+.\-]+://", text) is not None


def fetch(
    address: str,
    *,
    allow_private: bool = False,
    progress: Progress | None = None,
    max_bytes: int = MAX_DOWNLOAD,
    max_seconds: float = MAX_SECONDS,
    silence: float = SILENCE,
) -> Download:
    """Fetch a feed; DataError says what is wrong with the address, the server or the answer.

    `allow_private` lets addresses of this machine and of the local network be asked. `progress` is called
    as (stage, bytes so far, bytes in all or 0).
    """
    name = shown(address)
    alarm = _Alarm(max_seconds)
    try:
        for _ in range(MAX_REDIRECTS + 1):
            parts = _checked(address)
            connection = _Connection(parts, allow_private, silence, alarm)
            try:
                answer = connection.ask()
                if answer.status not in _REDIRECTS:
                    kept = _kept(answer, name, address, progress, max_bytes)
                    if alarm.rang:  # an answer without a length would seem to have ended well
                        raise TimeoutError
                    return kept
                address = _redirected(address, answer)
            finally:
                connection.close()
        raise DataError(
            f"{name} leads on more than {MAX_REDIRECTS} times; give the address where the feed is"
        )
    except DataError:
        raise
    except ssl.SSLCertVerificationError as error:
        raise DataError(
            f"{name}: the server cannot prove who it is ({error.verify_message}); check the address"
        ) from None
    except (OSError, http.client.HTTPException, ValueError) as error:
        why = f"it took longer than {max_seconds:g} seconds" if alarm.rang else _why(error, silence)
        raise DataError(f"{name} cannot be fetched: {why}; check the address, or try again later") from None
    finally:
        alarm.stop()


def shown(address: str) -> str:
    """An address as it may be printed: without credentials, query and fragment, which may hold secrets."""
    try:
        parts = urlsplit(address)
        host = parts.netloc.rpartition("@")[2]
    except ValueError:
        return "the address"
    return urlunsplit((parts.scheme, host, parts.path, "", "")) + ("?…" if parts.query else "")


def _checked(address: str) -> SplitResult:
    name = shown(address)
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError as error:
        raise DataError(f"{name} is no address ({error}); write https://host/feed.csv") from None
    if parts.scheme.lower() not in ("http", "https"):
        raise DataError(f"{name}: {parts.scheme}:// is not fetched; give an http or https address, or a file")
    if not parts.hostname or port == 0:
        raise DataError(f"{name} names no host; write https://host/feed.csv")
    if parts.username is not None or parts.password is not None:
        raise DataError(f"{name}: a user name or password must not stand in an address; fetch it yourself")
    if re.search(r"[\x00-\x20\x7f]", address):
        raise DataError(f"{name} contains spaces or control characters; write them as %20")
    return parts


def is_public(text: str) -> bool:
    """True for an address on the internet; an IPv4 address inside an IPv6 address counts as itself."""
    ip = ipaddress.ip_address(text.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.teredo is not None:
            return False
        inner = ip.ipv4_mapped or ip.sixtofour
        if inner is None and ip in _NAT64:
            inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(str(inner))
    return ip.is_global and not (ip.is_multicast or ip.is_reserved or ip.is_unspecified)


class _Alarm:
    """Ends whatever the current socket waits for when the time is up."""

    def __init__(self, seconds: float) -> None:
        self.rang = False
        self._socket: socket.socket | None = None
        self._timer = threading.Timer(seconds, self._ring)
        self._timer.daemon = True
        self._timer.start()

    def watch(self, connected: socket.socket) -> None:
        self._socket = connected
        if self.rang:
            raise TimeoutError

    def stop(self) -> None:
        self._timer.cancel()

    def _ring(self) -> None:
        self.rang = True
        if self._socket is not None:
            with suppress(OSError):  # closed already
                self._socket.shutdown(socket.SHUT_RDWR)


class _Connection:
    """One request to one host, by an address that was checked."""

    def __init__(self, parts: SplitResult, allow_private: bool, silence: float, alarm: _Alarm) -> None:
        self._parts = parts
        self._answer: http.client.HTTPResponse | None = None
        self._silence = silence
        self._alarm = alarm
        host = parts.hostname or ""
        secure = parts.scheme.lower() == "https"
        port = parts.port or (443 if secure else 80)
        connected = _connect(host, port, allow_private, silence, shown(urlunsplit(parts)))
        alarm.watch(connected)
        try:
            if secure:
                connected = ssl.create_default_context().wrap_socket(connected, server_hostname=host)
                alarm.watch(connected)
        except BaseException:
            connected.close()
            raise
        self._client = http.client.HTTPConnection(host, port, timeout=silence)
        self._client.default_port = 443 if secure else 80
        self._client.sock = connected

    def ask(self) -> http.client.HTTPResponse:
        path = urlunsplit(("", "", self._parts.path or "/", self._parts.query, ""))
        headers = {"User-Agent": "shelfgraph", "Accept": "*/*", "Accept-Encoding": "gzip"}
        self._client.request("GET", path, headers=headers)
        self._answer = self._client.getresponse()
        return self._answer

    def close(self) -> None:
        if self._answer is not None:  # it keeps the socket open by itself
            self._answer.close()
        self._client.close()


def _connect(host: str, port: int, allow_private: bool, silence: float, name: str) -> socket.socket:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise DataError(f"{name}: the host {host!r} is not known ({error}); check the address") from None
    for *_, place in found:
        if not allow_private and not is_public(str(place[0])):
            raise DataError(
                f"{name}: {host!r} is {place[0]}, an address of this machine or a private network, which is "
                "not asked; if the feed is on your own network, say --allow-private (allow_private=True)"
            )
    failed: OSError = OSError("no address")
    for family, kind, protocol, _, place in found:
        connected = socket.socket(family, kind, protocol)
        connected.settimeout(silence)
        try:
            connected.connect(place)  # the address that was checked, never the name
        except OSError as error:
            connected.close()
            failed = error
            continue
        return connected
    raise failed


def _redirected(address: str, answer: http.client.HTTPResponse) -> str:
    target = answer.getheader("Location") or ""
    if not target:
        raise DataError(f"{shown(address)} leads on to nowhere; give the address where the feed is")
    following = urljoin(address, target)
    if urlsplit(address).scheme.lower() == "https" and urlsplit(following).scheme.lower() == "http":
        raise DataError(
            f"{shown(address)} leads on to {shown(following)}, which is not encrypted; give that one"
        )
    return following


def _kept(
    answer: http.client.HTTPResponse, name: str, address: str, progress: Progress | None, max_bytes: int
) -> Download:
    if answer.status != 200:
        raise DataError(
            f"{name}: the server answers {answer.status} {answer.reason}; check the address in a browser"
        )
    coding = (answer.getheader("Content-Encoding") or "identity").strip().lower()
    if coding not in ("identity", "gzip", "x-gzip"):
        raise DataError(
            f"{name}: the answer is packed as {coding!r}, which was not asked for; fetch it yourself"
        )
    length = answer.length or 0
    if length > max_bytes:
        raise DataError(
            f"{name} has {length:,} bytes, more than {max_bytes:,}; split it or fetch it yourself"
        )
    kept = tempfile.TemporaryFile(buffering=_CHUNK)  # noqa: SIM115  (belongs to the Download)
    try:
        for count, chunk in _chunks(answer, name, length, max_bytes):
            try:
                kept.write(chunk)
            except OSError as error:
                raise DataError(f"{name} cannot be kept ({error}); make room for temporary files") from None
            if progress is not None:
                progress("fetch", count, length)
    except BaseException:
        kept.close()
        raise
    kept.seek(0)
    file = cast("BufferedReader[Any]", kept)
    download = Download(name=name, address=address, file=file, gzipped=coding != "identity")
    weakref.finalize(download, kept.close)
    return download


def _chunks(
    answer: http.client.HTTPResponse, name: str, length: int, max_bytes: int
) -> Iterator[tuple[int, bytes]]:
    count = 0
    while chunk := answer.read1(_CHUNK):
        count += len(chunk)
        if count > max_bytes:
            raise DataError(f"{name} has more than {max_bytes:,} bytes; split it or fetch it yourself")
        yield count, chunk
    if length and count < length:
        raise http.client.IncompleteRead(b"", length - count)


def _why(error: Exception, silence: float) -> str:
    if isinstance(error, TimeoutError):
        return f"nothing came for {silence:g} seconds"
    if isinstance(error, http.client.IncompleteRead):
        return "the answer broke off"
    if isinstance(error, ssl.SSLError):
        return f"no secure connection ({error.reason or error})"
    return str(error) or type(error).__name__
