import { afterEach, describe, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { denyNewRoles } from './deny-new-roles.ts';
import { identity } from '../harness/cluster/identities.ts';
import { applyObjects, kubectl } from '../harness/cluster/kubectl.ts';
import { manifestCommand, manifestsDone } from './manifest-command.ts';

/** npm run k8s:apply, k8s:diff and k8s:delete against a real API server. */

const namespaces: string[] = [];

/** Each test has a namespace that no other knows. */
function freshNamespace(): string {
  const name = `apply-${String(namespaces.length)}`;
  namespaces.push(name);
  return name;
}

afterEach(async () => {
  await kubectl('delete', 'namespace', '--ignore-not-found', '--wait=false', ...namespaces);
});

const List = z.object({
  items: z.array(
    z.object({ kind: z.string(), metadata: z.object({ name: z.string(), resourceVersion: z.string() }) }),
  ),
});

const kinds = 'serviceaccounts,roles,rolebindings,networkpolicies,configmaps';

/** The cluster's own, made a moment after the namespace. */
const ownedByCluster = ['kube-root-ca.crt', 'default'];

/** Every other object of the namespace with its version: any write by anybody moves one. */
async function versions(namespace: string): Promise<Record<string, string>> {
  const parts = [
    await kubectl('get', kinds, '--namespace', namespace, '--output', 'json'),
    await kubectl('get', 'namespaces', `--field-selector=metadata.name=${namespace}`, '--output', 'json'),
  ];
  const items = parts
    .flatMap((part) => List.parse(JSON.parse(part)).items)
    .filter(({ metadata }) => !ownedByCluster.includes(metadata.name));
  return Object.fromEntries(
    items.map(({ kind, metadata }) => [`${kind} ${metadata.name}`, metadata.resourceVersion]),
  );
}

const exists = async (...reference: string[]): Promise<boolean> =>
  (await kubectl('get', '--ignore-not-found', '--output=name', ...reference)) !== '';

describe('k8s:apply', () => {
  test('a second time writes nothing at all', async () => {
    const namespace = freshNamespace();
    await manifestsDone('apply', '--namespace', namespace);
    const before = await versions(namespace);
    const output = await manifestsDone('apply', '--namespace', namespace);
    expect(Object.keys(before)).toContain('Role run-job');
    expect(await versions(namespace)).toEqual(before);
    expect(
      output
        .trim()
        .split('\n')
        .filter((line) => !line.startsWith('unchanged ')),
    ).toEqual([]);
  });

  test('repairs what somebody changed by hand, and k8s:diff shows it first', async () => {
    const namespace = freshNamespace();
    const here = ['--namespace', namespace];
    await manifestsDone('apply', ...here);
    const widened = '[{"op":"add","path":"/rules/0/verbs/-","value":"patch"}]';
    await kubectl('patch', 'role', 'settle-job', ...here, '--type=json', `--patch=${widened}`);

    const shown = await manifestCommand('diff', '--context', 'cluster', ...here);
    expect(shown.code).toBe(1);
    expect(shown.output).toContain(`--- Role settle-job in ${namespace} (in the cluster)\n`);
    expect(shown.output.split('\n').filter((line) => /^[-+] /.test(line))).toEqual(['-      - patch']);

    expect(await manifestsDone('apply', ...here)).toContain(`changed Role settle-job in ${namespace}\n`);
    expect(await manifestsDone('diff', ...here)).toBe('');
  });

  test('removes what the set no longer has, and nothing that somebody else made, whatever its labels', async () => {
    const namespace = freshNamespace();
    const here = ['--namespace', namespace];
    await manifestsDone('apply', ...here, '--table-address', '10.0.0.1:3002');
    const labels = { 'app.kubernetes.io/part-of': 'eks-jobs' };
    const metadata = { name: 'not-ours', namespace, labels };
    await applyObjects({ apiVersion: 'v1', kind: 'ConfigMap', metadata });

    const shown = await manifestCommand('diff', '--context', 'cluster', ...here);
    expect(shown.code).toBe(1);
    expect(shown.output).toContain(`--- NetworkPolicy table-egress in ${namespace} (in the cluster)\n`);
    await manifestsDone('apply', ...here);
    expect(await exists('networkpolicy', 'table-egress', ...here)).toBe(false);
    expect(await exists('networkpolicy', 'job-egress', ...here)).toBe(true);
    expect(await exists('configmap', 'not-ours', ...here)).toBe(true);
    expect(await manifestsDone('diff', ...here)).toBe('');
  });

  // The inventory is written before the objects: what a run made that was cut off is known to the next.
  test('removes what a run made that was cut off in the middle', async () => {
    const namespace = freshNamespace();
    const here = ['--namespace', namespace];
    await manifestsDone('apply', ...here);
    await kubectl('delete', 'role', 'run-job', ...here);
    const allow = await denyNewRoles(namespace);
    const cut = await manifestCommand('apply', '--context', 'cluster', ...here, '--service-account', 'other');
    expect(cut.code).toBe(1);
    expect(cut.errors).toMatch(new RegExp(`^eks-jobs: Role run-job in ${namespace}: .*not now`));
    expect(await exists('serviceaccount', 'other', ...here)).toBe(true);

    await allow();
    const output = await manifestsDone('apply', ...here);
    expect(output).toContain(`created Role run-job in ${namespace}\n`);
    expect(output).toContain(`deleted ServiceAccount other in ${namespace}\n`);
    expect(await manifestsDone('diff', ...here)).toBe('');
  });

  test('goes on when the API server restarts in the middle', async () => {
    const namespace = freshNamespace();
    const applying = manifestsDone('apply', '--namespace', namespace);
    await kubectl('wait', '--for=create', `namespace/${namespace}`, '--timeout=60s');
    const pid = readFileSync(join(process.env['CLUSTER_DIRECTORY'] ?? '', 'pid', 'kube-apiserver'), 'utf8');
    process.kill(Number(pid), 'SIGKILL');
    expect(await applying).toContain(`created NetworkPolicy job-egress in ${namespace}\n`);
    expect(await manifestsDone('diff', '--namespace', namespace)).toBe('');
  });

  test('leaves alone what has our names and is not ours, unless told to take it over', async () => {
    const namespace = freshNamespace();
    const here = ['--namespace', namespace];
    await kubectl('create', 'namespace', namespace);
    await kubectl('create', 'role', 'run-job', ...here, '--verb=get', '--resource=pods');
    const before = await versions(namespace);

    const refused = await manifestCommand('apply', '--context', 'cluster', ...here);
    expect(refused.code).toBe(1);
    expect(refused.errors).toMatch(
      `eks-jobs: not made by this command: Namespace ${namespace}, Role run-job in ${namespace}. `,
    );
    expect(await versions(namespace)).toEqual(before);

    await manifestsDone('apply', ...here, '--adopt');
    await manifestsDone('apply', ...here);
    const output = await manifestsDone('delete', ...here);
    expect(output).toContain(`released Role run-job in ${namespace}\n`);
    expect(output).toContain(`released Namespace ${namespace}\n`);
    expect(await exists('role', 'run-job', ...here)).toBe(true);
    expect(await exists('role', 'settle-job', ...here)).toBe(false);
    expect(await kubectl('get', 'namespace', namespace, '--show-labels')).not.toContain('pod-security');
  });
});

describe('k8s:delete', () => {
  test('removes all of it, and has nothing to do the second time', async () => {
    const namespace = freshNamespace();
    await manifestsDone('apply', '--namespace', namespace);
    expect(await manifestsDone('delete', '--namespace', namespace)).toContain(
      `deleted Namespace ${namespace}\n`,
    );
    expect(await exists('namespace', namespace)).toBe(false);
    expect(await manifestsDone('delete', '--namespace', namespace)).toBe('');
  });

  // Deleting a namespace deletes everything in it: a job under way, somebody's Secret.
  test('keeps a namespace that holds something else, says what, and finishes when it is gone', async () => {
    const namespace = freshNamespace();
    const here = ['--namespace', namespace];
    await manifestsDone('apply', ...here);
    await kubectl('create', 'secret', 'generic', 'not-ours', ...here);
    const kept = await manifestCommand('delete', '--context', 'cluster', ...here);
    expect(kept.code).toBe(0);
    expect(kept.errors).toContain(`namespace ${namespace} stays, it holds Secret not-ours; `);
    expect(await exists('secret', 'not-ours', ...here)).toBe(true);
    expect(await exists('role', 'run-job', ...here)).toBe(false);

    await kubectl('delete', 'secret', 'not-ours', ...here);
    expect(await manifestsDone('delete', ...here)).toBe(`deleted Namespace ${namespace}\n`);
  });

  test('leaves what somebody made anew under our name', async () => {
    const namespace = freshNamespace();
    const here = ['--namespace', namespace];
    await manifestsDone('apply', ...here);
    await kubectl('delete', 'role', 'run-job', ...here);
    await kubectl('create', 'role', 'run-job', ...here, '--verb=get', '--resource=pods');
    const { output, errors } = await manifestCommand('delete', '--context', 'cluster', ...here);
    expect(output).toContain(`left Role run-job in ${namespace}\n`);
    expect(errors).toContain('it holds Role run-job');
    expect(await exists('role', 'run-job', ...here)).toBe(true);
  });
});

describe('what is in the way is named', () => {
  test('no cluster but the one that was named is touched', async () => {
    const unnamed = await manifestCommand('apply');
    expect(unnamed.code).toBe(1);
    expect(unnamed.errors).toContain("required option '--context <name>' not specified");
    const wrong = await manifestCommand('delete', '--context', 'production');
    expect(wrong).toMatchObject({ code: 1, output: '' });
    expect(wrong.errors).toMatch(
      /^eks-jobs: the kubeconfig \S+ has no context production; it has cluster\n$/,
    );
  });

  test('the permission that is missing, and for which object', async () => {
    const namespace = freshNamespace();
    const { kubeconfig } = identity('nobody', 'nothing');
    const asNobody = ['--context', 'cluster', '--kubeconfig', kubeconfig, '--namespace', namespace];
    const refused = await manifestCommand('apply', ...asNobody);
    expect(refused.code).toBe(1);
    expect(refused.errors).toMatch(
      /^eks-jobs: ConfigMap eks-jobs-inventory in \S+: configmaps "eks-jobs-inventory" is forbidden: User "nobody" cannot get resource "configmaps" .* \(403\)\n$/,
    );
    // diff says 1 when there is a difference.
    expect((await manifestCommand('diff', ...asNobody)).code).toBe(2);
  });

  test('a node class whose controller the cluster does not have, before anything is made', async () => {
    const namespace = freshNamespace();
    const nodes = ['--node-class', 'auto-mode', '--node-role', 'node', '--cluster-name', 'test'];
    const refused = await manifestCommand(
      'apply',
      '--context',
      'cluster',
      '--namespace',
      namespace,
      ...nodes,
    );
    expect(refused.errors).toMatch(
      /this cluster knows no NodeClass of eks.amazonaws.com\/v1: it needs EKS Auto Mode/,
    );
    expect(await exists('namespace', namespace)).toBe(false);
  });
});
