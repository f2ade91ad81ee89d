import * as z from 'zod';
import { AcceptedJob, CancelledJob, JobHistory, JobList, JobLogs, JobView } from '../responses/job.ts';
import { JobId } from '../../jobs/ids.ts';
import { JobListQuery } from '../job-list.ts';
import { JobQuery, JobRequest, RetryRequest } from '../job-request.ts';
import * as examples from './examples.ts';
import {
  createdHeaders,
  idempotencyHeader,
  json,
  linksOfJob,
  linkToNextPage,
  type Paths,
  replayedHeaders,
  response,
} from './operation.ts';
import { keyUsed, jobNotFound, wrongStatus } from './rejections.ts';

const { jobId } = examples;
const path = z.object({
  jobId: JobId.meta({ param: { description: 'The id in the response of POST /jobs.', example: jobId } }),
});
const ofNewJob = linksOfJob('$response.body#/jobId');
const ofThisJob = linksOfJob('$request.path.jobId');

export const jobPaths: Paths = {
  '/jobs': {
    post: {
      operationId: 'createJob',
      tags: ['Jobs'],
      summary: 'Start a job',
      description: 'An empty body runs the demonstration.',
      requestParams: { header: idempotencyHeader },
      requestBody: { content: json(JobRequest.meta({ id: 'JobRequest' }), examples.jobRequest) },
      responses: {
        200: response(
          'An earlier request with this Idempotency-Key started it.',
          AcceptedJob,
          { jobId, status: 'RUNNING' },
          { headers: replayedHeaders(`/jobs/${jobId}`), links: ofNewJob },
        ),
        202: response(
          'The job is started.',
          AcceptedJob,
          { jobId, status: 'QUEUED' },
          { headers: createdHeaders(`/jobs/${jobId}`), links: ofNewJob },
        ),
        409: keyUsed,
      },
    },
    get: {
      operationId: 'listJobs',
      tags: ['Jobs'],
      summary: 'List your jobs, newest first',
      description: 'A page may hold fewer jobs than `limit`, even none, and still have a cursor.',
      requestParams: { query: JobListQuery },
      responses: {
        200: response(
          'A page of the jobs.',
          JobList,
          { jobs: [examples.jobSummary], cursor: 'WyIyMDI2LTExLTI3VDEwOjAw' },
          {
            links: {
              ...linksOfJob('$response.body#/jobs/0/jobId'),
              ...linkToNextPage('listJobs'),
            },
          },
        ),
      },
    },
  },
  '/jobs/{jobId}': {
    get: {
      operationId: 'getJob',
      tags: ['Jobs'],
      summary: 'Read a job, or wait for its end',
      requestParams: { path, query: JobQuery },
      responses: {
        200: response('The job as it is now.', JobView, examples.job, {
          headers: z.object({
            'Retry-After': z
              .int()
              .min(1)
              .optional()
              .meta({
                header: {
                  description:
                    'Seconds to wait before the next request; only present if the request did not wait, because too many ' +
                    'requests wait already.',
                  example: 5,
                },
              }),
          }),
          links: ofThisJob,
        }),
        404: jobNotFound,
      },
    },
    delete: {
      operationId: 'cancelJob',
      tags: ['Jobs'],
      summary: 'Cancel a job',
      description: 'Its record stays. To cancel a cancelled job again changes nothing.',
      requestParams: { path },
      responses: {
        202: response(
          'The job is cancelled.',
          CancelledJob,
          { jobId, status: 'CANCELLED' },
          { links: ofThisJob },
        ),
        404: jobNotFound,
        409: wrongStatus,
      },
    },
  },
  '/jobs/{jobId}/retry': {
    post: {
      operationId: 'retryJob',
      tags: ['Jobs'],
      summary: 'Run an ended job again',
      description:
        'Starts a new job with the same input and options. Its `retryOf` is the id of the old job.',
      requestParams: { path, header: idempotencyHeader },
      requestBody: { content: json(RetryRequest.meta({ id: 'RetryRequest' }), {}) },
      responses: {
        200: response(
          'An earlier request with this Idempotency-Key ran it again.',
          AcceptedJob,
          { jobId: examples.retryId, status: 'RUNNING', retryOf: jobId },
          { headers: replayedHeaders(`/jobs/${examples.retryId}`), links: ofNewJob },
        ),
        202: response(
          'The new job is started.',
          AcceptedJob,
          { jobId: examples.retryId, status: 'QUEUED', retryOf: jobId },
          { headers: createdHeaders(`/jobs/${examples.retryId}`), links: ofNewJob },
        ),
        404: jobNotFound,
        409: wrongStatus,
      },
    },
  },
  '/jobs/{jobId}/history': {
    get: {
      operationId: 'getHistory',
      tags: ['Jobs'],
      summary: 'Read the history of a job’s execution',
      requestParams: { path },
      responses: {
        200: response(
          'The first thousand events of its execution in Step Functions.',
          JobHistory,
          examples.history,
          { links: ofThisJob },
        ),
        404: jobNotFound,
      },
    },
  },
  '/jobs/{jobId}/logs': {
    get: {
      operationId: 'getLogs',
      tags: ['Jobs'],
      summary: 'Read the last log lines of each attempt',
      requestParams: { path },
      responses: {
        200: response('The last log lines of each attempt.', JobLogs, examples.logs, { links: ofThisJob }),
        404: jobNotFound,
      },
    },
  },
};
