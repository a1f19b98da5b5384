"""How a build reaches this machine's package index: as secrets of the build, so nothing of it stays in an image."""

import ast
import os
import shlex
import shutil
from pathlib import Path

from tests.deploy.docker.containers.commands import run

_OPTIONS = {
    "index-url": ("PIP_INDEX_URL", "UV_DEFAULT_INDEX"),
    "extra-index-url": ("PIP_EXTRA_INDEX_URL", "UV_INDEX"),
    "trusted-host": ("PIP_TRUSTED_HOST", "UV_INSECURE_HOST"),
}
"""An option of pip's configuration, and the variables that say the same to pip and uv."""
_UV = ("UV_DEFAULT_INDEX", "UV_INDEX", "UV_INDEX_URL", "UV_EXTRA_INDEX_URL", "UV_INSECURE_HOST")
_AUTHORITIES = ("SSL_CERT_FILE", "PIP_CERT", "REQUESTS_CA_BUNDLE")
_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")


def build_options(folder: Path) -> list[str]:
    """Arguments of `docker build`; the files they name are written to `folder`."""
    options = [
        f"--build-arg={name}" for proxy in _PROXIES for name in (proxy, proxy.lower()) if name in os.environ
    ]
    variables = _index()
    if variables:
        index = folder / "index"
        index.touch(mode=0o600)
        index.write_text("".join(f"{name}={shlex.quote(value)}\n" for name, value in variables.items()))
        options.append(f"--secret=id=index,src={index}")
    authorities = next((os.environ[name] for name in _AUTHORITIES if name in os.environ), None)
    if authorities is not None and Path(authorities).is_file():
        options.append(f"--secret=id=certificates,src={authorities}")
    return options


def secrets_of(options: list[str]) -> list[str]:
    """What must not be found in an image: the values of the index file."""
    files = [Path(option.partition("src=")[2]) for option in options if "id=index," in option]
    return [value for file in files for line in file.read_text().splitlines() for value in shlex.split(line)]


def _index() -> dict[str, str]:
    found: dict[str, str] = {}
    pip = shutil.which("pip3") or shutil.which("pip")
    said = run([pip, "config", "list"], timeout=60) if pip else ""
    for line in said.splitlines():  # the environment comes after the files
        key, _, value = line.partition("=")
        for name in _OPTIONS.get(key.rpartition(".")[2], ()):
            found[name] = " ".join(str(ast.literal_eval(value)).split())
    return {**found, **{name: os.environ[name] for name in _UV if name in os.environ}}
