/** The parts of the cluster that settle and sweep need; loaded when they are first needed. */
export { connect } from './connection.ts';
export { deleterOfJobs } from './delete-jobs.ts';
export { podsOfJobs } from './job-pods.ts';
export { readerOfWaitingJobs } from './waiting-jobs.ts';
