import * as z from 'zod';
import type { Manifest } from './job.ts';
import type { Pod } from './pod.ts';
import type { Place } from './probe.ts';

const Container = z.object({ image: z.string() });

/** Why the pod did not succeed: in whose hands it is, and what was heard. */
export interface Problem {
  of: 'image' | 'node' | 'pod' | 'program';
  heard: string;
}

/** What no waiting will mend. */
export function hopeless(pod: Pod): Problem | undefined {
  for (const { state } of pod.status.containerStatuses) {
    if (!state.waiting) continue;
    const { reason, message } = state.waiting;
    const heard = `${reason} ${message}`.trim();
    if (/^(ErrImage|ImagePull|ImageInspect|InvalidImage)/.test(reason)) return { of: 'image', heard };
    if (/^(CreateContainer|RunContainer)/.test(reason)) return { of: 'pod', heard };
  }
  return undefined;
}

/** Why a pod that had time enough has not ended. */
export function tooLate(pod: Pod | undefined): Problem | undefined {
  if (!pod) return undefined;
  const placed = pod.status.conditions.find(({ type }) => type === 'PodScheduled');
  if (placed?.status === 'False') return { of: 'node', heard: placed.message };
  const [container] = pod.status.containerStatuses;
  const { waiting, running } = container?.state ?? {};
  if (running) return { of: 'program', heard: 'the check in the pod does not end' };
  return {
    of: 'pod',
    heard: `it is still ${waiting?.reason ?? pod.status.phase ?? 'Pending'} ${waiting?.message ?? ''}`,
  };
}

/** The user's words for it, and what the user can do. */
export function explained({ of, heard }: Problem, manifest: Manifest, place: Place): string {
  const { image } = Container.parse(manifest.spec.template.spec.containers[0]);
  const heardFrom = heard.trim();
  switch (of) {
    case 'image':
      return (
        `the cluster of context ${place.context} cannot get the image ${image}: ${heardFrom}. ` +
        'npm run image -- --load kind|k3d|minikube|containerd builds it and takes it there; --image names another'
      );
    case 'node':
      return (
        `no node of the cluster takes a job's pod: ${heardFrom}. Look at --node-selector and at the nodes' taints ` +
        'and free room; where nodes come on demand, start again once one is there'
      );
    case 'pod':
      return (
        `the pod that checks the cluster does not start: ${heardFrom}. ` +
        `kubectl --context ${place.context} -n ${place.namespace} get events says more`
      );
    case 'program':
      return (
        `pods cannot use the table at ${place.table}: ${heardFrom}. Is that address (--advertise) reachable from ` +
        "the pods' network, through firewalls too? Where the cluster enforces NetworkPolicy, npm run k8s:apply -- " +
        `--context ${place.context} --table-address ${place.table.replace(/^https?:\/\//, '')} lets pods through`
      );
  }
}
