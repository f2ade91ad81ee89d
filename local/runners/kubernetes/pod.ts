import * as z from 'zod';

const State = z.object({
  waiting: z.object({ reason: z.string().default(''), message: z.string().default('') }).optional(),
  running: z.object({}).optional(),
  terminated: z
    .object({ exitCode: z.number(), reason: z.string().default(''), message: z.string().default('') })
    .optional(),
});

/** The parts that the runner reads in a pod. */
export const Pod = z.object({
  metadata: z.object({ name: z.string(), uid: z.string() }),
  status: z
    .object({
      phase: z.string().optional(),
      reason: z.string().optional(),
      message: z.string().optional(),
      conditions: z
        .array(
          z.object({
            type: z.string(),
            status: z.string(),
            reason: z.string().default(''),
            message: z.string().default(''),
          }),
        )
        .default([]),
      containerStatuses: z.array(z.object({ name: z.string(), state: State.default({}) })).default([]),
    })
    .default({ conditions: [], containerStatuses: [] }),
});
export type Pod = z.infer<typeof Pod>;

/** A page of pods. */
export const Pods = z.object({ items: z.array(Pod) });

/** Describes how a pod's container ended, with the end of its output (kubelet keeps 2 KB); undefined while it runs. */
export function endingOf({ metadata, status }: Pod): string | undefined {
  for (const { state } of status.containerStatuses) {
    if (!state.terminated) continue;
    const { exitCode, reason, message } = state.terminated;
    // "Error" adds nothing to the exit code.
    const cause = reason === 'Error' || reason === '' ? '' : `${reason}, `;
    const output = message.trim();
    return `the container of ${metadata.name} ended with ${cause}exit code ${exitCode}${output && `: ${output}`}`;
  }
  if (status.phase === 'Failed' && status.message !== undefined) {
    return `the pod ${metadata.name} failed: ${status.reason ?? ''} ${status.message}`;
  }
  return undefined;
}
