"""`make token ROLE=donor ORG=demo-donor`: a development token of the platform started with `make up`."""

import argparse
import sys

import httpx


def main() -> None:
    parser = argparse.ArgumentParser(prog="make token", description=__doc__)
    parser.add_argument("--role", required=True)
    parser.add_argument("--organisation", required=True)
    parser.add_argument("--port", type=int, default=8080)
    chosen = parser.parse_args()
    if not chosen.role or not chosen.organisation:
        sys.exit("say which: make token ROLE=donor ORG=demo-donor")
    body = {"grant_type": "development", "role": chosen.role, "organisation": chosen.organisation}
    try:
        answer = httpx.post(
            f"http://127.0.0.1:{chosen.port}/api/registry/v1/tokens", json=body, timeout=10, trust_env=False
        )
    except httpx.TransportError:
        sys.exit(f"nothing answers at 127.0.0.1:{chosen.port}: start it with `make up`")
    if answer.headers.get("content-type") not in ("application/json", "application/problem+json"):
        sys.exit(f"what answers at 127.0.0.1:{chosen.port} is not Ashar")
    if answer.status_code != 200:
        problem = answer.json()
        found = "; ".join(error["detail"] for error in problem.get("errors", [])) or problem["detail"]
        sys.exit(f"{answer.status_code} {problem['title']}: {found}")
    print(answer.json()["access_token"])


if __name__ == "__main__":
    main()
