"""Delivers firings of schedules as EventBridge Scheduler does, which ministack does not.

ministack computes when a schedule fires, in UTC whatever its time zone, and starts its target directly.
Here the target is started with the schedule's role, which must trust Scheduler for the schedule's group, and with the
context attributes filled in. Scheduler delivers at least once, so every firing is delivered twice.
"""

import datetime
import json
import os
import re
import uuid

import botocore.session
from ministack.core import iam_actions, iam_evaluator
from ministack.services import eventbridge, iam, scheduler

import sessions

ACCOUNT = os.environ["MINISTACK_ACCOUNT_ID"]
REGION = os.environ["MINISTACK_REGION"]
ENDPOINT = f"http://127.0.0.1:{os.environ['GATEWAY_PORT']}"
# Seconds between two checks of the schedules.
INTERVAL = 1


def complete_the_scheduler() -> None:
    scheduler._SCHEDULE_TICK_INTERVAL = INTERVAL
    invoke_target, resource_of = eventbridge._invoke_target, iam_actions.extract_resource_arn

    def invoke(target, event, rule, *more):
        if event["Source"] == "aws.scheduler":
            _deliver(target, rule)
        else:
            invoke_target(target, event, rule, *more)

    def resource(service, method, path, headers, body, query_params, *more):
        if service == "scheduler" and path.startswith("/schedules/"):
            # ministack takes every schedule as one of the group `default`.
            return _schedule_arn(path.rsplit("/", 1)[-1], body, query_params)
        return resource_of(service, method, path, headers, body, query_params, *more)

    eventbridge._invoke_target = invoke
    iam_actions.extract_resource_arn = resource


def _schedule_arn(name: str, body: bytes, query_params: dict) -> str:
    group = (json.loads(body) if body else {}).get("GroupName") or query_params.get("groupName") or "default"
    return f"arn:aws:scheduler:{REGION}:{ACCOUNT}:schedule/{group[0] if isinstance(group, list) else group}/{name}"


def _deliver(target: dict, schedule: dict) -> None:
    """Starts an execution of the target, twice. ministack logs the errors that this raises."""
    role = target["RoleArn"]
    if not _trusts_scheduler(role, schedule["GroupName"]):
        raise PermissionError(f"{role} does not trust EventBridge Scheduler for the group {schedule['GroupName']}")
    # Schedules fire at whole minutes, and this runs at most two seconds later.
    minute = datetime.datetime.now(datetime.timezone.utc).replace(second=0, microsecond=0)
    credentials = sessions.credentials_of(role, "scheduler")
    client = botocore.session.get_session().create_client(
        "stepfunctions",
        endpoint_url=ENDPOINT,
        region_name=REGION,
        aws_access_key_id=credentials.access_key,
        aws_secret_access_key=credentials.secret_key,
        aws_session_token=credentials.token,
    )
    for _delivery in range(2):
        execution = str(uuid.uuid4())
        attributes = {
            "schedule-arn": schedule["Arn"],
            "scheduled-time": minute.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "execution-id": execution,
            "attempt-number": "1",
        }
        text = re.sub(r"<aws\.scheduler\.([a-z-]+)>", lambda match: attributes[match[1]], target["Input"])
        client.start_execution(stateMachineArn=target["Arn"], name=execution, input=text)


def _trusts_scheduler(role: str, group: str) -> bool:
    """Whether the role's trust policy allows Scheduler to assume it for this group, with the documented conditions."""
    policy = json.loads(iam._roles.get(role.rsplit("/", 1)[-1])["AssumeRolePolicyDocument"])
    context = iam_evaluator.EvalContext(
        principal_arn="",
        principal_type="",
        principal_account=ACCOUNT,
        action="sts:AssumeRole",
        resource_arn="*",
        region=REGION,
        service_context={
            "aws:sourceaccount": ACCOUNT,
            "aws:sourcearn": f"arn:aws:scheduler:{REGION}:{ACCOUNT}:schedule-group/{group}",
        },
    )
    return any(
        statement["Effect"] == "Allow"
        and iam_evaluator._service_principal_matches(statement["Principal"], "scheduler.amazonaws.com")
        and iam_evaluator._conditions_met(statement.get("Condition", {}), context)
        for statement in policy["Statement"]
    )
