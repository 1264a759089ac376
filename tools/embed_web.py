#!/usr/bin/env python3
"""Turns the built web app into one C++ source with the files' bytes and their HTTP metadata.

Usage: embed_web.py DIST_DIR OUT.cc OUT.h

The bytes enter through the assembler's .incbin, so a megabyte of JavaScript costs the compiler nothing. The generated
source names each file's hash (its ETag), so it changes exactly when a file does. Without DIST_DIR one page is embedded
that says how to build the app: the C++ build never needs npm.
"""
import hashlib
import os
import sys

CONTENT_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".json": "application/json",
    ".map": "application/json",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".ico": "image/x-icon",
    ".webp": "image/webp",
    ".woff2": "font/woff2",
    ".txt": "text/plain; charset=utf-8",
    ".webmanifest": "application/manifest+json",
}
IMMUTABLE_PREFIX = "/assets/"  # the bundler puts a content hash into these names
ETAG_HEX_DIGITS = 16
FALLBACK_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Snapboard</title>
<p>This server was built without its web page. Build both with <code>./dev build</code>.
<p>The data is here all the same: <a href="/api/projects">/api/projects</a>, <a href="/readyz">/readyz</a>.
</html>
"""

HEADER = """#pragma once

#include <span>

#include "sb/transport/server.h"

namespace sb::app {

/// The files of the web app in this binary, "/index.html" among them. Thread: immutable.
[[nodiscard]] std::span<const transport::StaticFile> web_files();

}  // namespace sb::app
"""


def list_files(dist):
    """Returns [(url path, file path)] sorted, so that the output is reproducible."""
    found = []
    for folder, _, names in os.walk(dist):
        for name in names:
            path = os.path.join(folder, name)
            found.append(("/" + os.path.relpath(path, dist).replace(os.sep, "/"), path))
    return sorted(found)


def quoted(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def render(files):
    """Returns the C++ source for [(url path, file path)]."""
    blobs, rows = [], []
    for index, (url, path) in enumerate(files):
        with open(path, "rb") as content:
            data = content.read()
        etag = hashlib.sha256(data).hexdigest()[:ETAG_HEX_DIGITS]
        kind = CONTENT_TYPES.get(os.path.splitext(path)[1], "application/octet-stream")
        immutable = "true" if url.startswith(IMMUTABLE_PREFIX) else "false"
        symbol = f"sb_web_file_{index}"
        incbin = f".incbin {quoted(os.path.realpath(path))}"
        blobs.append(
            f'asm(".pushsection .rodata\\n{symbol}:\\n" {quoted(incbin)} "\\n.popsection\\n");\n'
            f"extern const char {symbol}[];\n")
        rows.append(
            f"    {{{quoted(url)}, {quoted(kind)}, {{{symbol}, {len(data)}}}, {quoted(etag)}, {immutable}}},\n")
    return (
        '#include "web_files.h"\n\nextern "C" {\n' + "".join(blobs) + "}\n\n"
        "namespace sb::app {\n\nstd::span<const transport::StaticFile> web_files() {\n"
        "  static const transport::StaticFile kFiles[] = {\n" + "".join(rows) +
        "  };\n  return kFiles;\n}\n\n}  // namespace sb::app\n")


def write_if_changed(path, text):
    try:
        with open(path, encoding="utf-8") as old:
            if old.read() == text:
                return
    except FileNotFoundError:
        pass
    with open(path, "w", encoding="utf-8") as out:
        out.write(text)


def main(dist, out_cc, out_h):
    files = list_files(dist)
    if not any(url == "/index.html" for url, _ in files):
        page = os.path.join(os.path.dirname(out_cc), "no_web_app.html")
        write_if_changed(page, FALLBACK_PAGE)
        files = [("/index.html", page)]
    write_if_changed(out_h, HEADER)
    # Always rewritten: its time stamp tells the build that it is newer than every file of the app.
    with open(out_cc, "w", encoding="utf-8") as out:
        out.write(render(files))
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:4]))
