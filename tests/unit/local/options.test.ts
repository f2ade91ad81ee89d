import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, test } from '@jest/globals';
import { podEnvironment } from '../../../local/environment.ts';
import { readOptions } from '../../../local/options.ts';

const script = fileURLToPath(new URL('../../../local/start.ts', import.meta.url));

/** What `npm start --` answers to arguments that it refuses before it does anything. */
function refusal(...arguments_: string[]): string {
  const command = ['--disable-warning=ExperimentalWarning', script, ...arguments_];
  const { status, stderr } = spawnSync(process.execPath, command, { encoding: 'utf8', timeout: 30_000 });
  expect(status).toBe(1);
  return stderr;
}

const cluster = ['--context', 'mine', '--advertise', '10.0.0.1'];

describe('npm start -- --context', () => {
  test('takes what is needed for a cluster, and has defaults for the rest', () => {
    const labels = ['--node-selector', 'disk=ssd', '--node-selector', 'example.com/pool='];
    expect(readOptions([...cluster, ...labels]).cluster).toMatchObject({
      context: 'mine',
      namespace: 'eks-jobs',
      image: 'eks-jobs.local/data-processor:local',
      advertise: '10.0.0.1',
      nodeSelector: { disk: 'ssd', 'example.com/pool': '' },
    });
  });

  test('names no cluster by itself', () => {
    expect(readOptions([])).not.toHaveProperty('cluster');
  });

  test.each([
    [['--namespace', 'jobs'], '--namespace means nothing without --context NAME'],
    [['--node-selector', 'a=b'], '--node-selector means nothing without --context NAME'],
    [['--context', 'mine'], '--context needs --advertise ADDRESS'],
    [[...cluster, '--data-dir', '/tmp'], "'--data-dir <path>' cannot be used with option '--context <name>'"],
    [[...cluster, '--concurrency', '2'], "cannot be used with option '--context <name>'"],
    // The table asks for no password.
    [['--context', 'mine', '--advertise', '0.0.0.0'], 'Name one address'],
    [['--context', 'mine', '--advertise', '::'], 'Name one address'],
    [['--context', 'mine', '--advertise', '127.0.0.1'], 'Pods have a loopback of their own'],
    [['--context', 'mine', '--advertise', 'host.docker.internal'], 'Allowed: one IP address'],
    [[...cluster, '--node-selector', "a='"], "Allowed: KEY=VALUE, a node's label."],
    [[...cluster, '--namespace', 'My_Jobs'], 'Allowed: up to 63 small letters'],
    [['--max-job-cpu', 'many'], 'Allowed: a Kubernetes quantity such as 500m, 0.5 or 2.'],
    [['--max-job-memory', '1Mi'], '--max-job-memory is less than any job needs'],
    [[...cluster, '--job-cpu', '5'], '--max-job-cpu is less than --job-cpu'],
    [['--queue-seconds', '59'], 'Allowed: an integer from 60 to 21600.'],
  ])('refuses %p', (arguments_, reason) => {
    expect(refusal(...arguments_)).toContain(reason);
  });
});

describe('npm start -- --auth', () => {
  const jwt = ['--auth', 'jwt'];

  test('is none unless it is said', () => {
    expect(readOptions([])).not.toHaveProperty('authorization');
    expect(readOptions(['--auth', 'none'])).not.toHaveProperty('authorization');
  });

  test('jwt takes the tokens of this machine, or those of an issuer', () => {
    expect(readOptions(jwt).authorization).toEqual({});
    for (const url of [
      'https://issuer.example/tenant/',
      'http://127.0.0.1:8080',
      'http://localhost:8080/realms/a',
    ]) {
      expect(readOptions([...jwt, '--jwt-issuer', url, '--jwt-audience', 'a,b']).authorization).toEqual({
        issuer: { url, audiences: ['a', 'b'] },
      });
    }
  });

  const issuer = 'Allowed: an address such as https://issuer.example';
  test.each([
    [['--auth', 'iam'], 'Allowed: none, jwt. Nothing on this machine can check signatures of AWS.'],
    [['--auth', 'open'], 'Allowed: none, jwt.'],
    [['--jwt-issuer', 'https://issuer.example'], '--jwt-issuer means nothing without --auth jwt'],
    [['--auth', 'none', '--jwt-audience', 'a'], '--jwt-audience means nothing without --auth jwt'],
    [[...jwt, '--jwt-audience', 'a'], '--jwt-audience means nothing without --jwt-issuer'],
    // Whoever has a token of the issuer for another service would be let in.
    [[...jwt, '--jwt-issuer', 'https://issuer.example'], '--jwt-issuer needs --jwt-audience'],
    // Whoever sits on the way could put in keys of their own.
    [[...jwt, '--jwt-issuer', 'http://issuer.example', '--jwt-audience', 'a'], issuer],
    [[...jwt, '--jwt-issuer', 'http://127.0.0.1.example', '--jwt-audience', 'a'], issuer],
    [[...jwt, '--jwt-issuer', 'https://issuer.example?a=b', '--jwt-audience', 'a'], issuer],
    [[...jwt, '--jwt-issuer', 'issuer.example', '--jwt-audience', 'a'], issuer],
    [[...jwt, '--jwt-issuer', 'https://issuer.example', '--jwt-audience', 'a,,b'], 'Allowed: names'],
  ])('refuses %p', (arguments_, reason) => {
    expect(refusal(...arguments_)).toContain(reason);
  });
});

describe("what a pod is given besides the state machine's manifest", () => {
  const before = { ...process.env };
  afterEach(() => {
    process.env = { ...before };
  });

  // Whoever may read Jobs in the namespace would read them.
  test("holds none of the user's own credentials", () => {
    Object.assign(process.env, {
      AWS_ACCESS_KEY_ID: 'AKIAEXAMPLE',
      AWS_SECRET_ACCESS_KEY: 'secret',
      AWS_SESSION_TOKEN: 'token',
      BEAT_SECONDS: '1',
    });
    expect(podEnvironment('http://10.0.0.1:3002')).toEqual({
      AWS_ENDPOINT_URL_DYNAMODB: 'http://10.0.0.1:3002',
      AWS_ACCESS_KEY_ID: 'local',
      AWS_SECRET_ACCESS_KEY: 'local',
      BEAT_SECONDS: '1',
    });
  });
});
