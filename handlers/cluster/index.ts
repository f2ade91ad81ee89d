/** What settle and sweep need of a cluster; holds the Kubernetes client, so no other function may import it. */
export { connect } from './connection.ts';
export { deleterOfJobs } from './delete-jobs.ts';
export { readerOfWaitingJobs } from './waiting-jobs.ts';
