/** The label of a job's Kubernetes Job and pods: the job's id. The state machine sets it (statemachines/run-job.asl.yml). */
export const jobIdLabel = 'eks-jobs/job-id';

/** The label with which Kueue, if a cluster uses it, suspends a Job until its turn comes. */
export const queueLabel = 'kueue.x-k8s.io/queue-name';
