"""Finds the Chromium for browser tests; `python -m tests.browser.chromium` installs one where there is none."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

# The first is the same engine without windows: a page costs it two thirds of the processor time.
ON_PATH = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def executable() -> str | None:
    """The system's Chromium, or else Playwright's own; None when there is neither."""
    for name in ON_PATH:
        if found := shutil.which(name):
            return found
    with sync_playwright() as playwright:
        own = playwright.chromium.executable_path
    return own if Path(own).exists() else None


def install() -> None:
    """Debian's package where it can be had (as root, or by sudo without a password), else Playwright's download."""
    if shutil.which("apt-get"):
        _apt("update")
        if any(_apt("install", "-y", "--no-install-recommends", package, "fonts-noto-cjk") for package in ON_PATH[:2]):
            return
    subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=True)


def _apt(*what: str) -> bool:
    sudo = [] if os.geteuid() == 0 else ["sudo", "-n"]
    done = subprocess.run([*sudo, "apt-get", "-qq", *what], check=False, stdout=subprocess.DEVNULL)
    return done.returncode == 0


if __name__ == "__main__":
    if executable() is None:
        print("No Chromium is installed; installing one for the browser tests.")
        install()
