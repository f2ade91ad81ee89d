/** The job runner for your own cluster. */
export { openApiServer } from './api-server.ts';
export { forward } from './forwarder.ts';
export { ensurePermissions } from './permissions.ts';
export { probe } from './probe.ts';
export { KubernetesRunner } from './runner.ts';
