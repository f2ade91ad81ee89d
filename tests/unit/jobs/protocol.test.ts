import { describe, expect, test } from '@jest/globals';
import protocol from '../../../jobs/protocol.json' with { type: 'json' };
import {
  AttemptStatus,
  attemptKey,
  Counter,
  countersKey,
  inputKey,
  jobCounter,
  jobKey,
  JobStatus,
  openPartition,
  waitSlotKey,
  shardOf,
  TerminalStatus,
} from '../../../jobs/protocol.ts';
import { golden } from '../../harness/golden.ts';

describe('the names of the protocol are those of protocol.json, as in the container', () => {
  test('statuses and counters', () => {
    expect(JobStatus.options).toEqual(protocol.jobStatuses);
    expect(TerminalStatus.options).toEqual(protocol.terminalStatuses);
    expect(AttemptStatus.options).toEqual(protocol.attemptStatuses);
    expect(jobCounter).toEqual(protocol.counters.jobs);
    expect(Counter.options).toEqual([
      ...protocol.counters.attempts,
      ...Object.values(protocol.counters.jobs),
    ]);
  });

  test('keys', () => {
    expect([jobKey('a'), inputKey('a'), attemptKey('a', 2), countersKey('f')]).toEqual([
      { pk: 'JOB#a', sk: 'JOB' },
      { pk: 'JOB#a', sk: 'INPUT' },
      { pk: 'JOB#a', sk: 'ATTEMPT#2' },
      { pk: 'STATS#f', sk: 'STATS' },
    ]);
    expect(openPartition('0')).toBe('OPEN#0');
    expect(waitSlotKey(3)).toEqual({ pk: 'WAIT#3', sk: 'WAIT' });
    // Only the container writes the result.
    expect(protocol.keys.sort.result).toBe('RESULT');
  });

  test.each(Object.entries(golden.shards))('job %s is counted in shard %s', (jobId, shard) => {
    expect(shardOf(jobId)).toBe(shard);
    expect(protocol.shards).toContain(shard);
  });
});
