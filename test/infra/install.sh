#!/usr/bin/env bash
# Installs cfn-lint at a pinned version into a Python environment under node_modules/.cache, where no tool of the project looks.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cache="$here/../../node_modules/.cache/infra"
mkdir -p "$cache"
python3 -m venv "$cache/python"
"$cache/python/bin/pip" install --quiet --disable-pip-version-check -r "$here/requirements.txt"
