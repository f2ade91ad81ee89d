/** Jobs in a cluster of one's own: what the rest of the service may use of it. */
export { ApiServer } from './api-server.ts';
export { forward } from './forwarder.ts';
export { ensurePermissions } from './permissions.ts';
export { probe } from './probe.ts';
export { KubernetesRunner } from './runner.ts';
