"""distribution-spec 1.1, rule by rule, and the tests that hold each: docs/conformance.md is it.

`CLIENT` has what the specification asks of clients, in our words, by its headings; `SERVER` what
its conformance suite asks of registries, of which the sandbox is one.
"""

from __future__ import annotations

from dataclasses import dataclass

_MANIFESTS = "tests/registry/test_manifests.py::"
_BLOBS = "tests/registry/test_blobs.py::"
_UPLOADS = "tests/registry/test_uploads.py::"
_REFERRERS = "tests/registry/test_referrers.py::"
_PAGES = "tests/registry/test_pages.py::"
_OWN = "tests/registry/test_conformance.py::"
_PROBLEMS = "tests/registry/test_problems.py::"
_SERVED_BLOBS = "tests/sandbox/test_registry_blobs.py::"
_SERVED = "tests/sandbox/test_registry_manifests.py::"
_LISTED = "tests/sandbox/test_registry_listings.py::"


@dataclass(frozen=True)
class Rule:
    """A rule under a heading of the specification; `level` is MUST or SHOULD."""

    heading: str
    level: str
    text: str
    tests: tuple[str, ...]


CLIENT = (
    Rule(
        "Legacy Docker support HTTP headers",
        "SHOULD",
        "do without the headers that Docker's registries add",
        (f"{_OWN}test_headers_of_docker_are_not_depended_on",),
    ),
    Rule(
        "Legacy Docker support error codes",
        "SHOULD",
        "do without Docker's error codes, and without any body of an error",
        (f"{_PROBLEMS}test_any_body_may_come",),
    ),
    Rule(
        "Pulling manifests",
        "SHOULD",
        "say with `Accept` which manifests are understood",
        (f"{_OWN}test_a_pull_says_which_manifests_it_takes",),
    ),
    Rule(
        "Pulling manifests",
        "SHOULD",
        "ignore the parameters of a `Content-Type`",
        (f"{_MANIFESTS}test_parameters_of_a_content_type_do_not_count",),
    ),
    Rule(
        "Pulling manifests",
        "SHOULD",
        "refuse a manifest that calls itself something else than the registry does",
        (
            f"{_MANIFESTS}test_bytes_that_are_not_what_was_promised_are_refused",
            "tests/test_hostile.py::test_an_attack_fails",
        ),
    ),
    Rule(
        "Pulling manifests",
        "MUST",
        "verify `Docker-Content-Digest` against the manifest where it is used",
        (f"{_MANIFESTS}test_bytes_that_are_not_what_was_promised_are_refused",),
    ),
    Rule(
        "Pulling manifests",
        "SHOULD",
        "verify a manifest that was asked for by digest against it",
        (
            f"{_MANIFESTS}test_bytes_that_are_not_what_was_promised_are_refused",
            f"{_MANIFESTS}test_a_digest_of_another_algorithm_is_verified_as_well",
        ),
    ),
    Rule(
        "Pulling blobs",
        "MUST",
        "verify a blob against the digest that is used for it",
        (f"{_BLOBS}test_wrong_bytes_of_the_right_length_are_found_out_when_read",),
    ),
    Rule(
        "Pulling blobs",
        "SHOULD",
        "verify the bytes of a blob against the digest that was asked for",
        (
            f"{_BLOBS}test_wrong_bytes_of_the_right_length_are_found_out_when_read",
            f"{_BLOBS}test_another_length_than_promised_is_an_integrity_failure",
        ),
    ),
    Rule(
        "POST then PUT",
        "SHOULD",
        "take the upload location as the registry gave it, and resolve it only if it is relative",
        (
            f"{_UPLOADS}test_one_request_begins_it_and_one_sends_it",
            f"{_UPLOADS}test_the_digest_is_added_to_what_the_location_says",
        ),
    ),
    Rule(
        "Single POST",
        "MUST",
        "send a length and a digest that are the blob's",
        (
            f"{_UPLOADS}test_wrong_content_is_never_completed",
            f"{_UPLOADS}test_content_of_another_length_is_refused",
        ),
    ),
    Rule(
        "Single POST",
        "SHOULD",
        "go on with PUT where the registry answers 202",
        (f"{_UPLOADS}test_one_request_begins_it_and_one_sends_it",),
    ),
    Rule(
        "Pushing a blob in chunks",
        "MUST",
        "send chunks in order, from byte 0 on, with inclusive ranges",
        (
            f"{_UPLOADS}test_a_registry_that_wants_chunks_gets_them",
            f"{_UPLOADS}test_it_goes_up_in_chunks_when_asked",
        ),
    ),
    Rule(
        "Pushing a blob in chunks",
        "SHOULD",
        "make chunks at least as long as `OCI-Chunk-Min-Length`",
        (f"{_UPLOADS}test_a_registry_that_wants_chunks_gets_them",),
    ),
    Rule(
        "Pushing a blob in chunks",
        "SHOULD",
        "send each chunk to the location that came with the one before",
        (f"{_UPLOADS}test_a_registry_that_wants_chunks_gets_them",),
    ),
    Rule(
        "Pushing a blob in chunks",
        "MUST",
        "close the session with a PUT that has the digest of the whole blob",
        (f"{_UPLOADS}test_a_registry_that_wants_chunks_gets_them",),
    ),
    Rule(
        "Pushing a blob in chunks",
        "SHOULD",
        "go on after a break where the registry says that it is, at the location it names",
        (
            f"{_UPLOADS}test_an_upload_that_broke_goes_on_where_the_registry_is",
            f"{_UPLOADS}test_an_offset_that_was_wrong_costs_one_more_try",
        ),
    ),
    Rule(
        "Mounting a blob from another repository",
        "SHOULD",
        "upload the blob where a mount is answered with 202",
        (
            f"{_UPLOADS}test_a_blob_is_mounted",
            f"{_UPLOADS}test_a_mount_that_is_refused_becomes_an_upload",
        ),
    ),
    Rule(
        "Pushing Manifests",
        "SHOULD",
        "set `Content-Type` to the manifest's type, without parameters",
        (f"{_OWN}test_a_manifest_is_pushed_as_what_it_calls_itself",),
    ),
    Rule(
        "Pushing Manifests",
        "MUST",
        "set `Content-Type` to the manifest's own `mediaType` where it has one",
        (f"{_OWN}test_a_manifest_is_pushed_as_what_it_calls_itself",),
    ),
    Rule(
        "Pushing Manifests",
        "SHOULD",
        "verify the digest that the registry says it has stored, where it is used",
        (f"{_MANIFESTS}test_a_registry_that_stores_something_else_is_found_out",),
    ),
    Rule(
        "Pushing Manifests",
        "SHOULD",
        "push manifests of four megabytes",
        (f"{_OWN}test_a_manifest_of_four_megabytes_is_pulled_and_pushed",),
    ),
    Rule(
        "Pushing Manifests with Subject",
        "MUST",
        "enter a manifest in its subject's index where `OCI-Subject` did not come, from an empty"
        " index on if there is none; not twice; with artifact type and annotations",
        (
            f"{_REFERRERS}test_without_the_api_an_index_is_kept_under_a_tag",
            f"{_REFERRERS}test_referrers_pushed_at_once_are_all_listed",
        ),
    ),
    Rule(
        "Pushing Manifests with Subject",
        "SHOULD",
        "fail, and change nothing, where the tag holds something else than an index",
        (f"{_REFERRERS}test_a_tag_that_holds_something_else_is_left_alone",),
    ),
    Rule(
        "Listing Tags",
        "MUST",
        "follow the `Link` of a page as RFC 8288 has it",
        (
            f"{_PAGES}test_pages_are_followed_lazily",
            f"{_PAGES}test_the_next_link_is_found_among_others",
        ),
    ),
    Rule(
        "Listing Referrers",
        "MUST",
        "fall back to the tag where the API answers 404",
        (
            f"{_REFERRERS}test_without_the_api_an_index_is_kept_under_a_tag",
            f"{_REFERRERS}test_which_way_referrers_are_listed",
        ),
    ),
    Rule(
        "Listing Referrers",
        "SHOULD",
        "take it that there are no referrers where the tag holds no index either",
        (f"{_REFERRERS}test_a_tag_that_is_the_subject_itself_is_as_good_as_none",),
    ),
    Rule(
        "Listing Referrers",
        "SHOULD",
        "filter by artifact type itself where the registry did not",
        (f"{_REFERRERS}test_a_registry_may_filter_or_not",),
    ),
    Rule(
        "Deleting Manifests",
        "SHOULD",
        "take a deleted referrer out of its subject's index where there is no API",
        (
            f"{_REFERRERS}test_a_deleted_referrer_leaves_the_index",
            f"{_REFERRERS}test_a_manifest_is_deleted_with_its_entry",
        ),
    ),
    Rule(
        "Backwards Compatibility",
        "MUST",
        "get by with registries that know less: Distribution 2.8 and 3 are driven as they are",
        (
            f"{_MANIFESTS}test_distribution_2_deletes_no_tags",
            f"{_MANIFESTS}test_a_registry_without_head_is_read",
            f"{_PAGES}test_a_real_registry_lists_what_skopeo_sees",
        ),
    ),
    Rule(
        "Referrers Tag Schema",
        "MUST",
        "make the tag of the digest: algorithm and digits, cut to a tag's length",
        (f"{_REFERRERS}test_the_name_of_the_fallback_tag",),
    ),
    Rule(
        "Warnings",
        "SHOULD",
        "show warnings, each once",
        (f"{_PAGES}test_warnings_are_told_once",),
    ),
    Rule(
        "Warnings",
        "MUST",
        "do nothing because of a warning",
        (f"{_OWN}test_a_warning_changes_nothing_but_what_is_said",),
    ),
)

SERVER = (
    Rule(
        "Pull",
        "MUST",
        "hand out manifests and blobs as they were pushed, whole or in part; 404 for others",
        (
            f"{_SERVED}test_what_is_pushed_is_fetched_byte_for_byte",
            f"{_SERVED_BLOBS}test_a_pushed_blob_can_be_fetched",
            "tests/sandbox/test_registry_skopeo.py::test_a_round_trip_keeps_every_digest",
        ),
    ),
    Rule(
        "Push",
        "MUST",
        "take blobs in one request, in two, and in chunks; refuse wrong digests and wrong order",
        (
            f"{_SERVED_BLOBS}test_a_digest_that_does_not_match_is_refused",
            f"{_SERVED_BLOBS}test_out_of_order_is_416_and_the_session_goes_on",
            f"{_SERVED_BLOBS}test_the_first_chunk_begins_at_zero",
            f"{_SERVED_BLOBS}test_a_cancelled_one_is_gone",
        ),
    ),
    Rule(
        "Push",
        "MUST",
        "mount blobs from other repositories, or else begin an upload",
        (
            f"{_SERVED_BLOBS}test_a_blob_that_is_there",
            f"{_SERVED_BLOBS}test_what_is_not_there_is_uploaded",
        ),
    ),
    Rule(
        "Push",
        "SHOULD",
        "take manifests of four megabytes; refuse what is none or calls itself something else",
        (
            f"{_SERVED}test_four_mebibytes_are_taken",
            f"{_SERVED}test_type_and_content_type_must_agree",
            f"{_SERVED}test_what_is_no_manifest_is_refused",
        ),
    ),
    Rule(
        "Content discovery",
        "MUST",
        "list tags in order, by pages, none for `n=0`",
        (
            f"{_LISTED}test_all_in_ascii_order",
            f"{_LISTED}test_page_by_page",
            f"{_LISTED}test_no_such_repository",
        ),
    ),
    Rule(
        "Content discovery",
        "MUST",
        "list referrers with artifact type and annotations, an empty index where there are none",
        (
            f"{_LISTED}test_image_artifact_and_index",
            f"{_LISTED}test_none_is_an_empty_index",
            f"{_LISTED}test_a_malformed_digest",
        ),
    ),
    Rule(
        "Content management",
        "MUST",
        "delete tags alone, manifests with their tags, and blobs",
        (
            f"{_SERVED}test_a_tag_alone",
            f"{_SERVED}test_a_digest_with_every_tag_of_it",
            f"{_SERVED_BLOBS}test_takes_effect_at_once",
        ),
    ),
)
