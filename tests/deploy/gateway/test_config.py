"""The configuration as such: Envoy accepts it, and what must not be in it is not."""

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from deploy.gateway.__main__ import main
from deploy.gateway.config import InvalidConfig, render, validate, write
from deploy.gateway.settings import SERVICES, GatewaySettings, Service, Upstream

UPSTREAMS: dict[Service, Upstream] = {
    service: Upstream("127.0.0.1", 8101 + number) for number, service in enumerate(SERVICES)
}


def settings(**fields: Any) -> GatewaySettings:
    return GatewaySettings(**{"upstreams": UPSTREAMS, **fields})


def rendered(**fields: Any) -> Any:
    return json.loads(json.dumps(render(settings(**fields))))


def manager(config: Any) -> Any:
    return config["static_resources"]["listeners"][0]["filter_chains"][0]["filters"][0]["typed_config"]


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"admin_port": 9901, "access_log": Path("/dev/stdout"), "trusted_proxies": 2, "address": "0.0.0.0"},
        {"cors_origins": ("https://a.example", "https://b.example"), "device_claim": "cid"},
        {"device_header": None},
        {"upstreams": {service: Upstream(service.replace("_", "-"), 8000) for service in SERVICES}},
    ],
    ids=["defaults", "public", "portals", "no-device", "names"],
)
def test_envoy_accepts_it(fields: dict[str, Any], tmp_path: Path) -> None:
    validate(write(settings(**fields), tmp_path / "envoy.json"))


def test_refusal_carries_envoys_reason(tmp_path: Path) -> None:
    config = rendered()
    config["static_resources"]["clusters"] = []
    path = tmp_path / "envoy.json"
    path.write_text(json.dumps(config))
    with pytest.raises(InvalidConfig, match="registry"):
        validate(path)


def test_order_of_filters() -> None:
    names = [
        found["name"].removeprefix("envoy.filters.http.") for found in manager(rendered())["http_filters"]
    ]
    assert names.index("cors") < names.index("header_mutation") < names.index("jwt_authn")
    first, second = (place for place, name in enumerate(names) if name == "local_ratelimit")
    assert first < names.index("jwt_authn") < second
    assert names[-1] == "router"


def test_long_polls_of_a_minute_are_not_cut() -> None:
    found = manager(rendered())
    actions = [
        route["route"] for route in found["route_config"]["virtual_hosts"][0]["routes"] if "route" in route
    ]
    limits = [found["stream_idle_timeout"], *(action["idle_timeout"] for action in actions)]
    assert all(float(limit.removesuffix("s")) > 60 for limit in limits)
    assert {action["timeout"] for action in actions} == {"0s"}


def test_every_refusal_speaks_three_languages() -> None:
    for mapper in manager(rendered())["local_reply_config"]["mappers"]:
        body = mapper["body_format_override"]["json_format"]
        headers = {found["header"]["key"]: found["header"]["value"] for found in mapper["headers_to_add"]}
        for text in (body["title"], body["detail"]):
            cyrillic = any("а" <= letter <= "я" for letter in text.lower())
            assert cyrillic is (headers["content-language"] != "en"), text
            assert not set("{}%") & set(text), text


def test_no_filter_holds_bodies_back() -> None:
    assert "filters.http.buffer" not in json.dumps(rendered())


def test_admin_is_off_or_on_loopback() -> None:
    assert "admin" not in rendered(address="0.0.0.0")
    address = rendered(address="0.0.0.0", admin_port=9901)["admin"]["address"]["socket_address"]
    assert address == {"address": "127.0.0.1", "port_value": 9901}


def test_names_are_resolved_and_addresses_are_not() -> None:
    upstreams = {**UPSTREAMS, "scoring": Upstream("scoring.internal", 8000)}
    kinds = {
        found["name"]: found["type"]
        for found in rendered(upstreams=upstreams)["static_resources"]["clusters"]
    }
    assert kinds == {service: "STRICT_DNS" if service == "scoring" else "STATIC" for service in SERVICES}


def test_every_service_needs_an_upstream() -> None:
    with pytest.raises(ValidationError, match="no upstream for scoring, notifications"):
        settings(upstreams={name: UPSTREAMS[name] for name in ("registry", "monitoring", "ideas_market")})


def test_unknown_service_is_refused() -> None:
    with pytest.raises(ValidationError, match="upstreams"):
        settings(upstreams={**UPSTREAMS, "billing": Upstream("127.0.0.1", 8000)})


def test_start_folder_without_page_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"index\.html"):
        render(settings(start_folder=tmp_path))


def test_command_writes_what_the_environment_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEWAY_UPSTREAMS", json.dumps({service: [service, 8000] for service in SERVICES}))
    monkeypatch.setenv("GATEWAY_PORT", "8088")
    monkeypatch.setenv("ASHAR_ISSUER", "https://issuer.example")
    main([str(tmp_path / "envoy.json")])
    config = json.loads((tmp_path / "envoy.json").read_text())
    assert config["static_resources"]["listeners"][0]["address"]["socket_address"]["port_value"] == 8088
    assert "https://issuer.example" in json.dumps(manager(config)["http_filters"])
