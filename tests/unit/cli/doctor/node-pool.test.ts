import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runDoctorOnStack, FakeEnvironment } from './fake-environment.ts';

const environment = new FakeEnvironment();

describe('the NodePool, in the cluster of a context', () => {
  let directory: string;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'eks-jobs-doctor-'));
    const config = {
      ...{ apiVersion: 'v1', kind: 'Config', 'current-context': 'other' },
      clusters: [
        { name: 'c', cluster: { server: environment.server.url, 'insecure-skip-tls-verify': true } },
      ],
      users: [{ name: 'u', user: { token: 't' } }],
      contexts: [{ name: 'mine', context: { cluster: 'c', user: 'u' } }],
    };
    writeFileSync(join(directory, 'config'), JSON.stringify(config));
  });

  afterEach(() => {
    rmSync(directory, { recursive: true });
  });

  const inContext = (context: string) =>
    runDoctorOnStack('--no-canary', '--context', context, '--kubeconfig', join(directory, 'config'));

  test('is ready', async () => {
    environment.pool = { conditions: [{ type: 'Ready', status: 'True' }] };
    expect((await inContext('mine')).by('node pool')).toMatchObject({
      outcome: 'ok',
      message: 'NodePool eks-jobs-dev is ready',
    });
  });

  test('is not ready, and the reason is reported', async () => {
    const condition = {
      type: 'NodeClassReady',
      status: 'False',
      reason: 'NotFound',
      message: 'no NodeClass',
    };
    environment.pool = { conditions: [condition, { type: 'Ready', status: 'False' }] };
    const { code, by } = await inContext('mine');
    expect(code).toBe(1);
    expect(by('node pool')?.message).toContain('is not ready: NodeClassReady: NotFound, no NodeClass');
  });

  test('does not exist', async () => {
    expect((await inContext('mine')).by('node pool')).toMatchObject({
      outcome: 'failed',
      message: expect.stringContaining('the NodePool eks-jobs-dev does not exist'),
    });
  });

  test('is not checked in a context that does not exist', async () => {
    expect((await inContext('your')).by('node pool')).toMatchObject({
      outcome: 'skipped',
      message: expect.stringContaining('does not have the context your; it has mine'),
    });
  });

  test('is not checked if the stack has none', async () => {
    environment.stack.parameters['NodeClass'] = 'none';
    expect((await inContext('mine')).by('node pool')).toMatchObject({ outcome: 'skipped' });
  });
});
