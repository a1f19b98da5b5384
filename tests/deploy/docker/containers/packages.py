"""The programs an engine of our own needs: found, or installed from Debian's packages by root."""

import os
import shutil

from tests.deploy.docker.containers.commands import CommandFailed, run

PACKAGES = {"dockerd": "docker.io", "docker-compose": "docker-compose", "debootstrap": "debootstrap"}
"""Program and the package it is in."""
_INSTALL_SECONDS = 300.0


def ensure_programs() -> bool:
    """Whether any had to be installed. Raises CommandFailed where something is missing and stays so."""
    missing = [package for program, package in PACKAGES.items() if shutil.which(program) is None]
    if os.geteuid() != 0:
        raise CommandFailed("no container engine answers, and only root can start one")
    if not missing:
        return False
    if shutil.which("apt-get") is None:
        raise CommandFailed(f"no container engine answers, and this is no Debian to install {missing} on")
    print(f"installing {', '.join(missing)}", flush=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    run(["apt-get", "--quiet", "update"], timeout=_INSTALL_SECONDS, environment=environment)
    run(
        ["apt-get", "--quiet", "--yes", "--no-install-recommends", "install", *missing],
        timeout=_INSTALL_SECONDS,
        environment=environment,
    )
    return True
