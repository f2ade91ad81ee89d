"""Calls Step Functions with boto3. Each line of standard input is a call: {"operation", "parameters", "pages"}.

Prints a line for each: {"result"} or {"error": the error's code, "modelled": whether boto3 has a class for it}. With
"pages", boto3's paginator makes the result. usage: boto.py ENDPOINT
"""

import json
import sys

import boto3
from botocore import xform_name
from botocore.config import Config
from botocore.exceptions import ClientError

client = boto3.client(
    "stepfunctions",
    endpoint_url=sys.argv[1],
    region_name="us-east-1",
    aws_access_key_id="local",
    aws_secret_access_key="local",
    config=Config(retries={"total_max_attempts": 1}),
)


def call(operation, parameters, pages=None):
    name = xform_name(operation)
    if pages is None:
        result = getattr(client, name)(**parameters)
        result.pop("ResponseMetadata")
        return result
    paginator = client.get_paginator(name)
    return paginator.paginate(
        **parameters, PaginationConfig={"PageSize": pages}
    ).build_full_result()


for line in sys.stdin:
    try:
        outcome = {"result": call(**json.loads(line))}
    except ClientError as error:
        outcome = {
            "error": error.response["Error"]["Code"],
            "modelled": type(error) is not ClientError,
        }
    print(json.dumps(outcome, default=str), flush=True)
