#!/usr/bin/env bash
# Installs ministack at a pinned version into a Python environment under node_modules/.cache, where no tool of the project
# looks. Does nothing where it is there already.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
python="$here/../../node_modules/.cache/deployment/python"
if ! cmp --silent "$here/requirements.txt" "$python/requirements.txt"; then
  python3 -m venv "$python"
  "$python/bin/pip" install --quiet --disable-pip-version-check -r "$here/requirements.txt"
  cp "$here/requirements.txt" "$python/requirements.txt"
fi
