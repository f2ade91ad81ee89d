"""Starts ministack, and adds what this service needs of EKS and EventBridge Scheduler and ministack does not have.

Required environment variables: GATEWAY_PORT, EKS_CLUSTER (name), EKS_ENDPOINT and EKS_CERTIFICATE_AUTHORITY (a file) of
a real Kubernetes, EKS_ACCESS_ENTRIES (a file that is updated for the reviewer of the cluster's tokens).
"""

import base64
import os

from ministack import app
from ministack.services import eks, stepfunctions
from ministack.services.cloudformation import provisioners

import access
import deletion
import firings
import run_job

ACCOUNT = os.environ["MINISTACK_ACCOUNT_ID"]
REGION = os.environ["MINISTACK_REGION"]


def known_cluster() -> dict:
    """Describes the cluster as eks:DescribeCluster does. ministack's CreateCluster would start a container."""
    name = os.environ["EKS_CLUSTER"]
    with open(os.environ["EKS_CERTIFICATE_AUTHORITY"], "rb") as file:
        authority = base64.b64encode(file.read()).decode()
    return {
        "name": name,
        "arn": f"arn:aws:eks:{REGION}:{ACCOUNT}:cluster/{name}",
        "version": "1.34",
        "status": "ACTIVE",
        "endpoint": os.environ["EKS_ENDPOINT"],
        "certificateAuthority": {"data": authority},
        "accessConfig": {"authenticationMode": "API"},
        "resourcesVpcConfig": {"endpointPublicAccess": True, "publicAccessCidrs": ["0.0.0.0/0"]},
        "tags": {},
    }


def without_metric_math(handlers: dict) -> dict:
    """Makes alarms over several metrics resources without a function, because ministack does not support them."""

    def create(logical_id, properties, stack_name):
        if "Metrics" in properties:
            return f"{stack_name}-{logical_id}", {"Arn": f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:{logical_id}"}
        return handlers["create"](logical_id, properties, stack_name)

    def update(physical_id, old, new, stack_name, *more):
        if "Metrics" in new:
            return physical_id, {}
        return handlers["update"](physical_id, old, new, stack_name, *more)

    def delete(physical_id, properties):
        if "Metrics" not in properties:
            handlers["delete"](physical_id, properties)

    return {**handlers, "create": create, "update": update, "delete": delete}


eks._clusters._data[(ACCOUNT, REGION, os.environ["EKS_CLUSTER"])] = known_cluster()
types = provisioners._RESOURCE_HANDLERS
types.update(access.resource_handlers())
types["AWS::CloudWatch::Alarm"] = without_metric_math(types["AWS::CloudWatch::Alarm"])
stepfunctions._SERVICE_DISPATCH["arn:aws:states:::eks:runJob"] = run_job.run_job
types["AWS::StepFunctions::StateMachine"] = deletion.waiting_for_state_machines(types["AWS::StepFunctions::StateMachine"])
types["AWS::Logs::LogGroup"] = deletion.refusing_existing_log_groups(types["AWS::Logs::LogGroup"])
run_job.complete_the_interpreter()
deletion.keep_state_machines_while_executions_run()
deletion.recreate_log_groups_of_clusters()
firings.complete_the_scheduler()
app.main()
