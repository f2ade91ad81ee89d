"""eks:runJob.sync (Step Functions, developer guide) through the Kubernetes API of a real cluster.

Every call has an EKS token of the state machine's role, so that the cluster's Roles authorize it.
"""

import base64
import contextvars
import json
import os
import ssl
import time
import urllib.error
import urllib.request

from botocore.auth import SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from ministack.services import stepfunctions

import access
import sessions

REGION = os.environ["MINISTACK_REGION"]
# Seconds between two reads of a Job; AWS needs a minute.
INTERVAL = 0.5

_execution: contextvars.ContextVar = contextvars.ContextVar("execution")


class _Ended(BaseException):
    """The execution was stopped. Not an Exception, because ministack would retry that and fail the execution."""


def complete_the_interpreter() -> None:
    """Adds what ministack's Step Functions lacks.

    These are a task that knows its execution and ends with it, RedriveCount, and JSONata in TimeoutSeconds.
    """
    run, execute = stepfunctions._run_execution, stepfunctions._execute_task

    def run_execution(arn):
        # A task gets only its arguments. It also needs its execution's role and status.
        _execution.set(arn)
        try:
            run(arn)
        except _Ended:
            pass

    def execute_task(state, raw_input, execution, context):
        context["Execution"].setdefault("RedriveCount", 0)
        if isinstance(state.get("TimeoutSeconds"), str):
            seconds = stepfunctions._apply_jsonata_template(state["TimeoutSeconds"], raw_input, context)
            state = {**state, "TimeoutSeconds": seconds}
        return execute(state, raw_input, execution, context)

    stepfunctions._run_execution = run_execution
    stepfunctions._execute_task = execute_task


def _token(cluster: str, credentials: Credentials) -> str:
    url = f"https://sts.{REGION}.amazonaws.com/?Action=GetCallerIdentity&Version=2011-06-15"
    request = AWSRequest(method="GET", url=url, headers={"x-k8s-aws-id": cluster})
    SigV4QueryAuth(credentials, "sts", REGION, expires=60).add_auth(request)
    return "k8s-aws-v1." + base64.urlsafe_b64encode(request.url.encode()).decode().rstrip("=")


class _Cluster:
    def __init__(self, arguments: dict, role: str):
        authority = base64.b64decode(arguments["CertificateAuthority"]).decode()
        self._trust = ssl.create_default_context(cadata=authority)
        self._endpoint = arguments["Endpoint"]
        self._name = arguments["ClusterName"]
        self._credentials = sessions.credentials_of(role, "run-job")

    def call(self, method: str, path: str, body: dict | None = None) -> dict:
        """Sends one request. Raises EKS.<status> with the cause that AWS documents for EKS.401."""
        request = urllib.request.Request(
            self._endpoint + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={
                "authorization": f"Bearer {_token(self._name, self._credentials)}",
                "content-type": "application/json",
            },
        )
        try:
            with urllib.request.urlopen(request, context=self._trust, timeout=10) as response:
                return json.load(response)
        except urllib.error.HTTPError as error:
            cause = {"ResponseBody": error.read().decode(), "StatusCode": error.code, "StatusText": error.reason}
            raise stepfunctions._ExecutionError(f"EKS.{error.code}", json.dumps(cause)) from None


def _with_pod_identity(job: dict, namespace: str) -> dict:
    """Adds credentials to the pod's environment variables, which EKS's webhook and agent would provide."""
    pod = job["spec"]["template"]["spec"]
    role = access.role_of(namespace, pod.get("serviceAccountName", "default"))
    if role is None:
        return job
    credentials = sessions.credentials_of(role, "pod")
    for container in pod["containers"]:
        container["env"] = container.get("env", []) + [
            {"name": "AWS_ACCESS_KEY_ID", "value": credentials.access_key},
            {"name": "AWS_SECRET_ACCESS_KEY", "value": credentials.secret_key},
            {"name": "AWS_SESSION_TOKEN", "value": credentials.token},
        ]
    return job


def run_job(resource: str, arguments: dict):
    execution = stepfunctions._executions.get(_execution.get())
    if execution["status"] != "RUNNING":
        raise _Ended
    machine = stepfunctions._state_machines.get(execution["stateMachineArn"])
    cluster = _Cluster(arguments, machine["roleArn"])
    namespace = arguments.get("Namespace", "default")
    path = f"/apis/batch/v1/namespaces/{namespace}/jobs"
    job = json.loads(json.dumps(arguments["Job"]))
    made = cluster.call("POST", path, _with_pod_identity(job, namespace))
    if not resource.endswith(".sync"):
        return {"StatusCode": 201}
    # The Job's activeDeadlineSeconds limits this loop. It also ends if the Job is deleted or the execution is stopped.
    while execution["status"] == "RUNNING":
        time.sleep(INTERVAL)
        status = cluster.call("GET", f"{path}/{made['metadata']['name']}").get("status", {})
        conditions = {each["type"]: each for each in status.get("conditions", []) if each["status"] == "True"}
        if "Complete" in conditions:
            return {}
        if "Failed" in conditions:
            # AWS does not document the error name. Only States.TaskFailed and States.ALL match this one.
            raise stepfunctions._ExecutionError("EKS.JobFailed", json.dumps({"status": status}))
    raise _Ended
