"""The secrets that tests plant, for the processes that tests start as well."""

TOKENS = ("planted-registry-token-c0de",)
"""What credentials are exchanged for: the cache is there to keep them."""

PLANTED = (
    "planted-hub-secret-6f1e",
    "planted-registry-secret-93ab",
    "planted-typed-secret-07d4",
    "sandbox-password",
    "s3cret",
    "hunter2",
    *TOKENS,
)
