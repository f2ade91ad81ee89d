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

// Opinions that are not ours: the schemas of the Kubernetes versions that the jobs meet, and kube-score's advice.

const python = fileURLToPath(new URL('../../.venv/bin/', import.meta.url));

/** The test cluster's, and the newest that EKS has in standard support. */
const versions = ['1.34', '1.36'];

/** What kube-score says of the Job, and why it is as it is. A finding that is not here fails, and so does a line without a finding. */
const explained: Record<string, string> = {
  'container-image-pull-policy':
    'tags are made from content and immutable: Always would only ask a registry more often',
  'container-resources':
    'a CPU limit would hold a job back while its node idles; memory and disk have limits',
};

let folder: string;
let file: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'eks-jobs-manifests-'));
  file = join(folder, 'all.yml');
  const { objects } = renderManifests(readManifests(), {});
  const job = await jobManifest('01jdd0000000000000000000aa', namespace);
  // Step Functions is told the namespace beside the Job.
  const all = [...objects, { ...job, metadata: { ...job.metadata, namespace } }];
  writeFileSync(file, all.map((object) => stringify(object, { aliasDuplicateObjects: false })).join('---\n'));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

describe.each(versions)('the schemas of Kubernetes %s', (version) => {
  test('know every field, and no value is of a wrong type', () => {
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

test('kube-score finds nothing that is not explained', () => {
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
