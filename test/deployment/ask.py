"""Makes requests to AWS with botocore: each line of standard input asks for one, and is answered with a line."""

import json
import sys

import botocore.exceptions
import botocore.session

session = botocore.session.get_session()
session.set_config_variable("retries", {"max_attempts": 1})


def readable(value):
    """A body that is read from the connection, bytes, and what JSON has no word for."""
    if hasattr(value, "read"):
        value = value.read()
    return value.decode() if isinstance(value, bytes) else str(value)


for line in sys.stdin:
    asked = json.loads(line)
    keys = asked["keys"]
    client = session.create_client(
        asked["service"],
        region_name=asked["region"],
        endpoint_url=asked["endpoint"],
        verify=asked["certificate"],
        aws_access_key_id=keys["accessKeyId"],
        aws_secret_access_key=keys["secretAccessKey"],
        aws_session_token=keys.get("sessionToken"),
    )
    try:
        answer = {"result": getattr(client, botocore.xform_name(asked["operation"]))(**asked["input"])}
    except botocore.exceptions.ClientError as refused:
        error = refused.response["Error"]
        answer = {"refused": {"code": error["Code"], "message": error["Message"]}}
    except Exception as failed:
        answer = {"refused": {"code": type(failed).__name__, "message": str(failed)}}
    print(json.dumps(answer, default=readable), flush=True)
