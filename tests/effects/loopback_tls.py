"""An encrypted server on this machine, with a certificate of its own for shop.example, bank.example and their streams."""

from __future__ import annotations

import ssl
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from aiohttp import web


async def here(host: str, port: int) -> list[str]:
    return ["127.0.0.1"]


def certificate(folder: Path) -> tuple[Path, Path]:
    """→ certificate, key"""
    key, made = folder / "key.pem", folder / "certificate.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj",
         "/CN=shop.example", "-addext", "subjectAltName=DNS:shop.example,DNS:bank.example", "-keyout", str(key), "-out", str(made)],
        check=True, capture_output=True,
    )  # fmt: skip
    return made, key


@asynccontextmanager
async def encrypted(folder: Path, address: str = "127.0.0.1") -> AsyncIterator[tuple[int, Path, list[web.BaseRequest]]]:
    """Says hello to the host it was asked as; /to/NAME sends on to NAME at the same port; /stream is a stream. → port, certificate, asked"""
    made, key = certificate(folder)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(made, key)
    asked: list[web.BaseRequest] = []

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        asked.append(request)
        host, _, port = request.host.partition(":")
        if request.path == "/stream":
            line = web.WebSocketResponse()
            await line.prepare(request)
            await line.send_str(f"hello {host}")
            await line.close()
            return line
        if request.path.startswith("/to/"):
            return web.Response(status=302, headers={"Location": f"https://{request.path.removeprefix('/to/')}:{port}/"})
        return web.Response(text=f"hello {host}")

    runner = web.ServerRunner(web.Server(answer, access_log=None), shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, address, 0, ssl_context=context).start()
    try:
        yield runner.addresses[0][1], made, asked
    finally:
        await runner.cleanup()
