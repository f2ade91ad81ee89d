"""Configures Schemathesis for this API: formats that it does not know, and findings that are not failures here."""

import schemathesis
from hypothesis import strategies as st
from schemathesis.openapi.checks import RejectedPositiveData, UnsupportedMethodResponse, UseAfterFree

ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe"]


# The hours of crontab(5): `*`, a step, a number, a range or a list. Once an hour at most, so that these schedules rarely
# fire. The rest of crontab(5) is tested in tests/unit/lib/cron.
hour = st.integers(0, 23)
hours = st.one_of(
    st.just("*"),
    st.integers(1, 23).map(lambda every: f"*/{every}"),
    hour.map(str),
    st.tuples(hour, hour).map(sorted).map(lambda ends: f"{ends[0]}-{ends[1]}"),
    st.lists(hour.map(str), min_size=1, max_size=4).map(",".join),
)
times = st.tuples(st.integers(0, 59), hours).map(lambda time: f"{time[0]} {time[1]} * * *")
schemathesis.openapi.format("crontab", times)
schemathesis.openapi.format("iana-time-zone", st.sampled_from(ZONES))

# Fields that may be rejected although they match their schema, by rules that JSON Schema cannot express.
BEYOND_THE_SCHEMA = {
    # The value of a quantity, and the maximum for a job, which is a parameter of the stack.
    "createJob": {"resources.cpu", "resources.memory"},
    # The cursor of a page belongs to its query.
    "listJobs": {"cursor"},
    "listSchedules": {"cursor", "nextToken"},
    # endAt must be after now and after startAt, with a firing before it; Unicode versions differ in the characters of a name.
    "createSchedule": {"endAt", "name", "resources.cpu", "resources.memory"},
    "createScheduleInList": {"endAt", "name", "resources.cpu", "resources.memory"},
    "changeSchedule": {"cron", "resources.cpu", "resources.memory"},
}


def operation_of(case):
    return case.operation.definition.raw.get("operationId")


def rejected_beyond_the_schema(case, response):
    error = response.json().get("error", {})
    fields = {detail["field"] for detail in error.get("details", [])}
    return response.status_code == 400 and fields and fields <= BEYOND_THE_SCHEMA.get(operation_of(case), set())


@schemathesis.hook
def map_case(context, case):
    """Removes generated cursors: in a valid request the cursor comes from a link."""
    if case.meta and case.meta.generation.mode.is_positive and isinstance(case.query, dict):
        for name in ("cursor", "nextToken"):
            case.query.pop(name, None)
    return case


@schemathesis.hook
def filter_failure(context, failure, case, response):
    """Drops findings that are not failures of this API, each for its reason."""
    if isinstance(failure, RejectedPositiveData):
        return not rejected_beyond_the_schema(case, response)
    # An HTTP API of API Gateway does not respond 405: a method without a route is 404, with this message.
    if isinstance(failure, UnsupportedMethodResponse):
        return not (response.status_code == 404 and response.json() == {"message": "Not Found"})
    # DELETE cancels a job, and its record stays. A deleted schedule is gone, which is checked.
    if isinstance(failure, UseAfterFree):
        return not failure.free.startswith("DELETE /jobs/") or failure.free.startswith("DELETE /jobs/schedules/")
    return True
