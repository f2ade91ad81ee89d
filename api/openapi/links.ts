import type { ZodOpenApiResponseObject } from 'zod-openapi';

type Links = NonNullable<ZodOpenApiResponseObject['links']>;

const each = (operationIds: readonly string[], parameters: Record<string, string>): Links =>
  Object.fromEntries(operationIds.map((operationId) => [operationId, { operationId, parameters }]));

/** What can be asked of a job next. @param jobId where its id is, as a runtime expression. */
export const linksOfJob = (jobId: string): Links =>
  each(['getJob', 'cancelJob', 'retryJob', 'getHistory', 'getLogs'], { jobId });

/** What can be asked of a schedule next. @param scheduleId where its id is, as a runtime expression. */
export const linksOfSchedule = (scheduleId: string): Links =>
  each(['getSchedule', 'changeSchedule', 'deleteSchedule', 'runSchedule'], { scheduleId });

/** Links a page of a list to the next page. */
export const linkToNextPage = (operationId: string): Links => ({
  nextPage: {
    operationId,
    parameters: { cursor: '$response.body#/cursor' },
    description: 'Use it with the same query. The last page does not have it.',
  },
});
