"""Temporary credentials of roles, as AWS services use them on behalf of a stack."""

import hashlib

from botocore.credentials import Credentials
from ministack.services import sts


def credentials_of(role: str, name: str) -> Credentials:
    """Returns credentials of a role, as ministack gives them to a Lambda function; the same for the same arguments."""
    digest = hashlib.sha256(f"{role}:{name}".encode()).hexdigest()
    key = f"ASIA{digest[:16].upper()}"
    secret = hashlib.sha256(f"secret:{digest}".encode()).hexdigest()
    token = hashlib.sha256(f"token:{digest}".encode()).hexdigest()
    account, role_name = role.split(":")[4], role.rsplit("/", 1)[-1]
    session = {
        "Arn": f"arn:aws:sts::{account}:assumed-role/{role_name}/{name}",
        "UserId": f"{role_name}:{name}",
        "SecretAccessKey": secret,
        "SessionToken": token,
    }
    sts.register_session(key, session)
    return Credentials(key, secret, token)
