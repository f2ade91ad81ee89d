import { afterEach, describe, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { readFileSync, watch } from 'node:fs';
import { FakeMachine, fakes } from './fake-programs.ts';

// `npm run image` on machines with different builders. The programs are small scripts: the tests check how they are called, and
// what the command prints.

const tag = 'eks-jobs.local/data-processor:local';
let machine: FakeMachine;

afterEach(() => {
  // After every ending: a forgotten image takes space.
  expect(machine.leftBehind).toEqual([]);
  machine.remove();
});

describe('the builder', () => {
  test('is docker where it works', async () => {
    machine = new FakeMachine({ docker: fakes.docker, podman: fakes.podman });
    expect(await machine.image()).toEqual({ code: 0, output: `${tag}\n`, errors: '' });
    expect(machine.calls).toEqual([`docker buildx build --load --provenance=false --tag ${tag} FOLDER`]);
  });

  // Debian's docker-cli and many a CI image have docker without an engine.
  test('is the next one where docker has no engine, with a message', async () => {
    machine = new FakeMachine({ docker: fakes.dockerWithoutEngine, podman: fakes.podman });
    const { code, errors } = await machine.image('--tag', 'mine:1', '--platform', 'linux/arm64');
    expect(code).toBe(0);
    expect(errors).toBe(
      'eks-jobs: passed over docker: Is the docker daemon running?; building with podman\n',
    );
    expect(machine.calls).toEqual(['podman build --tag mine:1 --platform linux/arm64 FOLDER']);
  });

  test('is the only one that is installed, without a message about the others', async () => {
    machine = new FakeMachine({ buildah: fakes.buildah });
    // buildah does not overwrite a file, and the user would not expect to have to remove it.
    machine.write('file.tar');
    const file = machine.path('file.tar');
    expect(await machine.image('--output', file)).toMatchObject({ code: 0, errors: '' });
    expect(readFileSync(file, 'utf8')).toBe('');
    expect(machine.calls).toEqual([
      `buildah build --tag ${tag} FOLDER`,
      `buildah push ${tag} docker-archive:TEMP/image.tar:${tag}`,
    ]);
  });

  // Without buildx docker builds, but a base image that cannot be pulled cannot be replaced either.
  test('needs buildx only for directories that replace a stage', async () => {
    machine = new FakeMachine({ docker: fakes.dockerWithoutBuildx, podman: fakes.podman });
    await machine.image();
    const { errors } = await machine.image('--build-context', 'build=one', '--build-context', 'base=two');
    expect(errors).toContain('passed over docker: it lacks buildx');
    expect(machine.calls).toEqual([
      `docker build --tag ${tag} FOLDER`,
      `podman build --tag ${tag} --build-context build=one --build-context base=two FOLDER`,
    ]);
  });

  test('is the one that was asked for, or none', async () => {
    machine = new FakeMachine({ docker: fakes.docker, podman: 'exit 1' });
    const { code, errors } = await machine.image('--builder', 'podman');
    expect(code).toBe(1);
    expect(errors).toContain('podman: podman info');
    expect(machine.calls).toEqual([]);
    expect((await machine.image('--builder', 'kaniko')).errors).toContain('docker, podman, buildah');
  });

  test('that is missing is named with the others and how to choose', async () => {
    machine = new FakeMachine({ docker: fakes.dockerWithoutEngine });
    const { code, errors } = await machine.image();
    expect(code).toBe(1);
    for (const part of [
      'docker: Is the docker daemon running?',
      'podman: not installed',
      'buildah: not installed',
      '--builder NAME',
    ]) {
      expect(errors).toContain(part);
    }
  });

  // The line that says what is wrong scrolls away under the builder's own goodbye.
  test('that fails has the last word', async () => {
    machine = new FakeMachine({
      docker: `[ "$2" != build ] || { echo 'error[E0425]: no such value' >&2; exit 3; }`,
    });
    const { code, errors } = await machine.image();
    expect(code).toBe(1);
    expect(errors).toContain(
      'eks-jobs: docker buildx build … failed (exit code 3):\n  error[E0425]: no such value\n',
    );
  });
});

describe('--load', () => {
  test.each([
    ['kind', ['--cluster', 'dev'], 'kind load image-archive TEMP/image.tar --name dev'],
    ['kind', [], 'kind load image-archive TEMP/image.tar'],
    ['k3d', ['--cluster', 'dev'], 'k3d image import TEMP/image.tar --cluster dev'],
    ['minikube', ['--cluster', 'dev'], 'minikube image load TEMP/image.tar --profile dev'],
    [
      'containerd',
      ['--address', '/run/x.sock'],
      'ctr --address /run/x.sock --namespace k8s.io images import TEMP/image.tar',
    ],
  ])('%s %j', async (destination, options, expected) => {
    machine = new FakeMachine({
      docker: fakes.docker,
      [destination === 'containerd' ? 'ctr' : destination]: fakes.loader,
    });
    const { code, output } = await machine.image('--load', destination, ...options);
    expect({ code, output }).toEqual({ code: 0, output: `${tag} is loaded (${destination})\n` });
    expect(machine.calls.slice(1)).toEqual([`docker save --output TEMP/image.tar ${tag}`, expected]);
  });

  test.each([
    ['kind', 'kind'],
    ['k3d', 'k3d'],
    ['minikube', 'minikube'],
    ['containerd', 'ctr'],
  ])('%s misses its program before minutes of building', async (destination, program) => {
    machine = new FakeMachine({ docker: fakes.docker });
    const { code, errors } = await machine.image('--load', destination);
    expect(code).toBe(1);
    expect(errors).toContain(`needs the program ${program}, which is not installed`);
    expect(machine.calls).toEqual([]);
  });

  // Silently ignored, each of these would load into another cluster than was meant.
  test.each([
    [['--cluster', 'dev'], 'go with --load'],
    [['--load', 'containerd', '--cluster', 'dev'], '--cluster does not go with'],
    [['--load', 'kind', '--address', '/x'], '--address goes with --load containerd'],
  ])('%j is refused', async (options, problem) => {
    machine = new FakeMachine({ docker: fakes.docker });
    const { code, errors } = await machine.image(...options);
    expect(code).toBe(1);
    expect(errors).toContain(problem);
  });

  test('that is interrupted leaves nothing behind', async () => {
    machine = new FakeMachine({ docker: fakes.docker, kind: `[ "$1" != load ] || exec sleep 600` });
    const calls = watch(machine.path('calls'));
    const child = machine.start('--load', 'kind');
    const ended = once(child, 'close');
    while (!machine.calls.at(-1)?.startsWith('kind load')) await once(calls, 'change');
    calls.close();
    expect(machine.leftBehind).toHaveLength(1);
    child.kill('SIGTERM');
    await ended;
    expect(child.exitCode).toBe(130);
  });
});
