"""AWS Signature Version 4 for requests to Lessor's API, as any client in Python may sign them."""

import json
import os

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials


def keys_of(caller):
    """Credentials of the local stack's `operator` or `node`."""
    return json.loads(os.environ[f"LESSOR_{caller.upper()}"])


def signature_headers(keys, method, url, body):
    """The headers that make a request one of whoever has these keys."""
    credentials = Credentials(keys["accessKeyId"], keys["secretAccessKey"], keys.get("sessionToken"))
    request = AWSRequest(method=method, url=url, data=body)
    SigV4Auth(credentials, "execute-api", os.environ["LESSOR_REGION"]).add_auth(request)
    return dict(request.headers)
