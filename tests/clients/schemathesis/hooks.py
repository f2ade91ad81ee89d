"""What Schemathesis has to be told about this API: formats it does not know, and answers that are right all the same."""

import schemathesis
from hypothesis import strategies as st
from schemathesis.openapi.checks import RejectedPositiveData, UnsupportedMethodResponse, UseAfterFree

ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe"]


# The hours of crontab(5): `*`, a step, a number, a range or a list. Once an hour at most, so that the ticks of all these schedules
# are few; what else crontab(5) says is tests/unit/cron's matter.
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

# Rules that JSON Schema cannot say: the fields that may be refused for them although they fit their schema.
BEYOND_THE_SCHEMA = {
    # How much a quantity is, and how much a job may have: a parameter of the stack.
    "createJob": {"resources.cpu", "resources.memory"},
    # The cursor of a page belongs to its query.
    "listJobs": {"cursor"},
    "listSchedules": {"cursor", "nextToken"},
    # It must be after now and after startAt, with a tick before it; and Unicode's versions know different characters.
    "createSchedule": {"endAt", "name", "resources.cpu", "resources.memory"},
    "createScheduleInList": {"endAt", "name", "resources.cpu", "resources.memory"},
    "changeSchedule": {"cron", "resources.cpu", "resources.memory"},
}


def operation_of(case):
    return case.operation.definition.raw.get("operationId")


def refused_beyond_the_schema(case, response):
    error = response.json().get("error", {})
    fields = {detail["field"] for detail in error.get("details", [])}
    return response.status_code == 400 and fields and fields <= BEYOND_THE_SCHEMA.get(operation_of(case), set())


@schemathesis.hook
def map_case(context, case):
    """A page's cursor cannot be made up: requests that are to be accepted have none but those that links give them."""
    if case.meta and case.meta.generation.mode.is_positive and isinstance(case.query, dict):
        for name in ("cursor", "nextToken"):
            case.query.pop(name, None)
    return case


@schemathesis.hook
def filter_failure(context, failure, case, response):
    """Drops what is no failure of this API; each with its reason."""
    if isinstance(failure, RejectedPositiveData):
        return not refused_beyond_the_schema(case, response)
    # An HTTP API of API Gateway knows no 405: a method that has no route is 404, in these words.
    if isinstance(failure, UnsupportedMethodResponse):
        return not (response.status_code == 404 and response.json() == {"message": "Not Found"})
    # DELETE cancels a job: its record stays and says so. Deleted schedules are gone, which is checked.
    if isinstance(failure, UseAfterFree):
        return not failure.free.startswith("DELETE /jobs/") or failure.free.startswith("DELETE /jobs/schedules/")
    return True
