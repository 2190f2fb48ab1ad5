"""Feeds from the web: what is fetched, and what is refused before a byte is sent."""

from __future__ import annotations

import gzip
import io
import socket
import ssl
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from kg.errors import DataError
from kg.reading import fetching, read
from kg.reading.fetching import fetch, is_public, shown
from kg.records import Product

CSV = b"id,title,image\n1,Lamp,img/1.png\n2,Chair,https://cdn.example/2.png\n"

# self-signed, for shop.example, used nowhere else
CERTIFICATE = """\
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgPwha6b13YFPVRaHl
D+sewb68ffEBFpgqDsTIq8mVmM+hRANCAARRHnaGd62wZlzQVvsHDttN+S2LJf+u
XDUvSvm8m+KkB5Qn7vv8SbRjxYTWkprRSyh8gkqvquRqXUanIUkkL7dh
-----END PRIVATE KEY-----
-----BEGIN CERTIFICATE-----
MIIBhTCCASugAwIBAgIUC2s9m7fbPnI6kH6HuzHRwYY1pWkwCgYIKoZIzj0EAwIw
FzEVMBMGA1UEAwwMc2hvcC5leGFtcGxlMCAXDTI2MTEyMjA5MjQxMVoYDzIxMjYx
MDI5MDkyNDExWjAXMRUwEwYDVQQDDAxzaG9wLmV4YW1wbGUwWTATBgcqhkjOPQIB
BggqhkjOPQMBBwNCAARRHnaGd62wZlzQVvsHDttN+S2LJf+uXDUvSvm8m+KkB5Qn
7vv8SbRjxYTWkprRSyh8gkqvquRqXUanIUkkL7dho1MwUTAdBgNVHQ4EFgQU5oQW
3IYZu3BFIPFIHoC1niWOtlQwHwYDVR0jBBgwFoAU5oQW3IYZu3BFIPFIHoC1niWO
tlQwDwYDVR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNIADBFAiBeZnlB1qiXZeeM
kxomwev3DdDdUxDP62whuS47DxR+8wIhAO+B4F94T1kZEGNTk/1yvIk1o35Vl9hM
/ycxL3sluKCX
-----END CERTIFICATE-----
"""


def zipped() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.csv", CSV)
    return buffer.getvalue()


class Shelf(BaseHTTPRequestHandler):
    """Answers by path."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        path = self.path.partition("?")[0].strip("/")
        self.server.asked.append(self.path)  # type: ignore[attr-defined]
        with suppress(OSError):  # the client hung up
            if path.startswith("to/"):
                self.reply(b"", {"Location": self.path.partition("/to/")[2]}, status=302)
            else:
                self.answers()[path]()

    def answers(self) -> dict[str, Callable[[], None]]:
        return {
            "feed.csv": lambda: self.reply(CSV),
            "feed.csv.gz": lambda: self.reply(gzip.compress(CSV)),
            "on-the-way.csv": lambda: self.reply(gzip.compress(CSV), {"Content-Encoding": "gzip"}),
            "both.csv.gz": lambda: self.reply(
                gzip.compress(gzip.compress(CSV)), {"Content-Encoding": "gzip"}
            ),
            "feed.zip": lambda: self.reply(zipped()),
            "chunked": self.chunked,
            "loop": lambda: self.reply(b"", {"Location": "/loop"}, status=301),
            "gone": lambda: self.reply(b"nothing", status=404),
            "nowhere": lambda: self.reply(b"", status=302),
            "brotli": lambda: self.reply(b"xx", {"Content-Encoding": "br"}),
            "large.csv": lambda: self.reply(b"id,title\n" + b"1,Lamp\n" * 20_000),
            "large-unsaid.csv": lambda: self.endless(0.0),
            "short.csv": self.short,
            "silent": lambda: time.sleep(3),
            "slow": lambda: self.endless(0.05),
            "bomb.csv": lambda: self.reply(
                gzip.compress(b"id,title\n" + (b"1," + b"x" * 9_000 + b"\n") * 300),
                {"Content-Encoding": "gzip"},
            ),
        }

    def reply(self, body: bytes, headers: dict[str, str] | None = None, status: int = 200) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def chunked(self) -> None:
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for part in (CSV[:10], CSV[10:]):
            self.wfile.write(f"{len(part):x}\r\n".encode() + part + b"\r\n")
        self.wfile.write(b"0\r\n\r\n")

    def endless(self, pause: float) -> None:
        self.close_connection = True
        self.send_response(200)
        self.end_headers()
        for _ in range(100):
            self.wfile.write(b"1,Lamp\n" * 100)
            time.sleep(pause)

    def short(self) -> None:
        self.close_connection = True
        self.send_response(200)
        self.send_header("Content-Length", "1000")
        self.end_headers()
        self.wfile.write(CSV)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[ThreadingHTTPServer]:
    httpd = ThreadingHTTPServer(("0.0.0.0", 0), Shelf)  # 127.0.0.1 and 127.0.0.2
    httpd.daemon_threads = True
    httpd.block_on_close = False
    httpd.asked = []  # type: ignore[attr-defined]
    thread = threading.Thread(target=httpd.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield httpd
    httpd.shutdown()
    httpd.server_close()
    thread.join()


def at(server: ThreadingHTTPServer, path: str, host: str = "127.0.0.1") -> str:
    return f"http://{host}:{server.server_port}/{path}"


def ids(address: str) -> list[str]:
    return [p.id for p in read(address, allow_private=True) if isinstance(p, Product)]


@pytest.mark.parametrize(
    "path",
    [
        "feed.csv",
        "feed.csv.gz",
        "on-the-way.csv",
        "both.csv.gz",
        "feed.zip",
        "chunked",
        "to//feed.csv",
        "to/feed.csv",
    ],
)
def test_a_feed_is_fetched_and_read(server: ThreadingHTTPServer, path: str) -> None:
    path = "to/" + at(server, "feed.csv") if path == "to/feed.csv" else path
    assert ids(at(server, path)) == ["1", "2"]


def test_the_report_names_the_address_without_its_secrets(server: ThreadingHTTPServer) -> None:
    progress: list[tuple[str, int, int]] = []
    reading = read(
        at(server, "feed.csv?format=csv&token=geheim#x"),
        allow_private=True,
        progress=lambda *step: progress.append(step),
    )
    products = [p for p in reading if isinstance(p, Product)]
    assert server.asked == ["/feed.csv?format=csv&token=geheim"]  # type: ignore[attr-defined]
    assert reading.report().files == (at(server, "feed.csv?…"),)
    assert progress[-1] == ("fetch", len(CSV), len(CSV))
    assert [p.image for p in products] == [at(server, "img/1.png"), "https://cdn.example/2.png"]


def test_several_addresses_and_files_in_one_load(server: ThreadingHTTPServer, tmp_path: Path) -> None:
    (tmp_path / "c.csv").write_text("id\n9\n")
    reading = read([at(server, "feed.csv"), str(tmp_path / "c.csv")], allow_private=True)
    assert [p.id for p in reading if isinstance(p, Product)] == ["1", "2", "9"]


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("ftp://shop.example/feed.csv", "ftp:// is not fetched"),
        ("file:///etc/passwd", "file:// is not fetched"),
        ("https:///feed.csv", "names no host"),
        ("https://user:geheim@shop.example/feed.csv", "must not stand in an address"),
        ("https://shop.example:99999/feed.csv", "is no address"),
        ("https://[::1/feed.csv", "is no address"),
        ("https://shop.example/a b.csv", "spaces or control characters"),
        ("https://shop.example/a\r\nHost: x", "control characters"),
        ("https://shop.invalid/feed.csv?token=geheim", "is not known"),
        ("http://127.0.0.1/feed.csv?token=geheim", "a private network, which is not asked"),
        ("http://localhost/feed.csv", "allow_private=True"),
        ("http://2130706433/feed.csv", "private network"),
        ("http://[::1]/feed.csv", "private network"),
        ("http://[::ffff:127.0.0.1]/feed.csv", "private network"),
        ("http://10.0.0.8/feed.csv", "private network"),
        ("http://169.254.169.254/latest/meta-data", "private network"),
        ("http://0.0.0.0/feed.csv", "private network"),
    ],
)
def test_addresses_that_are_refused(address: str, words: str) -> None:
    with pytest.raises(DataError) as caught:
        read(address)
    assert words in str(caught.value)
    assert "geheim" not in str(caught.value)


def test_a_private_address_is_refused_before_it_is_asked(server: ThreadingHTTPServer) -> None:
    with pytest.raises(DataError, match="--allow-private"):
        read(at(server, "feed.csv"))
    assert server.asked == []  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("8.8.8.8", True),
        ("2606:4700::1111", True),
        ("192.168.1.1", False),
        ("100.64.0.1", False),
        ("224.0.0.1", False),
        ("255.255.255.255", False),
        ("fe80::1%eth0", False),
        ("fd00::1", False),
        ("ff02::1", False),
        ("::", False),
        ("::ffff:10.0.0.1", False),
        ("::ffff:8.8.8.8", True),
        ("64:ff9b::7f00:1", False),
        ("64:ff9b::808:808", True),
        ("2002:7f00:1::", False),
        ("2001:0:4136:e378:8000:63bf:3fff:fdd2", False),
    ],
)
def test_what_is_public(address: str, public: bool) -> None:
    assert is_public(address) is public


@pytest.mark.parametrize(
    "target", ["http://127.0.0.1:{port}/feed.csv", "http://169.254.169.254/", "//localhost/"]
)
def test_a_redirect_into_the_private_network_is_refused(
    server: ThreadingHTTPServer, monkeypatch: pytest.MonkeyPatch, target: str
) -> None:
    monkeypatch.setattr(fetching, "is_public", lambda address: address == "127.0.0.2")
    kept = fetch(at(server, "to//feed.csv", "127.0.0.2"))
    assert kept.file.read() == CSV
    asked = len(server.asked)  # type: ignore[attr-defined]
    with pytest.raises(DataError, match="private network"):
        fetch(at(server, "to/" + target.format(port=server.server_port), "127.0.0.2"))
    assert len(server.asked) == asked + 1  # type: ignore[attr-defined]


def test_a_redirect_may_not_leave_the_web(server: ThreadingHTTPServer) -> None:
    with pytest.raises(DataError, match="file:// is not fetched"):
        fetch(at(server, "to/file:///etc/passwd"), allow_private=True)


def test_one_private_address_of_a_host_is_enough_to_refuse_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def both(*args: object, **kwargs: object) -> list[object]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, 80)) for ip in ("8.8.8.8", "10.0.0.1")]

    monkeypatch.setattr(socket, "getaddrinfo", both)
    with pytest.raises(DataError, match=r"'shop\.example' is 10\.0\.0\.1"):
        fetch("http://shop.example/feed.csv")


def test_a_name_that_changes_its_address_is_looked_up_once(
    server: ThreadingHTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = iter(["127.0.0.2", "127.0.0.1"])  # a hostile name server: first a good address, then another

    def rebinding(host: str, port: int, **kwargs: object) -> list[object]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (next(answers), port))]

    monkeypatch.setattr(fetching, "is_public", lambda address: address == "127.0.0.2")
    monkeypatch.setattr(socket, "getaddrinfo", rebinding)
    connected: list[str] = []
    accept = server.get_request

    def noting() -> tuple[socket.socket, object]:
        request, client = accept()
        connected.append(request.getsockname()[0])
        return request, client

    monkeypatch.setattr(server, "get_request", noting)
    kept = fetch(at(server, "feed.csv", "rebind.example"))
    assert kept.file.read() == CSV
    assert connected == ["127.0.0.2"]


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("gone", "the server answers 404 Not Found; check the address in a browser"),
        ("loop", "leads on more than 5 times"),
        ("nowhere", "leads on to nowhere"),
        ("brotli", "the answer is packed as 'br'"),
        ("large.csv", "has 140,009 bytes, more than 10,000"),
        ("large-unsaid.csv", "has more than 10,000 bytes"),
        ("short.csv", "the answer broke off"),
        ("silent", "nothing came for 0.3 seconds"),
        ("slow", "it took longer than 1 seconds"),
    ],
)
def test_servers_that_fail(server: ThreadingHTTPServer, path: str, words: str) -> None:
    started = time.monotonic()
    most = 10_000_000 if path == "slow" else 10_000
    with pytest.raises(DataError) as caught:
        fetch(at(server, path), allow_private=True, max_bytes=most, max_seconds=1, silence=0.3)
    assert words in str(caught.value)
    assert time.monotonic() - started < 2.5


def test_a_server_that_is_not_there() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(DataError, match=r"cannot be fetched: .*refused"):
        fetch(f"http://127.0.0.1:{port}/feed.csv", allow_private=True)


@pytest.fixture
def secure(tmp_path: Path) -> Iterator[ThreadingHTTPServer]:
    (tmp_path / "pair.pem").write_text(CERTIFICATE)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "pair.pem")
    httpd = ThreadingHTTPServer(("127.0.0.1", 0), Shelf)
    httpd.asked = []  # type: ignore[attr-defined]
    httpd.socket = context.wrap_socket(httpd.socket, server_side=True)
    thread = threading.Thread(target=httpd.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield httpd
    httpd.shutdown()
    httpd.server_close()
    thread.join()


def test_a_certificate_that_proves_nothing(secure: ThreadingHTTPServer, server: ThreadingHTTPServer) -> None:
    with pytest.raises(DataError, match="the server cannot prove who it is"):
        fetch(at(secure, "feed.csv").replace("http:", "https:"), allow_private=True)
    assert secure.asked == []  # type: ignore[attr-defined]
    with pytest.raises(DataError, match="no secure connection"):
        fetch(at(server, "feed.csv").replace("http:", "https:"), allow_private=True)


def test_a_trusted_server_may_not_lead_out_of_encryption(
    secure: ThreadingHTTPServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    trusting.load_verify_locations(tmp_path / "pair.pem")
    monkeypatch.setattr(ssl, "create_default_context", lambda: trusting)
    address = at(secure, "", "shop.example").replace("http:", "https:")
    real = socket.getaddrinfo

    def resolve(host: str, *args: object, **kwargs: object) -> object:
        return real("127.0.0.1" if host == "shop.example" else host, *args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    assert ids(address + "feed.csv") == ["1", "2"]
    with pytest.raises(DataError, match=r"shop\.example/feed\.csv, which is not encrypted"):
        fetch(address + "to/http://shop.example/feed.csv", allow_private=True)


def test_a_bomb_from_the_web(server: ThreadingHTTPServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kg.reading.unpacking.HARMLESS", 500_000)
    reading = read(at(server, "bomb.csv"), allow_private=True)
    with pytest.raises(DataError, match=r"bomb\.csv unpacks to more than 250 times its size"):
        list(reading)


def test_what_is_shown_of_an_address() -> None:
    assert shown("https://u:p@shop.example:8443/f.csv?token=x#y") == "https://shop.example:8443/f.csv?…"
    assert shown("https://shop.example/f.csv") == "https://shop.example/f.csv"
