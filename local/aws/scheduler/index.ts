/** The local EventBridge Scheduler: what the rest of the service may use of it. */
export { Scheduler } from './scheduler.ts';
export type { SchedulerOptions } from './scheduler.ts';
export type { Deliver } from './firings.ts';
export { serve } from './wire/serve.ts';
