"""What went wrong on the line, in the operator's words, and nothing of what was asked: addresses and headers hold secrets."""

from __future__ import annotations

import os
from datetime import timedelta


def plainly(error: Exception, connect: timedelta) -> str:
    """`connect`: how long we waited for a connection."""
    import aiohttp

    match error:
        case aiohttp.ClientConnectorCertificateError():
            return f"its certificate cannot be trusted ({getattr(error.certificate_error, 'verify_message', 'unknown reason')})"
        case aiohttp.ClientSSLError():
            return "no encrypted connection could be made"
        case aiohttp.ClientConnectorError():
            return (
                "connection refused" if isinstance(error.os_error, ConnectionRefusedError) else f"no connection ({_reason(error.os_error)})"
            )
        case aiohttp.ConnectionTimeoutError():
            return f"no connection within {connect.total_seconds():g} s"
        case aiohttp.ServerDisconnectedError() | aiohttp.ClientPayloadError() | ConnectionResetError():
            return "hung up in the middle of its answer"
    return f"did not answer as a web server does ({type(error).__name__})"


def _reason(error: OSError) -> str:
    return os.strerror(error.errno) if error.errno and error.errno > 0 else type(error).__name__
