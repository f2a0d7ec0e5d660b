"""A client that openapi-python-client generated (lessor_client), used for one call of each kind. Prints what came back as JSON."""

import json
import os

import httpx
from lessor_client import Client
from lessor_client.api.node import allocate, release
from lessor_client.api.operator import change_pool, create_pool, list_leases, list_pools, read_pool
from lessor_client.models import (
    AllocateRequest,
    Attachment,
    PodInput,
    PoolInput,
    PoolPatch,
    PoolRequest,
    RangeInput,
    ReleaseRequest,
)
from sigv4 import keys_of, signature_headers


class SigV4(httpx.Auth):
    requires_request_body = True

    def __init__(self, keys):
        self.keys = keys

    def auth_flow(self, request):
        request.headers.update(signature_headers(self.keys, request.method, str(request.url), request.content))
        yield request


def client_of(keys):
    return Client(base_url=os.environ["LESSOR_ENDPOINT"], httpx_args={"auth": SigV4(keys)})


operator = client_of(keys_of("operator"))
node = client_of(keys_of("node"))

name = "python"
created = create_pool.sync_detailed(
    client=operator, body=PoolInput(name=name, ranges=[[RangeInput(subnet="10.60.0.0/24")]])
)
attachment = Attachment(network=name, container_id="container-1", ifname="eth0")
nonce = "00000000000000020000000000000001"
granted = allocate.sync(
    client=node,
    body=AllocateRequest(
        attachment=attachment,
        nonce=nonce,
        attempt=1,
        boot="boot-1",
        pool=PoolRequest(name=name),
        pod=PodInput(namespace="shop", name="cart-1"),
    ),
)
held = list_leases.sync(name, client=operator)
pools = list_pools.sync(client=operator)
changed = change_pool.sync(name, client=operator, body=PoolPatch(quota=10), if_match=created.headers["etag"])
released = release.sync(
    client=node, body=ReleaseRequest(attachment=attachment, nonce=nonce, slot=granted.slot, acknowledged=True)
)
missing = read_pool.sync("none", client=operator)
wrong_key = list_pools.sync_detailed(client=client_of({**keys_of("operator"), "secretAccessKey": "wrong"}))

print(
    json.dumps(
        {
            "pool": created.parsed.pool.name,
            "addresses": len(granted.addresses),
            "held": [[str(lease.state), lease.pod.name] for lease in held.leases],
            "pools": [pool.name for pool in pools.pools],
            "quota": changed.pool.quota,
            "released": len(released.released),
            "missing": missing.code,
            "wrongKey": int(wrong_key.status_code),
        }
    )
)
