import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';
import { buildRelease } from '../../image/cargo.ts';
import { sls } from '../harness/plugins/deployment.ts';
import { EcrWithRegistry, unknownService } from './ecr.ts';

// Deploys the jobs' image: with the real buildah, a real registry that behaves like Amazon ECR, and a fake of the part of
// ECR's API that the plugin uses. Not every machine can pull a base image, so this machine's cargo builds the program.

const root = fileURLToPath(new URL('../..', import.meta.url));
const ecr = new EcrWithRegistry();
const image = {
  prebuilt: 'true',
  builder: 'buildah',
  architecture: process.arch === 'arm64' ? 'arm64' : 'amd64',
};
let folder: string;
let environment: Record<string, string | undefined>;

// The first build takes minutes; they must not count as time of a test.
beforeAll(async () => {
  await ecr.start();
  await buildRelease(root);
}, 1_200_000);
afterAll(() => ecr.stop());
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'eks-jobs-image-test-'));
  for (const name of ['home', 'tmp', 'run']) mkdirSync(join(folder, name), { mode: 0o700 });
  environment = {
    ...ecr.environment,
    PATH: process.env['PATH'],
    HOME: join(folder, 'home'),
    TMPDIR: join(folder, 'tmp'),
    // podman and buildah keep logins there.
    XDG_RUNTIME_DIR: join(folder, 'run'),
    // The user's own folders, not the test's: the program is built once for all tests.
    CARGO_HOME: process.env['CARGO_HOME'] ?? join(homedir(), '.cargo'),
    RUSTUP_HOME: process.env['RUSTUP_HOME'] ?? join(homedir(), '.rustup'),
    CARGO_TARGET_DIR: process.env['CARGO_TARGET_DIR'],
  };
  ecr.pushed = [];
});
afterEach(() => {
  ecr.calls.length = 0;
  // Neither an image nor a password is left on the disk, whether the test passed or failed.
  const temporary = readdirSync(join(folder, 'tmp')).filter((name) => name.startsWith('eks-jobs-'));
  expect(temporary).toEqual([]);
  const kept = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  expect(kept.filter((path) => /auth\.json|config\.json|\.docker/.test(path))).toEqual([]);
  rmSync(folder, { recursive: true });
});

const Manifest = z.object({
  config: z.object({ digest: z.string() }),
  layers: z.array(z.unknown()).length(1),
});
const Configuration = z.object({
  architecture: z.string(),
  os: z.string(),
  config: z.object({ User: z.string(), Entrypoint: z.array(z.string()) }),
});

/** Pulls an image as a node does. @returns its configuration. */
async function pull(repository: string, tag: string): Promise<z.infer<typeof Configuration>> {
  const accept =
    'application/vnd.oci.image.manifest.v1+json,application/vnd.docker.distribution.manifest.v2+json';
  const manifest = await ecr.registry.fetch(`/v2/${repository}/manifests/${tag}`, { headers: { accept } });
  const { config } = Manifest.parse(await manifest.json());
  const blob = await ecr.registry.fetch(`/v2/${repository}/blobs/${config.digest}`);
  return Configuration.parse(await blob.json());
}

test('the first deploy creates the repository, builds and pushes the image of the template; the next does nothing', async () => {
  const first = await sls(['package', 'deploy'], environment, image);
  expect(first).toMatchObject({ code: 0 });
  const [pushed = ''] = ecr.pushed;
  expect(first.lines.filter((line) => line.startsWith('notice'))).toEqual([
    `notice: Image repository created: ${ecr.host}/eks-jobs-test`,
    `notice: Image pushed: ${ecr.host}/${pushed}`,
  ]);
  expect(first.template).toContain(`.dkr.ecr.\${AWS::Region}.\${AWS::URLSuffix}/${pushed}`);
  expect(first.errors).not.toContain(ecr.password);

  const [repository = '', tag = ''] = pushed.split(':');
  expect(await pull(repository, tag)).toEqual({
    architecture: image.architecture,
    os: 'linux',
    config: { User: '65532:65532', Entrypoint: ['/data-processor'] },
  });

  const second = await sls(['package', 'deploy'], environment, { ...image, builder: 'docker' });
  expect(second).toMatchObject({ code: 0, template: first.template, errors: '' });
  expect(second.lines).toContain(`notice: Image exists: ${ecr.host}/${pushed}`);
  expect(ecr.pushed).toEqual([pushed]);
  expect(ecr.calls.filter((call) => call === 'GetAuthorizationToken')).toHaveLength(1);
});

// Stages share nothing: when dev is removed, another stage still needs its image.
test('each stage has a repository, which is removed with its stage', async () => {
  expect(await sls(['package', 'deploy'], environment, { ...image, stage: 'one' })).toMatchObject({
    code: 0,
  });
  expect(await sls(['package', 'deploy'], environment, { ...image, stage: 'two' })).toMatchObject({
    code: 0,
  });
  expect(ecr.pushed.map((name) => name.split(':')[0])).toEqual(['eks-jobs-one', 'eks-jobs-two']);
  await sls(['remove'], environment, { ...image, stage: 'one' });
  expect([...ecr.repositories.keys()]).not.toContain('eks-jobs-one');
  expect([...ecr.repositories.keys()]).toContain('eks-jobs-two');
});

/** Two pipelines deploy the same commit: the slower one cannot push, and must not fail. */
test('a deploy succeeds if another one has pushed the same tag in the meantime', async () => {
  ecr.beforePush = async (path) => {
    ecr.beforePush = () => Promise.resolve();
    const other = await ecr.registry.fetch(path, {
      method: 'PUT',
      body: '{"schemaVersion":2}',
      headers: { 'content-type': 'application/vnd.oci.image.manifest.v1+json' },
    });
    expect(other.ok).toBe(true);
  };
  const outcome = await sls(['package', 'deploy'], environment, { ...image, stage: 'race' });
  expect(ecr.pushed).toEqual([]);
  expect(outcome).toMatchObject({ code: 0 });
  expect(outcome.errors).toContain('immutable');
});

/** Here the real framework calls the plugin's hooks, with the parameters of its command line. */
test('the real sls deploy pushes the image before its first request to CloudFormation', async () => {
  const parameters = ['prebuilt=true', 'builder=buildah', `arch=${image.architecture}`];
  const options = parameters.flatMap((parameter) => ['--param', parameter]);
  const child = spawn(
    process.execPath,
    [join(root, 'node_modules', '.bin', 'sls'), 'deploy', '--stage', 'real', ...options],
    { cwd: root, env: { ...environment, NO_COLOR: '1' }, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  const [output, errors] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  expect(child.exitCode).toBe(1);
  expect(ecr.pushed).toHaveLength(1);
  const [pushed = ''] = ecr.pushed;
  expect(errors.indexOf(`Image pushed: ${ecr.host}/${pushed}`)).toBeGreaterThan(0);
  expect(`${errors}${output}`.indexOf(unknownService)).toBeGreaterThan(errors.indexOf('Image pushed'));
  const template = readFileSync(
    join(root, '.serverless', 'cloudformation-template-update-stack.json'),
    'utf8',
  );
  expect(template).toContain(`.dkr.ecr.\${AWS::Region}.\${AWS::URLSuffix}/${pushed}`);
});

test('a deploy fails with the registry’s error if the registry rejects the login', async () => {
  const password = ecr.password;
  ecr.hasTag = () => false;
  ecr.serveOther = (_, response) => {
    response.writeHead(401, { 'www-authenticate': `Basic realm="http://${ecr.host}/"` }).end();
  };
  const { code, lines } = await sls(['package', 'deploy'], environment, { ...image, stage: 'rejected' });
  expect(code).toBe(1);
  expect(lines.join('\n')).toMatch(
    /error: buildah .* failed \(exit code \d+\):[^]*(unauthorized|authentication)/,
  );
  expect(lines.join('\n')).not.toContain(password);
});
