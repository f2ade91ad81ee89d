/** What settle and sweep need of a cluster; loaded when it is first needed. */
export { connect } from './connection.ts';
export { deleterOfJobs } from './delete-jobs.ts';
export { readerOfWaitingJobs } from './waiting-jobs.ts';
