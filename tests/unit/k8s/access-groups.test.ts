import { expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import * as z from 'zod';
import { accessGroups, groupsOf } from '../../../k8s/access-groups.ts';
import { objectOf, render } from './manifest-sets.ts';

const AccessEntry = z.object({
  Type: z.literal('AWS::EKS::AccessEntry'),
  Properties: z.object({ PrincipalArn: z.string(), KubernetesGroups: z.array(z.string()) }),
});

/** The groups of resources/access.yml by role. CloudFormation's tags (!Sub, !GetAtt) become plain text. */
function deployedGroups(): Record<string, string[]> {
  const file = new URL('../../../resources/access.yml', import.meta.url);
  const { Resources } = z
    .object({ Resources: z.record(z.string(), z.unknown()) })
    .parse(parse(readFileSync(file, 'utf8'), { logLevel: 'silent' }));
  const entries = Object.values(Resources).flatMap((resource) => AccessEntry.safeParse(resource).data ?? []);
  return Object.fromEntries(
    entries.map(({ Properties: { PrincipalArn, KubernetesGroups } }) => [
      PrincipalArn.replace(/\.Arn$/, ''),
      KubernetesGroups.map((group) => group.replace('${JobNamespace}', 'jobs')),
    ]),
  );
}

test('the roles have the groups that the stack gives them', () => {
  const groups = Object.keys(accessGroups).map((role) => [
    role,
    groupsOf(role as keyof typeof accessGroups, 'jobs'),
  ]);
  expect(Object.fromEntries(groups)).toEqual(deployedGroups());
});

test('each group has a Role in the namespace of the jobs', () => {
  for (const group of Object.values(accessGroups).flat()) {
    expect(objectOf(render({ namespace: 'jobs' }), 'RoleBinding', group)).toMatchObject({
      roleRef: { kind: 'Role', name: group },
      subjects: [{ kind: 'Group', name: `jobs:${group}` }],
    });
  }
});
