import * as z from 'zod';
import { AcceptedJob, CancelledJob, JobHistory, JobList, JobLogs, JobView } from '../responses/job.ts';
import { JobId } from '../../jobs/ids.ts';
import { ListQuery } from '../job-list.ts';
import { JobRequest } from '../job-request.ts';
import { RetryRequest } from '../../jobs/retry.ts';
import { JobQuery } from '../../jobs/wait-for-end.ts';
import * as examples from './examples.ts';
import { linksOfJob, linkToNextPage } from './links.ts';
import { answer, idempotencyHeader, json, made, madeBefore, type Paths } from './operation.ts';
import { keyUsed, noSuchJob, wrongStatus } from './rejections.ts';

const { jobId } = examples;
const path = z.object({
  jobId: JobId.meta({ param: { description: 'The id that POST /jobs answered.', example: jobId } }),
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
        200: answer(
          'It was started before, by a request with this Idempotency-Key.',
          AcceptedJob,
          { jobId, status: 'RUNNING' },
          { headers: madeBefore(`/jobs/${jobId}`), links: ofNewJob },
        ),
        202: answer(
          'It is started.',
          AcceptedJob,
          { jobId, status: 'QUEUED' },
          { headers: made(`/jobs/${jobId}`), links: ofNewJob },
        ),
        409: keyUsed,
      },
    },
    get: {
      operationId: 'listJobs',
      tags: ['Jobs'],
      summary: 'List your jobs, newest first',
      description: 'A page may hold fewer than `limit`, even none, and still have a cursor.',
      requestParams: { query: ListQuery },
      responses: {
        200: answer(
          'A page of them.',
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
        200: answer('The job as it is now.', JobView, examples.job, { links: ofThisJob }),
        404: noSuchJob,
      },
    },
    delete: {
      operationId: 'cancelJob',
      tags: ['Jobs'],
      summary: 'Cancel a job',
      description: 'Its record stays. Cancelling a cancelled job again changes nothing.',
      requestParams: { path },
      responses: {
        202: answer('It is cancelled.', CancelledJob, { jobId, status: 'CANCELLED' }, { links: ofThisJob }),
        404: noSuchJob,
        409: wrongStatus,
      },
    },
  },
  '/jobs/{jobId}/retry': {
    post: {
      operationId: 'retryJob',
      tags: ['Jobs'],
      summary: 'Run a job again that has ended',
      description: 'A new job with the same input and limits, which names the old one as `retryOf`.',
      requestParams: { path, header: idempotencyHeader },
      requestBody: { content: json(RetryRequest.meta({ id: 'RetryRequest' }), {}) },
      responses: {
        200: answer(
          'It was run again before, by a request with this Idempotency-Key.',
          AcceptedJob,
          { jobId: examples.retryId, status: 'RUNNING', retryOf: jobId },
          { headers: madeBefore(`/jobs/${examples.retryId}`), links: ofNewJob },
        ),
        202: answer(
          'The new job is started.',
          AcceptedJob,
          { jobId: examples.retryId, status: 'QUEUED', retryOf: jobId },
          { headers: made(`/jobs/${examples.retryId}`), links: ofNewJob },
        ),
        404: noSuchJob,
        409: wrongStatus,
      },
    },
  },
  '/jobs/{jobId}/history': {
    get: {
      operationId: 'getHistory',
      tags: ['Jobs'],
      summary: 'Read what Step Functions did for a job',
      requestParams: { path },
      responses: {
        200: answer('Its events, the first thousand.', JobHistory, examples.history, { links: ofThisJob }),
        404: noSuchJob,
      },
    },
  },
  '/jobs/{jobId}/logs': {
    get: {
      operationId: 'getLogs',
      tags: ['Jobs'],
      summary: 'Read each attempt’s last lines',
      requestParams: { path },
      responses: {
        200: answer('The lines.', JobLogs, examples.logs, { links: ofThisJob }),
        404: noSuchJob,
      },
    },
  },
};
