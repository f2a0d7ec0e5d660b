#!/usr/bin/env bash
# Installs what the tests of generated clients need, at pinned versions: a Python environment and a folder of npm packages,
# both under node_modules/.cache, where no tool of the project looks.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cache="$here/../../node_modules/.cache/clients"
mkdir -p "$cache/typescript"
python3 -m venv "$cache/python"
"$cache/python/bin/pip" install --quiet --disable-pip-version-check -r "$here/python/requirements.txt"
cp "$here/typescript/package.json" "$here/typescript/package-lock.json" "$cache/typescript/"
npm ci --prefix "$cache/typescript" --silent
