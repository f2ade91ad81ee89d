import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Bytes of output; enough for a list of a thousand Jobs. */
const maxBuffer = 64 * 1024 * 1024;

/** Runs kubectl as the administrator of the test's cluster. @throws Error with kubectl's message. */
export async function kubectl(...parameters: string[]): Promise<string> {
  const { stdout } = await run('kubectl', parameters, { maxBuffer });
  return stdout;
}

/** Applies objects to the test's cluster, without changing them. */
export function applyObjects(...objects: object[]): Promise<string> {
  const child = run('kubectl', ['apply', '--server-side', '--filename', '-'], { maxBuffer });
  child.child.stdin?.end(JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }));
  return child.then(({ stdout }) => stdout);
}
