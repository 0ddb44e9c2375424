"""A real WordPress with a real database, for as long as a test needs them. From Debian: wordpress php-cli php-mysql mariadb-server."""

from __future__ import annotations

import getpass
import os
import shutil
import socket
import subprocess
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

HOME = Path("/usr/share/wordpress")
NEEDED = ("php", "mariadbd", "mariadb-install-db")
CONFIG = """<?php
define('DB_NAME', 'wp'); define('DB_USER', 'root'); define('DB_PASSWORD', ''); define('DB_HOST', 'localhost:%s');
define('DB_CHARSET', 'utf8mb4'); define('DB_COLLATE', ''); $table_prefix = 'wp_';
define('DISABLE_WP_CRON', true); define('WP_HTTP_BLOCK_EXTERNAL', true); define('AUTOMATIC_UPDATER_DISABLED', true);
define('WP_CONTENT_DIR', __DIR__ . '/wp-content');
if (!defined('ABSPATH')) define('ABSPATH', __DIR__ . '/');
require_once ABSPATH . 'wp-settings.php';
"""


def missing() -> str:
    """Why it cannot be run here; empty if it can."""
    lacking = [name for name in NEEDED if not shutil.which(name)] + ([] if (HOME / "wp-load.php").exists() else ["wordpress"])
    return f"no {', '.join(lacking)}: apt-get install wordpress php-cli php-mysql mariadb-server" if lacking else ""


class WordPress:
    def __init__(self, folder: Path, url: str) -> None:
        self.folder, self.url = folder, url

    def does(self, php: str) -> str:
        """Runs PHP inside this WordPress, as a plugin would."""
        server = urllib.parse.urlsplit(self.url)
        before = f"$_SERVER['HTTP_HOST']='{server.netloc}'; $_SERVER['REQUEST_METHOD']='GET'; require 'wp-load.php'; "
        done = subprocess.run(["php", "-r", before + php], cwd=self.folder, capture_output=True, text=True, check=True, timeout=60)
        return done.stdout.strip()


@contextmanager
def wordpress(folder: Path) -> Iterator[WordPress]:
    site, data, line = folder / "site", folder / "data", Path(f"/tmp/carebot-wp-{os.getpid()}.sock")
    shutil.copytree(HOME, site, symlinks=False, ignore_dangling_symlinks=True)
    (site / "wp-config.php").write_text(CONFIG % line)
    me = f"--user={getpass.getuser()}"
    subprocess.run(
        ["mariadb-install-db", "--no-defaults", f"--datadir={data}", me, "--auth-root-authentication-method=normal", "--skip-test-db"],
        check=True, capture_output=True,
    )  # fmt: skip
    first = folder / "first.sql"
    first.write_text("CREATE DATABASE IF NOT EXISTS wp;\n")
    port = _free_port()
    database = subprocess.Popen(
        ["mariadbd", "--no-defaults", f"--datadir={data}", me, f"--socket={line}", "--skip-networking", f"--init-file={first}",
         f"--pid-file={folder / 'pid'}", "--innodb-buffer-pool-size=32M"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    server = subprocess.Popen(
        ["php", "-S", f"127.0.0.1:{port}", "-t", str(site)], cwd=site, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        _until(line.exists)
        _until(lambda: _answers(port))
        words = {"weblog_title": "Foro de prueba", "user_name": "ana", "admin_password": "hush-hush-1", "admin_password2": "hush-hush-1",
                 "pw_weak": "1", "admin_email": "ana@shop.example", "blog_public": "0"}  # fmt: skip
        asked = f"http://127.0.0.1:{port}/wp-admin/install.php?step=2"
        with urllib.request.urlopen(asked, urllib.parse.urlencode(words).encode(), timeout=120) as reply:
            assert b"Success" in reply.read()
        yield WordPress(site, f"http://127.0.0.1:{port}")
    finally:
        for process in (server, database):
            process.terminate()
            process.wait(30)
        line.unlink(missing_ok=True)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _until(is_so: Callable[[], bool]) -> None:
    for _ in range(600):
        if is_so():
            return
        time.sleep(0.1)
    raise AssertionError("a server did not start within a minute")
