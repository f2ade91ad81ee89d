import { afterEach, describe, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { denyNewRoles } from './deny-new-roles.ts';
import { identity } from '../harness/cluster/identities.ts';
import { applyObjects, kubectl } from '../harness/cluster/kubectl.ts';
import { manifestCommand, runManifestCommand } from './manifest-command.ts';

/** Runs k8s:apply, k8s:diff and k8s:delete against a real API server. */

const namespaces: string[] = [];

/** Returns a new name, so that each test has its own namespace. */
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

/** Objects that the cluster itself creates in every new namespace. */
const createdByCluster = ['kube-root-ca.crt', 'default'];

/** Reads the versions of all other objects of the namespace. Every write changes one. */
async function readVersions(namespace: string): Promise<Record<string, string>> {
  const parts = [
    await kubectl('get', kinds, '--namespace', namespace, '--output', 'json'),
    await kubectl('get', 'namespaces', `--field-selector=metadata.name=${namespace}`, '--output', 'json'),
  ];
  const items = parts
    .flatMap((part) => List.parse(JSON.parse(part)).items)
    .filter(({ metadata }) => !createdByCluster.includes(metadata.name));
  return Object.fromEntries(
    items.map(({ kind, metadata }) => [`${kind} ${metadata.name}`, metadata.resourceVersion]),
  );
}

const exists = async (...reference: string[]): Promise<boolean> =>
  (await kubectl('get', '--ignore-not-found', '--output=name', ...reference)) !== '';

describe('k8s:apply', () => {
  test('does not write anything the second time', async () => {
    const namespace = freshNamespace();
    await runManifestCommand('apply', '--namespace', namespace);
    const before = await readVersions(namespace);
    const output = await runManifestCommand('apply', '--namespace', namespace);
    expect(Object.keys(before)).toContain('Role run-job');
    expect(await readVersions(namespace)).toEqual(before);
    expect(
      output
        .trim()
        .split('\n')
        .filter((line) => !line.startsWith('unchanged ')),
    ).toEqual([]);
  });

  test('reverts a manual change, which k8s:diff shows before', async () => {
    const namespace = freshNamespace();
    const inNamespace = ['--namespace', namespace];
    await runManifestCommand('apply', ...inNamespace);
    const addVerb = '[{"op":"add","path":"/rules/0/verbs/-","value":"patch"}]';
    await kubectl('patch', 'role', 'settle-job', ...inNamespace, '--type=json', `--patch=${addVerb}`);

    const diff = await manifestCommand('diff', '--context', 'cluster', ...inNamespace);
    expect(diff.code).toBe(1);
    expect(diff.output).toContain(`--- Role settle-job in ${namespace} (in the cluster)\n`);
    expect(diff.output.split('\n').filter((line) => /^[-+] /.test(line))).toEqual(['-      - patch']);

    expect(await runManifestCommand('apply', ...inNamespace)).toContain(
      `changed Role settle-job in ${namespace}\n`,
    );
    expect(await runManifestCommand('diff', ...inNamespace)).toBe('');
  });

  test('removes objects that are no longer in the set, and keeps objects of others, whatever their labels', async () => {
    const namespace = freshNamespace();
    const inNamespace = ['--namespace', namespace];
    await runManifestCommand('apply', ...inNamespace, '--table-address', '10.0.0.1:3002');
    const labels = { 'app.kubernetes.io/part-of': 'eks-jobs' };
    const metadata = { name: 'not-ours', namespace, labels };
    await applyObjects({ apiVersion: 'v1', kind: 'ConfigMap', metadata });

    const diff = await manifestCommand('diff', '--context', 'cluster', ...inNamespace);
    expect(diff.code).toBe(1);
    expect(diff.output).toContain(`--- NetworkPolicy table-egress in ${namespace} (in the cluster)\n`);
    await runManifestCommand('apply', ...inNamespace);
    expect(await exists('networkpolicy', 'table-egress', ...inNamespace)).toBe(false);
    expect(await exists('networkpolicy', 'job-egress', ...inNamespace)).toBe(true);
    expect(await exists('configmap', 'not-ours', ...inNamespace)).toBe(true);
    expect(await runManifestCommand('diff', ...inNamespace)).toBe('');
  });

  // The inventory is written before the objects, so the next run knows what an interrupted run has created.
  test('removes objects that an interrupted run has created', async () => {
    const namespace = freshNamespace();
    const inNamespace = ['--namespace', namespace];
    await runManifestCommand('apply', ...inNamespace);
    await kubectl('delete', 'role', 'run-job', ...inNamespace);
    const allow = await denyNewRoles(namespace);
    const interrupted = await manifestCommand(
      'apply',
      '--context',
      'cluster',
      ...inNamespace,
      '--service-account',
      'other',
    );
    expect(interrupted.code).toBe(1);
    expect(interrupted.errors).toMatch(new RegExp(`^eks-jobs: Role run-job in ${namespace}: .*not now`));
    expect(await exists('serviceaccount', 'other', ...inNamespace)).toBe(true);

    await allow();
    const output = await runManifestCommand('apply', ...inNamespace);
    expect(output).toContain(`created Role run-job in ${namespace}\n`);
    expect(output).toContain(`deleted ServiceAccount other in ${namespace}\n`);
    expect(await runManifestCommand('diff', ...inNamespace)).toBe('');
  });

  test('continues when the API server restarts during the run', async () => {
    const namespace = freshNamespace();
    const applying = runManifestCommand('apply', '--namespace', namespace);
    await kubectl('wait', '--for=create', `namespace/${namespace}`, '--timeout=60s');
    const pid = readFileSync(join(process.env['CLUSTER_DIRECTORY'] ?? '', 'pid', 'kube-apiserver'), 'utf8');
    process.kill(Number(pid), 'SIGKILL');
    expect(await applying).toContain(`created NetworkPolicy job-egress in ${namespace}\n`);
    expect(await runManifestCommand('diff', '--namespace', namespace)).toBe('');
  });

  test('changes existing objects of others with the same names only with --adopt', async () => {
    const namespace = freshNamespace();
    const inNamespace = ['--namespace', namespace];
    await kubectl('create', 'namespace', namespace);
    await kubectl('create', 'role', 'run-job', ...inNamespace, '--verb=get', '--resource=pods');
    const before = await readVersions(namespace);

    const rejected = await manifestCommand('apply', '--context', 'cluster', ...inNamespace);
    expect(rejected.code).toBe(1);
    expect(rejected.errors).toMatch(
      `eks-jobs: this command did not create: Namespace ${namespace}, Role run-job in ${namespace}. `,
    );
    expect(await readVersions(namespace)).toEqual(before);

    await runManifestCommand('apply', ...inNamespace, '--adopt');
    await runManifestCommand('apply', ...inNamespace);
    const output = await runManifestCommand('delete', ...inNamespace);
    expect(output).toContain(`released Role run-job in ${namespace}\n`);
    expect(output).toContain(`released Namespace ${namespace}\n`);
    expect(await exists('role', 'run-job', ...inNamespace)).toBe(true);
    expect(await exists('role', 'settle-job', ...inNamespace)).toBe(false);
    expect(await kubectl('get', 'namespace', namespace, '--show-labels')).not.toContain('pod-security');
  });
});

describe('k8s:delete', () => {
  test('removes everything, and does nothing the second time', async () => {
    const namespace = freshNamespace();
    await runManifestCommand('apply', '--namespace', namespace);
    expect(await runManifestCommand('delete', '--namespace', namespace)).toContain(
      `deleted Namespace ${namespace}\n`,
    );
    expect(await exists('namespace', namespace)).toBe(false);
    expect(await runManifestCommand('delete', '--namespace', namespace)).toBe('');
  });

  // Deleting a namespace deletes everything in it, also a running job or a Secret of others.
  test('keeps a namespace that has other objects and lists them, and deletes it once they are gone', async () => {
    const namespace = freshNamespace();
    const inNamespace = ['--namespace', namespace];
    await runManifestCommand('apply', ...inNamespace);
    await kubectl('create', 'secret', 'generic', 'not-ours', ...inNamespace);
    const kept = await manifestCommand('delete', '--context', 'cluster', ...inNamespace);
    expect(kept.code).toBe(0);
    expect(kept.errors).toContain(`namespace ${namespace} stays, it holds Secret not-ours; `);
    expect(await exists('secret', 'not-ours', ...inNamespace)).toBe(true);
    expect(await exists('role', 'run-job', ...inNamespace)).toBe(false);

    await kubectl('delete', 'secret', 'not-ours', ...inNamespace);
    expect(await runManifestCommand('delete', ...inNamespace)).toBe(`deleted Namespace ${namespace}\n`);
  });

  test('keeps an object that was created again with the same name', async () => {
    const namespace = freshNamespace();
    const inNamespace = ['--namespace', namespace];
    await runManifestCommand('apply', ...inNamespace);
    await kubectl('delete', 'role', 'run-job', ...inNamespace);
    await kubectl('create', 'role', 'run-job', ...inNamespace, '--verb=get', '--resource=pods');
    const { output, errors } = await manifestCommand('delete', '--context', 'cluster', ...inNamespace);
    expect(output).toContain(`left Role run-job in ${namespace}\n`);
    expect(errors).toContain('it holds Role run-job');
    expect(await exists('role', 'run-job', ...inNamespace)).toBe(true);
  });
});

describe('the error message names', () => {
  test('the option for the context, which is required, and a context that does not exist', async () => {
    const withoutContext = await manifestCommand('apply');
    expect(withoutContext.code).toBe(1);
    expect(withoutContext.errors).toContain("required option '--context <name>' not specified");
    const wrongContext = await manifestCommand('delete', '--context', 'production');
    expect(wrongContext).toMatchObject({ code: 1, output: '' });
    expect(wrongContext.errors).toMatch(
      /^eks-jobs: the kubeconfig \S+ does not have the context production; it has cluster\n$/,
    );
  });

  test('the missing permission and its object', async () => {
    const namespace = freshNamespace();
    const { kubeconfig } = identity('stranger', 'strangers');
    const asStranger = ['--context', 'cluster', '--kubeconfig', kubeconfig, '--namespace', namespace];
    const rejected = await manifestCommand('apply', ...asStranger);
    expect(rejected.code).toBe(1);
    expect(rejected.errors).toMatch(
      /^eks-jobs: ConfigMap eks-jobs-inventory in \S+: configmaps "eks-jobs-inventory" is forbidden: User "stranger" cannot get resource "configmaps" .* \(403\)\n$/,
    );
    // The exit code 1 of diff means that there is a difference.
    expect((await manifestCommand('diff', ...asStranger)).code).toBe(2);
  });

  test('a node class that the cluster does not have, before it creates anything', async () => {
    const namespace = freshNamespace();
    const nodes = ['--node-class', 'auto-mode', '--node-role', 'node', '--cluster-name', 'test'];
    const rejected = await manifestCommand(
      'apply',
      '--context',
      'cluster',
      '--namespace',
      namespace,
      ...nodes,
    );
    expect(rejected.errors).toMatch(
      /this cluster does not have the kind NodeClass of eks.amazonaws.com\/v1: it needs EKS Auto Mode/,
    );
    expect(await exists('namespace', namespace)).toBe(false);
  });
});
