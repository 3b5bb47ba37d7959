"""The secrets that tests plant, for the processes that tests start as well."""

PLANTED = (
    "planted-hub-secret-6f1e",
    "planted-registry-secret-93ab",
    "planted-registry-token-c0de",
    "planted-typed-secret-07d4",
    "sandbox-password",
    "s3cret",
    "hunter2",
)
