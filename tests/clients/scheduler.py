"""Calls EventBridge Scheduler with boto3: creates, reads, changes, lists and deletes. Prints the results as JSON.

usage: scheduler.py ENDPOINT STATE_MACHINE_ARN ROLE_ARN
"""

import json
import sys
from datetime import datetime, timezone

import boto3
from botocore.config import Config

endpoint, state_machine, role = sys.argv[1:]
client = boto3.client(
    "scheduler",
    endpoint_url=endpoint,
    region_name="us-east-1",
    aws_access_key_id="local",
    aws_secret_access_key="local",
    config=Config(retries={"total_max_attempts": 1}),
)
target = {"Arn": state_machine, "RoleArn": role, "Input": '{"at": "<aws.scheduler.scheduled-time>"}'}


def create(name, **more):
    return client.create_schedule(
        Name=name,
        GroupName="boto",
        ScheduleExpression="cron(0 7 ? * MON *)",
        ScheduleExpressionTimezone="Europe/Berlin",
        FlexibleTimeWindow={"Mode": "OFF"},
        Target=target,
        **more,
    )


seen = {"group": client.create_schedule_group(Name="boto")["ScheduleGroupArn"]}
seen["created"] = create("monday", StartDate=datetime(2027, 1, 1, tzinfo=timezone.utc))["ScheduleArn"]
for number in range(3):
    create(f"other-{number}")
read = client.get_schedule(Name="monday", GroupName="boto")
seen["start"] = read["StartDate"].astimezone(timezone.utc).isoformat()
seen["read"] = {name: read[name] for name in ("Name", "State", "ScheduleExpression", "ScheduleExpressionTimezone")}
client.update_schedule(
    Name="monday",
    GroupName="boto",
    ScheduleExpression="rate(5 minutes)",
    State="DISABLED",
    FlexibleTimeWindow={"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 3},
    Target=target,
)
changed = client.get_schedule(Name="monday", GroupName="boto")
seen["changed"] = {name: changed.get(name) for name in ("State", "ScheduleExpression", "FlexibleTimeWindow", "StartDate")}
pages = client.get_paginator("list_schedules").paginate(GroupName="boto", PaginationConfig={"PageSize": 2})
seen["listed"] = [schedule["Name"] for page in pages for schedule in page["Schedules"]]
errors = []
for call in (
    lambda: create("monday"),
    lambda: client.get_schedule(Name="nothing", GroupName="boto"),
    lambda: client.create_schedule(
        Name="bad",
        ScheduleExpression="cron(0 7 * * MON *)",
        FlexibleTimeWindow={"Mode": "OFF"},
        Target=target,
    ),
):
    try:
        call()
    except (
        client.exceptions.ConflictException,
        client.exceptions.ResourceNotFoundException,
        client.exceptions.ValidationException,
    ) as error:
        errors.append(type(error).__name__)
seen["errors"] = errors
client.delete_schedule(Name="monday", GroupName="boto")
seen["left"] = [schedule["Name"] for schedule in client.list_schedules(GroupName="boto")["Schedules"]]
client.delete_schedule_group(Name="boto")
seen["groups"] = [group["Name"] for group in client.list_schedule_groups()["ScheduleGroups"]]
print(json.dumps(seen))
