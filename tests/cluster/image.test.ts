import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import * as z from 'zod';
import { buildImage, localImage } from '../../image/build.ts';
import { applyObjects, kubectl } from '../harness/cluster/kubectl.ts';

// The image that `npm run image` makes with the real builder, and how it is loaded into a cluster's containerd. The other
// tests use images that were imported when the cluster started.

const run = promisify(execFile);
const command = fileURLToPath(new URL('../../image/command.ts', import.meta.url));
const socket = join(process.env['CLUSTER_DIRECTORY'] ?? '', 'containerd.sock');
const pod = 'image-test';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'eks-jobs-image-test-'));
});
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await kubectl('delete', 'pod', pod, '--ignore-not-found');
});

const unpack = async (archive: string, name: string): Promise<Buffer> =>
  (
    await run('tar', ['--extract', '--to-stdout', '--file', archive, name], {
      encoding: 'buffer',
      maxBuffer: 1e8,
    })
  ).stdout;

const Manifest = z.tuple([
  z.object({ Config: z.string(), RepoTags: z.array(z.string()), Layers: z.tuple([z.string()]) }),
]);
const Config = z.object({
  config: z.object({ User: z.string(), Entrypoint: z.array(z.string()), Env: z.array(z.string()) }),
});

/** Without this test, a file that only root can read would fail only in a hardened pod. */
test('has only the program and certificates, which every user can read, and runs as an unprivileged user', async () => {
  const archive = join(folder, 'image.tar');
  await buildImage({ prebuilt: true, output: archive });
  const [{ Config: config, RepoTags, Layers }] = Manifest.parse(
    JSON.parse((await unpack(archive, 'manifest.json')).toString()),
  );
  expect(RepoTags).toEqual([localImage]);
  expect(Config.parse(JSON.parse((await unpack(archive, config)).toString())).config).toMatchObject({
    User: '65532:65532',
    Entrypoint: ['/data-processor'],
    Env: expect.arrayContaining(['AWS_EC2_METADATA_DISABLED=true']) as unknown,
  });
  await run('tar', ['--extract', '--file', archive, '--directory', folder, Layers[0]]);
  const { stdout } = await run('tar', [
    '--list',
    '--verbose',
    '--numeric-owner',
    '--file',
    join(folder, Layers[0]),
  ]);
  const files = stdout
    .trimEnd()
    .split('\n')
    .map((line) => line.split(/\s+/))
    .map(([mode, owner, , , , path]) => `${mode ?? ''} ${owner ?? ''} ${path ?? ''}`)
    .filter((line) => !line.endsWith(' ./') && !line.endsWith(' /'));
  expect(files.sort()).toEqual([
    '-rw-r--r-- 0/0 etc/ssl/certs/ca-certificates.crt',
    '-rwxr-xr-x 0/0 data-processor',
    'drwxr-xr-x 0/0 etc/',
    'drwxr-xr-x 0/0 etc/ssl/',
    'drwxr-xr-x 0/0 etc/ssl/certs/',
  ]);
});

/** With another name the kubelet would try to pull it from a registry. */
test('--load containerd imports it with the name that the kubelet looks for', async () => {
  const ctr = ['--address', socket, '--namespace', 'k8s.io', 'images'];
  await run('ctr', [...ctr, 'rm', '--sync', localImage]);
  const load = ['--prebuilt', '--load', 'containerd', '--address', socket];
  await run(process.execPath, ['--disable-warning=ExperimentalWarning', command, ...load]);
  expect((await run('ctr', [...ctr, 'ls', '--quiet'])).stdout.split('\n')).toContain(localImage);

  const hardened = { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } };
  await applyObjects({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: pod, namespace: 'default' },
    spec: {
      restartPolicy: 'Never',
      automountServiceAccountToken: false,
      securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
      containers: [
        {
          name: pod,
          image: localImage,
          args: ['check'],
          env: [{ name: 'AWS_REGION', value: 'us-east-1' }],
          securityContext: { ...hardened, readOnlyRootFilesystem: true },
        },
      ],
    },
  });
  // The program reports its missing settings, so the kubelet found the image and could run it.
  await kubectl('wait', `pod/${pod}`, '--for=jsonpath={.status.phase}=Failed', '--timeout=60s');
  expect(await kubectl('logs', pod)).toBe(
    "data-processor: wrong settings: TABLE_NAME is not set; expected the table's name\n",
  );
});
