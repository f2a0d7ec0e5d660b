"""How schemathesis asks Lessor's API: signed, about things that are there, and by the document alone."""

import copy
import zlib

import schemathesis
from requests.auth import AuthBase
from sigv4 import keys_of, signature_headers


class SigV4(AuthBase):
    def __init__(self, caller):
        self.keys = keys_of(caller)

    def __call__(self, request):
        request.headers.update(signature_headers(self.keys, request.method, request.url, request.body))
        return request


CALLERS = {caller: SigV4(caller) for caller in ("node", "operator")}


@schemathesis.hook
def before_call(ctx, case, kwargs):
    """Each operation is tagged with who may call it."""
    kwargs["auth"] = CALLERS[case.operation.tags[0]]


@schemathesis.hook
def before_load_schema(ctx, raw_schema):
    """What a request closes by unevaluatedProperties is written out: the generator of data does not know that keyword."""
    components = raw_schema["components"]["schemas"]

    def written_out(part):
        if isinstance(part, list):
            return [written_out(one) for one in part]
        if not isinstance(part, dict):
            return part
        if part.get("unevaluatedProperties") is False:
            name = part["$ref"].rsplit("/", 1)[-1]
            return {**written_out(copy.deepcopy(components[name])), "additionalProperties": False}
        return {key: written_out(value) for key, value in part.items()}

    raw_schema["components"]["schemas"] = {name: written_out(one) for name, one in components.items()}


@schemathesis.hook
def map_path_parameters(ctx, path_parameters):
    """Of four names, three are that of a pool which is there: of made up ones nothing but 404 is to be had."""
    name = (path_parameters or {}).get("pool")
    if name is not None and zlib.crc32(str(name).encode()) % 4 != 0:
        path_parameters["pool"] = "web"
    return path_parameters


@schemathesis.check
def problem_code_conformance(ctx, response, case):
    """The code of a problem is one that the operation lists for the status."""
    if "problem+json" not in response.headers.get("content-type", [""])[0]:
        return
    code = response.json()["code"]
    told = case.operation.definition.raw["responses"][str(response.status_code)]
    assert f"`{code}`" in told.get("description", ""), f"{code} is not listed for {response.status_code}"
