import type { JsonObject } from '../json.ts';

/** The events of a task: their names, and what they say about the resource. */
export interface EventFamily {
  scheduled: string;
  started: string;
  succeeded: string;
  failed: string;
  timedOut: string;
  /** Details that all but the first have in common. */
  common: JsonObject;
  scheduling(input: string, region: string, limits: JsonObject): JsonObject;
}

/**
 * The family of a resource. A plain function ARN has the LambdaFunction… events of the time before service
 * integrations; arn:aws:states:::eks:runJob.sync has Task… events with resourceType "eks" and resource "runJob.sync".
 */
export function eventFamily(resource: string): EventFamily {
  return resource.startsWith('arn:aws:lambda:') ? lambdaFunction(resource) : integration(resource);
}

function lambdaFunction(resource: string): EventFamily {
  return {
    ...names('LambdaFunction'),
    common: {},
    scheduling: (input, _region, limits) => {
      const shown = Object.entries(limits).filter(([name]) => name !== 'heartbeatInSeconds');
      return { resource, input, inputDetails: { truncated: false }, ...Object.fromEntries(shown) };
    },
  };
}

function integration(arn: string): EventFamily {
  const [, service = '', action = ''] = /^arn:[^:]+:states:::(.+):([^:]+)$/.exec(arn) ?? [];
  const common = { resourceType: service, resource: action };
  return {
    ...names('Task'),
    common,
    scheduling: (parameters, region, limits) => ({ ...common, region, parameters, ...limits }),
  };
}

function names(prefix: string) {
  return {
    scheduled: `${prefix}Scheduled`,
    started: `${prefix}Started`,
    succeeded: `${prefix}Succeeded`,
    failed: `${prefix}Failed`,
    timedOut: `${prefix}TimedOut`,
  };
}
