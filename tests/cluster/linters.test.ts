import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import * as z from 'zod';
import { readManifests, renderManifests } from '../../k8s/manifests.ts';
import { jobManifest } from '../harness/cluster/job-manifest.ts';
import { namespace } from '../harness/cluster/service.ts';

// Checks by other projects: the schemas of the Kubernetes versions on which jobs run, and kube-score.

const python = fileURLToPath(new URL('../../.venv/bin/', import.meta.url));

/** The version of the test cluster, and the newest version in standard support on EKS. */
const versions = ['1.34', '1.36'];

/** The findings of kube-score that are accepted, and why. Other findings fail the test, and so do entries without a finding. */
const explained: Record<string, string> = {
  'container-image-pull-policy':
    'tags are hashes of the content and immutable: Always would only call the registry more often',
  'container-resources':
    'a CPU limit would slow a job down while its node is idle; memory and disk have limits',
};

let folder: string;
let file: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'eks-jobs-manifests-'));
  file = join(folder, 'all.yml');
  const { objects } = renderManifests(readManifests(), {});
  const job = await jobManifest('01jdd0000000000000000000aa', namespace);
  // Step Functions gets the namespace in a separate argument, not in the Job.
  const allObjects = [...objects, { ...job, metadata: { ...job.metadata, namespace } }];
  writeFileSync(
    file,
    allObjects.map((object) => stringify(object, { aliasDuplicateObjects: false })).join('---\n'),
  );
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

describe.each(versions)('the schemas of Kubernetes %s', (version) => {
  test('have every field, and every value has the right type', () => {
    const { status, stdout, stderr } = spawnSync(
      join(python, 'kubernetes-validate'),
      ['--strict', '--kubernetes-version', version, file],
      { encoding: 'utf8' },
    );
    expect({ status, output: stdout + stderr }).toMatchObject({ status: 0 });
  });
});

const Score = z.array(
  z.object({
    object_name: z.string(),
    checks: z.array(
      z.object({
        check: z.object({ id: z.string() }),
        grade: z.number(),
        skipped: z.boolean(),
        comments: z.array(z.object({ summary: z.string() })).nullable(),
      }),
    ),
  }),
);

test('kube-score has only findings that are explained', () => {
  const { stdout } = spawnSync(
    'kube-score',
    ['score', '--output-format', 'json', '--output-version', 'v2', file],
    {
      encoding: 'utf8',
    },
  );
  const findings = Score.parse(JSON.parse(stdout)).flatMap(({ object_name: object, checks }) =>
    checks
      .filter(({ grade, skipped }) => !skipped && grade < 10)
      .map(({ check, comments }) => ({ object, check: check.id, comments })),
  );
  expect(findings.filter(({ check }) => !(check in explained))).toEqual([]);
  expect([...new Set(findings.map(({ check }) => check))].sort()).toEqual(Object.keys(explained).sort());
});
