import * as z from 'zod';
import { AcceptedJob } from '../responses/job.ts';
import { DeletedSchedule, ScheduleList, ScheduleView } from '../responses/schedule.ts';
import { ScheduleId } from '../../jobs/schedules/id.ts';
import { RunRequest } from '../../jobs/schedules/scheduled-job.ts';
import { ScheduleListQuery } from '../schedule-list.ts';
import { ScheduleChange, ScheduleRequest } from '../schedule-request.ts';
import * as examples from './examples.ts';
import { linksOfJob, linksOfSchedule, linkToNextPage } from './links.ts';
import { answer, idempotencyHeader, json, made, madeBefore, type Paths } from './operation.ts';
import { keyUsed, noSuchSchedule, scheduleBusy } from './rejections.ts';

const { jobId, scheduleId } = examples;
const path = z.object({
  scheduleId: ScheduleId.meta({
    param: { description: 'The id that POST /jobs/schedule answered.', example: scheduleId },
  }),
});
const ofNew = linksOfSchedule('$response.body#/scheduleId');
const ofThis = linksOfSchedule('$request.path.scheduleId');
const ofItsJob = { ...linksOfJob('$response.body#/jobId'), ...ofThis };

export const schedulePaths: Paths = {
  '/jobs/schedule': {
    post: {
      operationId: 'createSchedule',
      tags: ['Schedules'],
      summary: 'Run a job whenever a cron expression says',
      requestParams: { header: idempotencyHeader },
      requestBody: {
        required: true,
        content: json(ScheduleRequest.meta({ id: 'ScheduleRequest' }), {
          cron: '0 7 * * MON',
          timezone: 'Europe/Berlin',
          name: 'weekly report',
          input: { source: 'synthetic', records: 100 },
          timeoutSeconds: 600,
          labels: { team: 'search' },
        }),
      },
      responses: {
        200: answer(
          'It was made before, by a request with this Idempotency-Key.',
          ScheduleView,
          examples.schedule,
          { headers: madeBefore(`/jobs/schedules/${scheduleId}`), links: ofNew },
        ),
        201: answer('It is made.', ScheduleView, examples.schedule, {
          headers: made(`/jobs/schedules/${scheduleId}`),
          links: ofNew,
        }),
        409: keyUsed,
      },
    },
  },
  '/jobs/schedules': {
    get: {
      operationId: 'listSchedules',
      tags: ['Schedules'],
      summary: 'List your schedules, newest first',
      requestParams: { query: ScheduleListQuery },
      responses: {
        200: answer(
          'A page of them.',
          ScheduleList,
          { schedules: [examples.scheduleSummary] },
          {
            links: {
              ...linksOfSchedule('$response.body#/schedules/0/scheduleId'),
              ...linkToNextPage('listSchedules'),
            },
          },
        ),
      },
    },
  },
  '/jobs/schedules/{scheduleId}': {
    get: {
      operationId: 'getSchedule',
      tags: ['Schedules'],
      summary: 'Read a schedule',
      requestParams: { path },
      responses: {
        200: answer('The schedule, with the input of its jobs.', ScheduleView, examples.schedule, {
          links: ofThis,
        }),
        404: noSuchSchedule,
      },
    },
    patch: {
      operationId: 'changeSchedule',
      tags: ['Schedules'],
      summary: 'Change, pause or resume a schedule',
      description: 'What is absent stays as it is; `enabled` pauses and resumes.',
      requestParams: { path },
      requestBody: {
        required: true,
        content: json(ScheduleChange.meta({ id: 'ScheduleChange' }), { enabled: false }),
      },
      responses: {
        200: answer(
          'The schedule as it is now.',
          ScheduleView,
          { ...examples.schedule, status: 'PAUSED', state: 'PAUSED', nextRuns: [] },
          { links: ofThis },
        ),
        404: noSuchSchedule,
        409: scheduleBusy,
      },
    },
    delete: {
      operationId: 'deleteSchedule',
      tags: ['Schedules'],
      summary: 'Delete a schedule',
      description: 'Its jobs stay, and a tick on its way still becomes one.',
      requestParams: { path },
      responses: {
        200: answer('It is deleted.', DeletedSchedule, { scheduleId, status: 'DELETED', state: 'DELETED' }),
        404: noSuchSchedule,
        409: scheduleBusy,
      },
    },
  },
  '/jobs/schedules/{scheduleId}/run': {
    post: {
      operationId: 'runSchedule',
      tags: ['Schedules'],
      summary: 'Run a job of a schedule now',
      description: 'Also while it is paused.',
      requestParams: { path, header: idempotencyHeader },
      requestBody: { content: json(RunRequest.meta({ id: 'RunRequest' }), {}) },
      responses: {
        200: answer(
          'It was run before, by a request with this Idempotency-Key.',
          AcceptedJob,
          { jobId, status: 'RUNNING', scheduleId },
          { headers: madeBefore(`/jobs/${jobId}`), links: ofItsJob },
        ),
        202: answer(
          'The job is started.',
          AcceptedJob,
          { jobId, status: 'QUEUED', scheduleId },
          { headers: made(`/jobs/${jobId}`), links: ofItsJob },
        ),
        404: noSuchSchedule,
      },
    },
  },
};
