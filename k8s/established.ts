import { setTimeout as pause } from 'node:timers/promises';
import * as z from 'zod';
import type { ApiServer } from './api-server.ts';
import { ClusterFailure } from './failure.ts';
import { nameOf, referenceTo, type KubernetesObject, type ObjectReference } from './kubernetes-object.ts';

const Conditions = z.looseObject({
  status: z
    .looseObject({
      phase: z.string().optional(),
      conditions: z
        .array(z.looseObject({ type: z.string(), status: z.string(), message: z.string().default('') }))
        .default([]),
    })
    .optional(),
});

/** The condition of a kind that must be true before it works; the other kinds work as soon as they exist. */
const conditionOf: Readonly<Record<string, string>> = {
  NodePool: 'Ready',
  NodeClass: 'Ready',
  EC2NodeClass: 'Ready',
  CustomResourceDefinition: 'Established',
};

/** Describes what an object still lacks to work. @returns undefined when it works. */
function whatIsMissing(object: KubernetesObject): string | undefined {
  const { status } = Conditions.parse(object);
  if (object.kind === 'Namespace') return status?.phase === 'Active' ? undefined : 'it is not Active';
  const type = conditionOf[object.kind];
  if (type === undefined) return undefined;
  const condition = status?.conditions.find((candidate) => candidate.type === type);
  if (condition?.status === 'True') return undefined;
  return condition === undefined
    ? `it has no condition yet: does the controller of ${object.apiVersion} run?`
    : `it is not ${type}: ${condition.message}`;
}

/** Waits until every object works. @throws ClusterFailure naming what is missing after that many seconds. */
export async function waitUntilEstablished(
  server: ApiServer,
  objects: readonly KubernetesObject[],
  seconds: number,
): Promise<void> {
  for (const object of objects.filter(({ kind }) => kind === 'Namespace' || kind in conditionOf)) {
    const reference = referenceTo(object);
    await until(server, reference, seconds, (now) => (now === undefined ? 'it is gone' : whatIsMissing(now)));
  }
}

/** Waits until an object no longer exists. @throws ClusterFailure after that many seconds. */
export const waitUntilGone = (
  server: ApiServer,
  reference: ObjectReference,
  seconds: number,
): Promise<void> =>
  until(server, reference, seconds, (now) =>
    now === undefined
      ? undefined
      : 'it is still being deleted, and is gone when its contents have ended; run this again then',
  );

async function until(
  server: ApiServer,
  reference: ObjectReference,
  seconds: number,
  missingOf: (now: KubernetesObject | undefined) => string | undefined,
): Promise<void> {
  const deadline = performance.now() + seconds * 1000;
  for (;;) {
    const missing = missingOf(await server.read(reference));
    if (missing === undefined) return;
    if (performance.now() >= deadline) {
      throw new ClusterFailure(`${nameOf(reference)}: after ${seconds} s ${missing}`);
    }
    await pause(250);
  }
}
