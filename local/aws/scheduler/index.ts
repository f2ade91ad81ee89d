/** The local EventBridge Scheduler: what the rest of the service may use of it. */
export type { Deliver } from './firings.ts';
export { LocalScheduler, type SchedulerOptions } from './scheduler.ts';
export { serveScheduler } from './wire/serve.ts';
