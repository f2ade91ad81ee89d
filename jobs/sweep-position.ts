import * as z from 'zod';
import { sweepKey } from './protocol.ts';
import type { Write } from './write.ts';

/**
 * How far sweep has come through the executions of the state machine. Step Functions lists them by status, newest first and
 * in pages, so a pass begins at the present and goes back in time; it may need several sweeps. All times are starts of
 * executions, in epoch milliseconds.
 */

/** The statuses of executions that may lack a record. One that succeeded has a record: Settle returned its verdict. */
export const endedStatuses = ['FAILED', 'TIMED_OUT', 'ABORTED'] as const;
export type EndedStatus = (typeof endedStatuses)[number];

/** The position in one list: the executions that started after `before` are done. */
const Walk = z.object({
  before: z.number(),
  /** The page to continue with. AWS forgets it after 24 hours; `before` then says which executions to pass over. */
  token: z.string().optional(),
});
export type Walk = z.infer<typeof Walk>;

/** One pass: it covers the executions that started until `top`; later ones belong to the next pass. */
const Pass = z.object({
  top: z.number(),
  /** The start of the oldest execution of this pass that has no record yet. */
  unrecorded: z.number().optional(),
});
export type Pass = z.infer<typeof Pass>;

const RunningPass = Pass.extend({ walk: Walk });
const EndedPass = Pass.extend({
  /** A list that is complete is absent. */
  walks: z.object({ FAILED: Walk.optional(), TIMED_OUT: Walk.optional(), ABORTED: Walk.optional() }),
});

export const SweepPosition = z.object({
  /** Every execution that started earlier has a record. */
  recordedBefore: z.number(),
  /** What the last complete pass would have moved `recordedBefore` to. */
  lastPass: z.number().optional(),
  /** The pass through the running executions, if it needs more sweeps. */
  running: RunningPass.optional(),
  /** The pass through the executions that ended, if it needs more sweeps. */
  ended: EndedPass.optional(),
});
export type SweepPosition = z.infer<typeof SweepPosition>;

/** Reads the position that the last sweep wrote. Without one, or with one in another form, everything is examined again. */
export function parsePosition(text: string | undefined): SweepPosition {
  try {
    return SweepPosition.parse(JSON.parse(text ?? ''));
  } catch {
    return { recordedBefore: 0 };
  }
}

/** Writes the position. Two sweeps never run at once (serverless.yml); if they did, the older position would be right too. */
export const putPosition = (position: SweepPosition): Write => ({
  put: { ...sweepKey, json: JSON.stringify(position) },
});

/** Begins a pass through the running executions at this time. Of those that started after `top`, a later pass says what is recorded. */
export const runningPass = (at: number, top: number): z.infer<typeof RunningPass> => ({
  top,
  walk: { before: at },
});

/**
 * Begins a pass through the executions that ended, after a complete pass through the running ones: an execution that was not
 * running any more when its page was read is in these lists now.
 */
export function endedPass({ top, unrecorded }: Pass): z.infer<typeof EndedPass> {
  const walk = { before: top };
  return {
    top,
    ...(unrecorded !== undefined && { unrecorded }),
    walks: { FAILED: walk, TIMED_OUT: walk, ABORTED: walk },
  };
}

/** Notes an execution without a record: `recordedBefore` must not move past its start. */
export const withUnrecorded = <Any extends Pass>(pass: Any, startedAt: number): Any => ({
  ...pass,
  unrecorded: Math.min(pass.unrecorded ?? Infinity, startedAt),
});

/**
 * Moves `recordedBefore` when the pass is complete, only as far as the pass before it agrees: lists are eventually consistent,
 * and an execution that ended a moment ago may be neither among the running ones nor among those that ended.
 */
export function afterPass(position: SweepPosition): SweepPosition {
  const { ended, lastPass = 0, ...rest } = position;
  if (!ended || Object.values(ended.walks).some((walk) => walk !== undefined)) return position;
  const recorded = Math.min(ended.top, ended.unrecorded ?? Infinity);
  return {
    ...rest,
    lastPass: recorded,
    recordedBefore: Math.max(position.recordedBefore, Math.min(recorded, lastPass)),
  };
}
