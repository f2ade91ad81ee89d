import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { readOptions } from '../../../local/options.ts';

const script = fileURLToPath(new URL('../../../local/start.ts', import.meta.url));

/** Runs `npm start --` with arguments that it rejects. @returns its standard error. */
function rejection(...arguments_: string[]): string {
  const command = ['--disable-warning=ExperimentalWarning', script, ...arguments_];
  const { status, stderr } = spawnSync(process.execPath, command, { encoding: 'utf8', timeout: 30_000 });
  expect(status).toBe(1);
  return stderr;
}

const cluster = ['--context', 'mine', '--advertise', '10.0.0.1'];

describe('npm start -- --context', () => {
  test('reads the options of a cluster, with defaults', () => {
    const labels = ['--node-selector', 'disk=ssd', '--node-selector', 'example.com/pool='];
    expect(readOptions([...cluster, ...labels]).cluster).toMatchObject({
      context: 'mine',
      namespace: 'eks-jobs',
      image: 'eks-jobs.local/data-processor:local',
      advertise: '10.0.0.1',
      nodeSelector: { disk: 'ssd', 'example.com/pool': '' },
    });
  });

  test('is off by default', () => {
    expect(readOptions([])).not.toHaveProperty('cluster');
  });

  test.each([
    [['--namespace', 'jobs'], '--namespace requires --context NAME'],
    [['--node-selector', 'a=b'], '--node-selector requires --context NAME'],
    [['--context', 'mine'], '--context requires --advertise ADDRESS'],
    [[...cluster, '--data-dir', '/tmp'], "'--data-dir <path>' cannot be used with option '--context <name>'"],
    [[...cluster, '--concurrency', '2'], "cannot be used with option '--context <name>'"],
    // The table has no authentication.
    [['--context', 'mine', '--advertise', '0.0.0.0'], 'Use one address'],
    [['--context', 'mine', '--advertise', '::'], 'Use one address'],
    [['--context', 'mine', '--advertise', '127.0.0.1'], 'A loopback address in a pod is the pod itself'],
    [['--context', 'mine', '--advertise', 'host.docker.internal'], 'Allowed: one IP address'],
    [[...cluster, '--node-selector', "a='"], "Allowed: KEY=VALUE, a node's label."],
    [[...cluster, '--namespace', 'My_Jobs'], 'Allowed: up to 63 small letters'],
    [['--max-job-cpu', 'many'], 'Allowed: a Kubernetes quantity such as 500m, 0.5 or 2.'],
    [['--max-job-memory', '1Mi'], '--max-job-memory is less than the minimum of a job'],
    [[...cluster, '--job-cpu', '5'], '--max-job-cpu is less than --job-cpu'],
    [['--queue-seconds', '59'], 'Allowed: an integer from 60 to 21600.'],
  ])('rejects %p', (arguments_, reason) => {
    expect(rejection(...arguments_)).toContain(reason);
  });
});

describe('npm start -- --auth', () => {
  const jwt = ['--auth', 'jwt'];

  test('defaults to none', () => {
    expect(readOptions([])).not.toHaveProperty('authorization');
    expect(readOptions(['--auth', 'none'])).not.toHaveProperty('authorization');
  });

  test('jwt accepts the tokens of this machine, or those of an issuer', () => {
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

  const issuer = 'Allowed: a URL such as https://issuer.example';
  test.each([
    [['--auth', 'iam'], 'Allowed: none, jwt. AWS signatures cannot be checked on this machine.'],
    [['--auth', 'open'], 'Allowed: none, jwt.'],
    [['--jwt-issuer', 'https://issuer.example'], '--jwt-issuer requires --auth jwt'],
    [['--auth', 'none', '--jwt-audience', 'a'], '--jwt-audience requires --auth jwt'],
    [[...jwt, '--jwt-audience', 'a'], '--jwt-audience requires --jwt-issuer'],
    // Otherwise a token that the issuer made for another service would be accepted.
    [[...jwt, '--jwt-issuer', 'https://issuer.example'], '--jwt-issuer requires --jwt-audience'],
    // An attacker on the network path could replace the keys.
    [[...jwt, '--jwt-issuer', 'http://issuer.example', '--jwt-audience', 'a'], issuer],
    [[...jwt, '--jwt-issuer', 'http://127.0.0.1.example', '--jwt-audience', 'a'], issuer],
    [[...jwt, '--jwt-issuer', 'https://issuer.example?a=b', '--jwt-audience', 'a'], issuer],
    [[...jwt, '--jwt-issuer', 'issuer.example', '--jwt-audience', 'a'], issuer],
    [[...jwt, '--jwt-issuer', 'https://issuer.example', '--jwt-audience', 'a,,b'], 'Allowed: names'],
  ])('rejects %p', (arguments_, reason) => {
    expect(rejection(...arguments_)).toContain(reason);
  });
});
