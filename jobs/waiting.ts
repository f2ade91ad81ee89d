import * as z from 'zod';
import type { WaitingView } from './answers/job.ts';

/** Why a job has not begun, in our own words: those of a cluster name its nodes and registries. */
const messages = {
  LimitReached: 'As many jobs run as may run at once; this one waits for its turn.',
  NoNode: 'No node has room for the job yet: one is on its way, or the limit on nodes is reached.',
  Starting: 'The job has a node; its image is fetched and its container made.',
  ImagePull: "The job's image cannot be fetched; Kubernetes tries again.",
  ContainerRefused: "The node cannot make the job's container; Kubernetes tries again.",
  Suspended: "The job's Kubernetes Job was suspended by somebody.",
} as const;

export const WaitingReason = z.enum([
  'LimitReached',
  'NoNode',
  'Starting',
  'ImagePull',
  'ContainerRefused',
  'Suspended',
]);
export type WaitingReason = z.infer<typeof WaitingReason>;

/** What a queued job waits for, as users see it. */
export const waitingView = (reason: WaitingReason): WaitingView => ({ reason, message: messages[reason] });
