import * as z from 'zod';
import { AcceptedJob } from '../responses/job.ts';
import { DeletedSchedule, ScheduleList, ScheduleView } from '../responses/schedule.ts';
import { ScheduleListQuery } from '../schedule-list.ts';
import { RunRequest, ScheduleChange, ScheduleRequest } from '../schedule-request.ts';
import * as examples from './examples.ts';
import {
  createdHeaders,
  idempotencyHeader,
  json,
  linksOfJob,
  linksOfSchedule,
  linkToNextPage,
  type Operation,
  type Paths,
  replayedHeaders,
  response,
} from './operation.ts';
import { keyUsed, limitsLowered, scheduleNotFound, scheduleBusy } from './rejections.ts';
import { ScheduleId } from '../../jobs/ids.ts';

const { jobId, scheduleId } = examples;
const path = z.object({
  scheduleId: ScheduleId.meta({
    param: { description: 'The id in the response of POST /jobs/schedule.', example: scheduleId },
  }),
});
const ofNew = linksOfSchedule('$response.body#/scheduleId');
const ofThis = linksOfSchedule('$request.path.scheduleId');
const ofItsJob = { ...linksOfJob('$response.body#/jobId'), ...ofThis };

const createSchedule: Operation = {
  operationId: 'createSchedule',
  tags: ['Schedules'],
  summary: 'Run a job whenever a cron expression is due',
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
    200: response(
      'An earlier request with this Idempotency-Key created it.',
      ScheduleView,
      examples.schedule,
      { headers: replayedHeaders(`/jobs/schedules/${scheduleId}`), links: ofNew },
    ),
    201: response('The schedule is created.', ScheduleView, examples.schedule, {
      headers: createdHeaders(`/jobs/schedules/${scheduleId}`),
      links: ofNew,
    }),
    409: keyUsed,
  },
};

export const schedulePaths: Paths = {
  '/jobs/schedule': {
    post: createSchedule,
  },
  '/jobs/schedules': {
    post: {
      ...createSchedule,
      operationId: 'createScheduleInList',
      description: 'The same as POST /jobs/schedule.',
    },
    get: {
      operationId: 'listSchedules',
      tags: ['Schedules'],
      summary: 'List your schedules, newest first',
      requestParams: { query: ScheduleListQuery },
      responses: {
        200: response(
          'A page of the schedules.',
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
        200: response('The schedule, with the input of its jobs.', ScheduleView, examples.schedule, {
          links: ofThis,
        }),
        404: scheduleNotFound,
      },
    },
    patch: {
      operationId: 'changeSchedule',
      tags: ['Schedules'],
      summary: 'Change, pause or resume a schedule',
      description: 'A field that is absent stays as it is. `enabled` pauses and resumes the schedule.',
      requestParams: { path },
      requestBody: {
        required: true,
        content: json(ScheduleChange.meta({ id: 'ScheduleChange' }), { enabled: false }),
      },
      responses: {
        200: response(
          'The schedule as it is now.',
          ScheduleView,
          { ...examples.schedule, status: 'PAUSED', state: 'PAUSED', nextRuns: [] },
          { links: ofThis },
        ),
        404: scheduleNotFound,
        409: scheduleBusy,
      },
    },
    delete: {
      operationId: 'deleteSchedule',
      tags: ['Schedules'],
      summary: 'Delete a schedule',
      description: 'Its jobs stay. A firing that is already under way still becomes a job.',
      requestParams: { path },
      responses: {
        200: response('The schedule is deleted.', DeletedSchedule, {
          scheduleId,
          status: 'DELETED',
          state: 'DELETED',
        }),
        404: scheduleNotFound,
        409: scheduleBusy,
      },
    },
  },
  '/jobs/schedules/{scheduleId}/run': {
    post: {
      operationId: 'runSchedule',
      tags: ['Schedules'],
      summary: 'Run a job of a schedule now',
      description: 'This is possible also while the schedule is paused.',
      requestParams: { path, header: idempotencyHeader },
      requestBody: { content: json(RunRequest.meta({ id: 'RunRequest' }), {}) },
      responses: {
        200: response(
          'An earlier request with this Idempotency-Key ran it.',
          AcceptedJob,
          { jobId, status: 'RUNNING', scheduleId },
          { headers: replayedHeaders(`/jobs/${jobId}`), links: ofItsJob },
        ),
        202: response(
          'The job is started.',
          AcceptedJob,
          { jobId, status: 'QUEUED', scheduleId },
          { headers: createdHeaders(`/jobs/${jobId}`), links: ofItsJob },
        ),
        404: scheduleNotFound,
        409: limitsLowered,
      },
    },
  },
};
