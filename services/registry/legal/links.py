"""Addresses where the text of an act stands: https, and of the site they say they are of."""

from enum import StrEnum
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import Field, StringConstraints

from shared.http.errors import FieldError
from shared.http.schemas import Input


class Site(StrEnum):
    MINJUST = "minjust"
    """The Ministry of Justice's database of legal acts."""
    TOKTOM = "toktom"
    """The legal database Toktom."""
    OTHER = "other"


HOSTS: dict[Site, str] = {Site.MINJUST: "cbd.minjust.gov.kg", Site.TOKTOM: "toktom.kg"}
"""The site and whatever is below it."""
MOST_LINKS = 10
HttpsUrl = Annotated[str, StringConstraints(pattern=r"^https://[!-~]{3,480}$")]


class ActLink(Input):
    site: Site
    url: HttpsUrl


Links = Annotated[list[ActLink], Field(max_length=MOST_LINKS)]


def link_problems(links: list[ActLink], pointer: str = "") -> list[FieldError]:
    """Addresses that are not of the site they name, have credentials or a port in them, or stand there twice."""
    found = []
    seen: set[str] = set()
    for index, link in enumerate(links):
        at = f"{pointer}/links/{index}/url"
        if link.url in seen:
            found.append(FieldError(at, "This address is given twice.", "link_repeated"))
        elif site_of(link.url) is not link.site:
            found.append(
                FieldError(
                    at, f"This is no address of {link.site}.", "not_of_site", {"site": link.site.value}
                )
            )
        seen.add(link.url)
    return found


def site_of(url: str) -> Site | None:
    """None for what is no plain https address of a host. A host that only looks like a named one is another's:
    `cbd.minjust.gov.kg.example.org`, `cbd.minjust.gov.kg@example.org`."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    plain = parts.netloc.lower() == host and port is None and "\\" not in url
    if parts.scheme != "https" or not host or "." not in host or not plain:
        return None
    for site, name in HOSTS.items():
        if host == name or host.endswith(f".{name}"):
            return site
    return Site.OTHER
