"""What AWS does when a state machine or a log group is deleted, and ministack does not.

DeleteStateMachine (Step Functions, API reference): "A state machine is deleted only when all its executions are completed. On
the next state transition, the state machine's executions are terminated." Until then its status is DELETING, its name is taken,
and nothing can be started. CloudFormation waits for it.

EKS creates its log group /aws/eks/NAME/cluster again after it was deleted, because control-plane logs arrive minutes late
(terraform-aws-modules/terraform-aws-eks #2763). CloudFormation does not create a log group that exists.
"""

import contextvars
import threading
import time

from ministack.core.responses import error_response_json, json_response, now_iso
from ministack.services import cloudwatch_logs, stepfunctions
from ministack.services.cloudformation import stacks

# Seconds that CloudFormation waits for a state machine here; AWS waits up to two hours. A test must not wait for that.
DELETED_WITHIN = 60
# Seconds until EKS creates its log group again; AWS needs minutes.
LATE_LOGS = 1
STATE_MACHINE = "AWS::StepFunctions::StateMachine"


class Terminated(BaseException):
    """The execution ended because its state machine is deleted. Not an Exception: ministack would fail the execution."""


def _is_deleting(arn: str) -> bool:
    return (stepfunctions._state_machines.get(arn) or {}).get("status") == "DELETING"


def _deleting(arn: str):
    return error_response_json("StateMachineDeleting", f"State Machine is being deleted: '{arn}'", 400)


def _has_executions(arn: str) -> bool:
    executions = list(stepfunctions._executions.values())
    return any(each["stateMachineArn"] == arn and each["status"] == "RUNNING" for each in executions)


def keep_state_machines_while_executions_run() -> None:
    delete, create, start = (
        stepfunctions._delete_state_machine,
        stepfunctions._create_state_machine,
        stepfunctions._start_execution,
    )
    stop, run, add_event = stepfunctions._stop_execution, stepfunctions._run_execution, stepfunctions._add_event

    def delete_when_unused(arn):
        if _is_deleting(arn) and not _has_executions(arn):
            delete({"stateMachineArn": arn})

    def delete_state_machine(data):
        arn = data.get("stateMachineArn")
        if arn not in stepfunctions._state_machines:
            # AWS succeeds for a state machine that does not exist.
            return json_response({})
        stepfunctions._state_machines[arn]["status"] = "DELETING"
        delete_when_unused(arn)
        return json_response({})

    def create_state_machine(data):
        deleting = [arn for arn in list(stepfunctions._state_machines) if arn.endswith(f":{data.get('name')}")]
        if any(_is_deleting(arn) for arn in deleting):
            return _deleting(deleting[0])
        return create(data)

    def start_execution(data):
        arn = data.get("stateMachineArn", "")
        return _deleting(arn) if _is_deleting(arn) else start(data)

    def stop_execution(data):
        execution = stepfunctions._executions.get(data.get("executionArn"))
        response = stop(data)
        if execution:
            delete_when_unused(execution["stateMachineArn"])
        return response

    def run_execution(execution_arn):
        execution = stepfunctions._executions.get(execution_arn)
        try:
            run(execution_arn)
        except Terminated:
            pass
        if execution:
            delete_when_unused(execution["stateMachineArn"])

    def add_event_or_terminate(execution, event_type, details=None):
        is_transition = event_type.endswith("StateEntered") and execution["status"] == "RUNNING"
        if is_transition and _is_deleting(execution["stateMachineArn"]):
            execution["status"] = "ABORTED"
            execution["stopDate"] = now_iso()
            add_event(execution, "ExecutionAborted", {"executionAbortedEventDetails": {}})
            stepfunctions._emit_execution_status_event(execution)
            raise Terminated
        return add_event(execution, event_type, details)

    stepfunctions._delete_state_machine = delete_state_machine
    stepfunctions._create_state_machine = create_state_machine
    stepfunctions._start_execution = start_execution
    stepfunctions._stop_execution = stop_execution
    stepfunctions._run_execution = run_execution
    stepfunctions._add_event = add_event_or_terminate


def recreate_log_groups_of_clusters() -> None:
    delete = cloudwatch_logs._delete_log_group

    def delete_log_group(data):
        response = delete(data)
        name = data.get("logGroupName", "")
        if name.startswith("/aws/eks/") and response[0] < 400:
            # The account and the region of the request are in its context.
            context = contextvars.copy_context()
            timer = threading.Timer(
                LATE_LOGS, context.run, [cloudwatch_logs._create_log_group, {"logGroupName": name}]
            )
            timer.daemon = True
            timer.start()
        return response

    cloudwatch_logs._delete_log_group = delete_log_group


def waiting_for_state_machines(handlers: dict) -> dict:
    """Makes CloudFormation create a state machine only if its name is free, and wait until a deleted one is gone."""
    runs_on_worker_thread = stacks._runs_on_worker_thread
    stacks._runs_on_worker_thread = lambda kind: kind == STATE_MACHINE or runs_on_worker_thread(kind)

    def create(logical_id, properties, stack_name):
        name = properties["StateMachineName"]
        if any(arn.endswith(f":{name}") for arn in list(stepfunctions._state_machines)):
            raise ValueError(f"StateMachineAlreadyExists or StateMachineDeleting: {name}")
        return handlers["create"](logical_id, properties, stack_name)

    def delete(physical_id, _properties):
        stepfunctions._delete_state_machine({"stateMachineArn": physical_id})
        deadline = time.monotonic() + DELETED_WITHIN
        while physical_id in stepfunctions._state_machines:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{physical_id} is still DELETING: executions run")
            time.sleep(0.2)

    return {**handlers, "create": create, "delete": delete}


def refusing_existing_log_groups(handlers: dict) -> dict:
    """Makes CloudFormation fail for a log group that exists, as it does on AWS."""

    def create(logical_id, properties, stack_name):
        name = properties.get("LogGroupName")
        if name in cloudwatch_logs._log_groups:
            raise ValueError(f"Resource of type 'AWS::Logs::LogGroup' with identifier '{name}' already exists.")
        return handlers["create"](logical_id, properties, stack_name)

    return {**handlers, "create": create}
