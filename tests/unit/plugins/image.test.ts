import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { mkdirSync, writeFileSync } from 'node:fs';
import { FakeMachine, fakes } from '../image/fake-programs.ts';
import { events, type Outcome, sls } from '../../harness/plugins/deployment.ts';
import { FakeEcr } from '../../harness/plugins/fake-ecr.ts';

// What `sls deploy` and `sls remove` do about the image, against a small fake of ECR and on machines with different
// builders, which are small scripts. The real buildah and a real registry: tests/image.

let ecr: FakeEcr;
let machine: FakeMachine;

beforeEach(async () => {
  ecr = new FakeEcr();
  await ecr.start();
  machine = new FakeMachine({ docker: fakes.docker });
});
afterEach(async () => {
  expect(machine.leftBehind).toEqual([]);
  machine.remove();
  await ecr.stop();
});

const run = (
  commands: readonly (keyof typeof events)[],
  settings: Record<string, unknown> = {},
  more: Record<string, string> = {},
): Promise<Outcome> => {
  const environment = {
    ...{ PATH: machine.path('bin'), HOME: machine.path('home'), TMPDIR: machine.path('tmp') },
    ...ecr.environment,
    ...more,
  };
  return sls(commands, environment, settings);
};

const deploy = ['package', 'deploy'] as const;
const replaceMachine = (programs: Record<string, string>): void => {
  machine.remove();
  machine = new FakeMachine(programs);
};

/** The tag in a template. */
const tagIn = ({ template }: Outcome): string => /eks-jobs-test:([\w-]+)/.exec(template)?.[1] ?? '';

describe('packaging', () => {
  // The template is made without an account, as in the first steps of a pipeline.
  test('names the image by its content and processor, without a call', async () => {
    const [amd64, arm64, again] = [
      tagIn(await run(['package'])),
      tagIn(await run(['package'], { architecture: 'arm64' })),
      tagIn(await run(['package'])),
    ];
    expect(amd64).toMatch(/^amd64-[0-9a-f]{32}$/);
    expect(arm64).toBe(amd64.replace('amd64', 'arm64'));
    expect(again).toBe(amd64);
    expect(ecr.calls).toEqual([]);
    expect(machine.questions).toEqual(['']);
  });

  test('leaves a given image as it is, and neither packaging nor deploying makes a call', async () => {
    const { code, lines, template } = await run(deploy, { uri: 'registry.example/mine:1' });
    expect({ code, lines }).toEqual({ code: 0, lines: [] });
    expect(JSON.parse(template)).toMatchObject({
      Parameters: { JobImage: { Default: 'registry.example/mine:1' } },
      Resources: { Machine: { DefinitionString: { 'Fn::Sub': '{"image":"${JobImage}"}' } } },
      Outputs: { JobImage: { Value: { Ref: 'JobImage' } } },
    });
    expect(ecr.calls).toEqual([]);
  });

  test.each([
    [{ architecture: 'riscv64' }, '--param arch:'],
    [{ builder: 'kaniko' }, '--param builder:'],
    [{ prebuilt: 'perhaps' }, '--param prebuilt:'],
    [{ stage: 'My_Stage' }, 'choose another --stage'],
  ])('refuses %j', async (settings, problem) => {
    const { code, lines } = await run(['package'], settings);
    expect(code).toBe(1);
    expect(lines.join('\n')).toContain(problem);
  });
});

describe('the repository', () => {
  const kept = (): object | undefined => {
    const { tags, ...repository } = ecr.repositories.get('eks-jobs-test') ?? { tags: [] };
    return { ...repository, tags };
  };
  const desired = {
    imageTagMutability: 'IMMUTABLE',
    imageScanningConfiguration: { scanOnPush: true },
    tags: [{ Key: 'eks-jobs:stack', Value: 'eks-jobs-test' }],
    lifecyclePolicyText: expect.stringContaining('"countNumber":30') as unknown,
  };

  test('is made once, with immutable tags, a scan on push and a lifecycle', async () => {
    expect(await run(deploy)).toMatchObject({ code: 0 });
    expect(kept()).toMatchObject(desired);
    ecr.calls.length = 0;
    ecr.hasTag = () => true;
    expect(await run(deploy)).toMatchObject({ code: 0 });
    // Nothing that changes anything.
    expect(ecr.calls.filter((call) => !/^(Describe|Get|List)/.test(call))).toEqual([]);
  });

  test('that was changed by hand is corrected', async () => {
    await run(deploy);
    const repository = ecr.repositories.get('eks-jobs-test');
    Object.assign(repository ?? {}, {
      imageTagMutability: 'MUTABLE',
      imageScanningConfiguration: { scanOnPush: false },
      lifecyclePolicyText: undefined,
    });
    await run(deploy);
    expect(kept()).toMatchObject(desired);
  });

  // It may contain images that others need.
  test('that the stack did not create is used, and neither changed nor removed', async () => {
    await run(deploy);
    Object.assign(ecr.repositories.get('eks-jobs-test') ?? {}, { tags: [], imageTagMutability: 'MUTABLE' });
    const { lines } = await run(deploy);
    expect(lines.join('\n')).toContain("is not this stack's own");
    expect(kept()).toMatchObject({ imageTagMutability: 'MUTABLE' });
    expect((await run(['remove'])).lines.join('\n')).toContain('warning');
    expect(ecr.repositories.size).toBe(1);
  });

  test('is removed with its stage, and a second removal succeeds', async () => {
    await run(deploy);
    expect((await run(['remove'])).lines).toEqual(['notice: Image repository removed: eks-jobs-test']);
    expect(ecr.repositories.size).toBe(0);
    expect(await run(['remove'])).toMatchObject({ code: 0, lines: [] });
  });

  test('of prod outlives its stack', async () => {
    await run(deploy, { stage: 'prod' });
    const { lines } = await run(['remove'], { stage: 'prod' });
    expect(lines.join('\n')).toContain('is kept');
    expect([...ecr.repositories.keys()]).toEqual(['eks-jobs-prod']);
  });
});

describe('the login', () => {
  const secret = Buffer.from('AWS:a-password-of-twelve-hours').toString('base64');

  // docker's own configuration names its engine; a push without it would look for the image in another engine.
  test("of docker is a configuration for this push, with the user's engine and without their logins", async () => {
    replaceMachine({
      docker: `[ "$1" != push ] || /bin/cat "$DOCKER_CONFIG/config.json" >&2`,
    });
    mkdirSync(`${machine.path('home')}/.docker`, { recursive: true });
    const configuration = {
      currentContext: 'theirs',
      credsStore: 'keychain',
      auths: { 'example.org': { auth: 'x' } },
    };
    writeFileSync(`${machine.path('home')}/.docker/config.json`, JSON.stringify(configuration));
    const outcome = await run(deploy);
    expect(outcome.code).toBe(0);
    expect(JSON.parse(outcome.errors)).toEqual({
      currentContext: 'theirs',
      auths: { [ecr.host]: { auth: secret } },
    });
    expect(machine.calls).toEqual([
      `docker buildx build --load --provenance=false --tag ${ecr.host}/eks-jobs-test:${tagIn(outcome)} --platform linux/amd64 FOLDER`,
      `docker push ${ecr.host}/eks-jobs-test:${tagIn(outcome)}`,
    ]);
  });

  test.each(['podman', 'buildah'])('of %s is a file for this push, and not TLS on loopback', async (name) => {
    replaceMachine({
      [name]: `[ "$1" != push ] || { ls -ld "\${3%/*}" "$3" >&2; /bin/cat "$3" >&2; }`,
    });
    const { code, errors } = await run(deploy, { builder: name });
    expect(code).toBe(0);
    expect(errors).toContain(`{"auths":{"${ecr.host}":{"auth":"${secret}"}}}`);
    expect(errors).toMatch(/^drwx------/m);
    expect(errors).toMatch(/^-rw-------/m);
    const [, push] = machine.calls;
    expect(push).toMatch(
      /^\w+ push --authfile TEMP\/docker\/config.json --tls-verify=false 127\.0\.0\.1:\d+\/eks-jobs-test:\S+$/,
    );
    // Other users of the machine can list processes and their arguments.
    expect(machine.calls.join('\n')).not.toContain(ecr.password);
  });

  test('is requested after the build, which may take longer than a password is valid', async () => {
    replaceMachine({ docker: `[ "$2" != build ] || exit 1` });
    expect(await run(deploy)).toMatchObject({ code: 1 });
    expect(ecr.calls).not.toContain('GetAuthorizationToken');
  });
});

describe('a deploy fails clearly', () => {
  const failure = async (settings = {}, more = {}): Promise<string> => {
    const { code, lines } = await run(deploy, settings, more);
    expect(code).toBe(1);
    return lines.filter((line) => !/^(progress|notice)/.test(line)).join('\n');
  };

  test('without a builder, before anything is created', async () => {
    replaceMachine({ docker: fakes.dockerWithoutEngine });
    const message = await failure();
    for (const part of [
      'docker: Is the docker daemon running?',
      'podman: not installed',
      '--param builder=NAME',
    ]) {
      expect(message).toContain(part);
    }
    expect(ecr.repositories.size).toBe(0);
  });

  test('if the build fails, with its last lines', async () => {
    replaceMachine({ docker: `[ "$2" != build ] || { echo 'error[E0425]: no such value' >&2; exit 3; }` });
    expect(await failure()).toContain('failed (exit code 3):\n  error[E0425]: no such value');
  });

  // Most machines cannot run what a build for another processor compiles with.
  test('if another processor cannot be emulated, with a hint', async () => {
    replaceMachine({ docker: `[ "$2" != build ] || { echo 'exec format error' >&2; exit 1; }` });
    const architecture = process.arch === 'arm64' ? 'amd64' : 'arm64';
    const message = await failure({ architecture });
    expect(message).toContain('exec format error');
    expect(message).toContain(`The image is for ${architecture}`);
  });

  test('if the credentials lack a permission, which it names', async () => {
    ecr.denied.add('CreateRepository');
    const message = await failure();
    expect(message).toContain('not authorized to perform: ecr:CreateRepository');
    expect(message).toContain('.github/deploy-role.yml');
  });

  test('if AWS does not respond', async () => {
    expect(await failure({}, { AWS_ENDPOINT_URL: 'http://127.0.0.1:9', AWS_MAX_ATTEMPTS: '1' })).toContain(
      'Amazon ECR: ',
    );
  });
});
