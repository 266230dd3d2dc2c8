"""Checks the SigV4 signature of a request against botocore's own signer.

Used by `fault_proxy.py` for every request. The signer gets what was signed (the named headers, the date of the request) and
must come to the same signature.
"""

import datetime
import re

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=([^/]+)/(\d{8})/([^/]+)/([^/]+)/aws4_request, "
    r"SignedHeaders=([a-z0-9;-]+), Signature=([0-9a-f]{64})$")
REQUIRED = {"host", "x-amz-date", "x-amz-target", "content-type"}


class Refused(Exception):
    """The request is not signed as AWS wants it; the text says why."""


def signer_of(headers):
    """The key id, region and service that a request names, or None."""
    match = AUTHORIZATION.match(headers.get("authorization", ""))
    return (match[1], match[3], match[4]) if match else None


def check_signature(method, path, headers, body, secret, token):
    """`headers` by lower-case names. Returns the request's own time."""
    match = AUTHORIZATION.match(headers.get("authorization", ""))
    if not match:
        raise Refused("no Authorization header of AWS4-HMAC-SHA256")
    key_id, day, region, service, signed, signature = match.groups()
    names = signed.split(";")
    absent = REQUIRED - set(names)
    if absent:
        raise Refused(f"not signed: {sorted(absent)}")
    date = headers.get("x-amz-date", "")
    if not date.startswith(day):
        raise Refused("the scope's day is not the request's")
    if token and ("x-amz-security-token" not in names or headers.get("x-amz-security-token") != token):
        raise Refused("the session token is not sent and signed")

    request = AWSRequest(method=method, url=f"http://{headers['host']}{path}", data=body)
    for name in names:
        request.headers[name] = headers[name]
    request.context["timestamp"] = date
    auth = SigV4Auth(Credentials(key_id, secret, token), service, region)
    expected = auth.signature(auth.string_to_sign(request, auth.canonical_request(request)), request)
    if expected != signature:
        raise Refused("the signature is not botocore's")
    return datetime.datetime.strptime(date, "%Y%m%dT%H%M%SZ").replace(tzinfo=datetime.timezone.utc)
