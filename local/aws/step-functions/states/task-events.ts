import type { JsonObject } from '../json.ts';

/** The events of a task: their names, and the details about the resource. */
export interface TaskEvents {
  scheduled: string;
  started: string;
  succeeded: string;
  failed: string;
  /** For .sync resources: the service did not accept the request. */
  submitFailed?: string;
  timedOut: string;
  /** Details that all but the first share. */
  common: JsonObject;
  scheduling(input: string, region: string, limits: JsonObject): JsonObject;
}

/**
 * Selects the events of a resource. A plain function ARN has the older LambdaFunction… events;
 * arn:aws:states:::eks:runJob.sync has Task… events with resourceType "eks" and resource "runJob.sync".
 */
export function taskEvents(resource: string): TaskEvents {
  return resource.startsWith('arn:aws:lambda:') ? functionEvents(resource) : integrationEvents(resource);
}

function functionEvents(resource: string): TaskEvents {
  return {
    ...eventNames('LambdaFunction'),
    common: {},
    scheduling: (input, _region, limits) => {
      const shown = Object.entries(limits).filter(([name]) => name !== 'heartbeatInSeconds');
      return { resource, input, inputDetails: { truncated: false }, ...Object.fromEntries(shown) };
    },
  };
}

function integrationEvents(arn: string): TaskEvents {
  const [, service = '', action = ''] = /^arn:[^:]+:states:::(.+):([^:]+)$/.exec(arn) ?? [];
  const common = { resourceType: service, resource: action };
  return {
    ...eventNames('Task'),
    ...(action.endsWith('.sync') && { submitFailed: 'TaskSubmitFailed' }),
    common,
    scheduling: (parameters, region, limits) => ({ ...common, region, parameters, ...limits }),
  };
}

function eventNames(prefix: string) {
  return {
    scheduled: `${prefix}Scheduled`,
    started: `${prefix}Started`,
    succeeded: `${prefix}Succeeded`,
    failed: `${prefix}Failed`,
    timedOut: `${prefix}TimedOut`,
  };
}
