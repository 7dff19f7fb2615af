"""What surrounds every answer of the server: security headers, caching, compression."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from flask import Flask, Response, request

FOREVER = "public, max-age=31536000, immutable"
#: Styles stay inline: Mantine and plotly write them. Scripts do not: only files of this server and hashed ones.
POLICY = (
    "default-src 'none'; script-src 'self' {hashes}; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "font-src 'self'; connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'; object-src 'none'"
)
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
COMPRESSION: dict[str, Any] = {
    "COMPRESS_MIMETYPES": [
        "text/html",
        "text/css",
        "text/javascript",
        "application/javascript",
        "application/json",
        "image/svg+xml",
    ],
    "COMPRESS_ALGORITHM": ["br", "zstd", "gzip"],
    "COMPRESS_BR_LEVEL": 5,
}


def protect(server: Flask, script_hashes: Callable[[], Sequence[str]]) -> None:
    """Add the headers to every answer. ``script_hashes`` is asked per page: some scripts are known late."""

    @server.after_request
    def add_headers(response: Response) -> Response:
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        if response.mimetype == "text/html":
            response.headers["Content-Security-Policy"] = POLICY.format(hashes=" ".join(script_hashes()))
            response.headers["Cache-Control"] = "no-cache"
        elif request.path.startswith("/assets/"):
            _compress_whole(response)
            # A file named with its time of change never changes; fonts and the like are asked again after a day.
            response.headers["Cache-Control"] = FOREVER if "m" in request.args else "public, max-age=86400"
        return response


def _compress_whole(response: Response) -> None:
    """Turn a streamed file into plain bytes: as a stream it would reach clients that speak only gzip uncompressed."""
    if response.status_code == 200 and response.mimetype in COMPRESSION["COMPRESS_MIMETYPES"]:
        response.direct_passthrough = False
        body = response.get_data()
        response.close()  # the file behind the stream; the response itself lives on with its bytes
        response.set_data(body)
