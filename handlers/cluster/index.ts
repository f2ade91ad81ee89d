/** What settle needs of a cluster; holds the Kubernetes client, so no other function may import it. */
export { connect } from './connection.ts';
export { deleterOfJobs } from './delete-jobs.ts';
