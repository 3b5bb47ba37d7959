"""Automated builds in the sandbox's Hub API."""

from __future__ import annotations

from typing import Any

from hubcli.sandbox.builds import TRIGGER
from support.hub_client import HubClient

SOURCE = "/api/build/v1/source/"


def source(hub: HubClient) -> dict[str, Any]:
    (found,) = hub("GET", SOURCE, params={"image": "acme/api"}).json()["objects"]
    assert isinstance(found, dict)
    return found


def history(hub: HubClient, path: str = "acme/api") -> dict[str, Any]:
    query = (
        f"include_related=true&offset=0&limit=50&object=%2Fapi%2Frepo%2Fv1%2Frepository%2F{path}/"
    )
    answer = hub("GET", f"/api/audit/v1/build/?{query}")
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert isinstance(found, dict)
    return found


def test_a_source_is_shown_as_public_clients_saw_it(hub: HubClient) -> None:
    found = source(hub)
    assert (found["provider"], found["owner"], found["repository"]) == ("Github", "acme", "api")
    assert found["resource_uri"] == f"{SOURCE}{found['uuid']}/"
    assert len(found["build_settings"]) == 2
    assert hub("GET", SOURCE, params={"image": "alice/webapp"}).json()["objects"] == []
    assert hub("GET", SOURCE, params={"image": "alice/notes"}).status_code == 404


def test_rules_are_for_those_who_push(hub: HubClient) -> None:
    query = {"buildsource": source(hub)["resource_uri"]}
    assert hub("GET", "/api/build/v1/setting/", params=query).status_code == 401
    assert hub("GET", "/api/build/v1/setting/", by="dave", params=query).status_code == 403
    rules = hub("GET", "/api/build/v1/setting/", by="erin", params=query).json()["objects"]
    assert {(rule["source_type"], rule["source_name"], rule["tag"]) for rule in rules} == {
        ("Branch", "main", "latest"),
        ("Tag", "/^v[0-9.]+$/", "{sourceref}"),
    }


def test_a_rule_is_built(new_hub: HubClient) -> None:
    path = f"{source(new_hub)['build_settings'][0]}build/"
    assert new_hub("POST", path, by="dave").status_code == 403
    assert new_hub("POST", path, by="erin").status_code == 202
    assert history(new_hub)["meta"]["total_count"] == 3
    assert history(new_hub)["objects"][0]["state"] == "Pending"


def test_the_url_is_the_secret(new_hub: HubClient) -> None:
    base = f"{SOURCE}{source(new_hub)['uuid']}/trigger"
    assert new_hub("POST", f"{base}/{'0' * 8}/call/").status_code == 404
    branch = {"source_type": "Branch", "source_name": "main"}
    assert new_hub("POST", f"{base}/{TRIGGER}/call/", json=branch).status_code == 202
    assert [build["build_tag"] for build in history(new_hub)["objects"]] == [
        "latest",
        "latest",
        "2.0.0",
    ]
    assert new_hub("POST", f"{base}/{TRIGGER}/call/", json={"build": True}).status_code == 202
    assert history(new_hub)["meta"]["total_count"] == 5
    wrong = {"source_type": "Twig", "source_name": "x"}
    assert new_hub("POST", f"{base}/{TRIGGER}/call/", json=wrong).status_code == 400


def test_a_page_of_the_history_is_cut_out(new_hub: HubClient) -> None:
    query = "offset=1&limit=1&object=%2Fapi%2Frepo%2Fv1%2Frepository%2Facme%2Fapi%2F"
    found = new_hub("GET", f"/api/audit/v1/build/?{query}").json()
    assert [build["build_tag"] for build in found["objects"]] == ["2.0.0"]
    assert found["meta"]["total_count"] == 2
