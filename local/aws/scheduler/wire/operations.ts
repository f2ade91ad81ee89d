import * as requests from '../requests.ts';
import type { LocalScheduler } from '../scheduler.ts';
import type { Schedule, ScheduleGroup } from '../store.ts';

/** The fields of a request: those of the body, overridden by the labels of the path and the query. */
export type RequestFields = Readonly<Record<string, unknown>>;

const seconds = (milliseconds: number): number => milliseconds / 1000;

const { parseRequest } = requests;

/** The operations of the REST API by method and path. Dates in responses are epoch seconds. */
export const schedulerOperations: Readonly<
  Record<string, (service: LocalScheduler, fields: RequestFields) => object>
> = {
  'POST /schedules/{Name}': (service, fields) => ({
    ScheduleArn: service.createSchedule(parseRequest(requests.PutScheduleRequest, fields)),
  }),
  'PUT /schedules/{Name}': (service, fields) => ({
    ScheduleArn: service.updateSchedule(parseRequest(requests.PutScheduleRequest, fields)),
  }),
  'GET /schedules/{Name}': (service, fields) => {
    const { Name, groupName } = parseRequest(requests.ScheduleReference, fields);
    const schedule = service.getSchedule(groupName, Name);
    return { ...schedule.spec, ...datesOf(schedule) };
  },
  'DELETE /schedules/{Name}': (service, fields) => {
    const { Name, groupName } = parseRequest(requests.ScheduleReference, fields);
    service.deleteSchedule(groupName, Name);
    return {};
  },
  'GET /schedules': (service, fields) => {
    const { schedules, nextToken } = service.listSchedules(
      parseRequest(requests.ListSchedulesRequest, fields),
    );
    return { Schedules: schedules.map(summaryOf), NextToken: nextToken };
  },
  'POST /schedule-groups/{Name}': (service, fields) => {
    const { Name, ClientToken } = parseRequest(requests.GroupRequest, fields);
    return { ScheduleGroupArn: service.createGroup(Name, ClientToken ?? null) };
  },
  'GET /schedule-groups/{Name}': (service, fields) =>
    groupDetails(service.getGroup(parseRequest(requests.GroupReference, fields).Name)),
  'DELETE /schedule-groups/{Name}': (service, fields) => {
    service.deleteGroup(parseRequest(requests.GroupReference, fields).Name);
    return {};
  },
  'GET /schedule-groups': (service, fields) => {
    const { groups, nextToken } = service.listGroups(parseRequest(requests.ListGroupsRequest, fields));
    return { ScheduleGroups: groups.map(groupDetails), NextToken: nextToken };
  },
};

const datesOf = ({ arn, created, modified }: Pick<Schedule, 'arn' | 'created' | 'modified'>) => ({
  Arn: arn,
  CreationDate: seconds(created),
  LastModificationDate: seconds(modified),
});

const groupDetails = (group: ScheduleGroup) => ({ ...datesOf(group), Name: group.name, State: 'ACTIVE' });

/** Makes a schedule's entry in a list; as on AWS, without the expression. */
function summaryOf(schedule: Schedule) {
  const { Name, GroupName, State, Target } = schedule.spec;
  return { ...datesOf(schedule), Name, GroupName, State, Target: { Arn: Target.Arn } };
}
