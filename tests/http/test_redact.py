"""What `--debug` may show of a URL."""

from __future__ import annotations

import pytest

from hubcli.http.redact import redacted


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        (
            "https://a/token?service=r&scope=repository:a/b:pull,push&account=alice",
            "https://a/token?service=r&scope=repository:a/b:pull,push&account=alice",
        ),
        ("https://a/x?refresh_token=s3cret", "https://a/x?refresh_token=REDACTED"),
        ("https://cdn/b?X-Amz-Signature=s&X-Amz-Credential=c&n=1",
         "https://cdn/b?X-Amz-Signature=REDACTED&X-Amz-Credential=REDACTED&n=1"),
        ("https://a/api/build/v1/source/1/trigger/s3cret/call/",
         "https://a/api/build/v1/source/1/trigger/REDACTED/call/"),
        ("https://user:s3cret@host:8443/p#frag", "https://host:8443/p"),
        ("https://[::1]:5/p", "https://[::1]:5/p"),
        ("https://[::1/p", "REDACTED"),
        ("https://a/x?\udcff=1", "REDACTED"),
        ("https://a/x?n=" + "9" * 600, "https://a/x?n=REDACTED"),
    ],
)  # fmt: skip
def test_only_what_is_known_to_be_harmless_is_shown(url: str, shown: str) -> None:
    assert redacted(url) == shown
