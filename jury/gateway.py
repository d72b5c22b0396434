"""Gateways that people use for the job today, each with the configuration of jury/gateways."""
import glob
import os
import re
import shutil

import process
from process import JURY, VENV, said


def from_debian(name):
    return shutil.which(name) or shutil.which(name, path="/usr/sbin")


def from_package(pattern):
    """A program inside a Python package of the jury's folder; its starter is a script."""
    return next(iter(glob.glob(os.path.join(os.path.dirname(VENV), pattern))), None)


class Gateway:
    """`words` start it in the foreground with its configuration."""

    def __init__(self, name, title, program, configuration, words, version, version_words):
        self.name, self.title, self.program = name, title, program
        self.configuration, self.words = configuration, words
        self.version_pattern, self.version_words = version, version_words

    def missing(self):
        return [] if self.program else [self.name]

    def version(self):
        return re.search(self.version_pattern, said(self.program, *self.version_words))[1]

    def start(self, folder, upstream):
        port = process.free_port()
        with open(os.path.join(JURY, "gateways", self.configuration)) as opened:
            text = opened.read()
        for word, value in (("PORT", port), ("UPSTREAM", upstream), ("FOLDER", folder)):
            text = text.replace(f"@{word}@", str(value))
        path = os.path.join(folder, self.configuration)
        with open(path, "w") as written:
            written.write(text)
        # Caddy keeps what it makes below these.
        homes = {"HOME": folder, "XDG_CONFIG_HOME": folder, "XDG_DATA_HOME": folder}
        words = [self.program] + [word.format(path=path, folder=folder) for word in self.words]
        return process.Server(self.name, words, port, folder, homes)


ALL = [
    Gateway("nginx", "nginx", from_debian("nginx"), "nginx.conf",
            ["-p", "{folder}", "-c", "{path}", "-e", "{folder}/nginx.errors"],
            r"nginx/([\d.]+)", ["-v"]),
    Gateway("haproxy", "HAProxy", from_debian("haproxy"), "haproxy.cfg", ["-db", "-f", "{path}"],
            r"version ([\d.]+)", ["-v"]),
    Gateway("apache", "Apache", from_debian("apache2"), "apache.conf",
            ["-DFOREGROUND", "-f", "{path}"], r"Apache/([\d.]+)", ["-v"]),
    Gateway("caddy", "Caddy", from_package("bin/caddy"), "Caddyfile",
            ["run", "--config", "{path}", "--adapter", "caddyfile"], r"v([\d.]+)", ["version"]),
    Gateway("envoy", "Envoy", from_package("lib/python3*/site-packages/envoy/_bin/envoy"),
            "envoy.yaml", ["-c", "{path}", "--concurrency", "1", "--use-dynamic-base-id",
                           "-l", "error"], r"/(\d+\.\d+\.\d+)/", ["--version"]),
]
