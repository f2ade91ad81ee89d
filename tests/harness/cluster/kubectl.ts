import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Enough for a list of a thousand Jobs. */
const maxBuffer = 64 * 1024 * 1024;

/** Runs kubectl against the test's cluster, as its administrator. @throws with kubectl's own words. */
export async function kubectl(...parameters: string[]): Promise<string> {
  const { stdout } = await run('kubectl', parameters, { maxBuffer });
  return stdout;
}

/** Applies objects as they are. */
export function applyObjects(...objects: object[]): Promise<string> {
  const child = run('kubectl', ['apply', '--server-side', '--filename', '-'], { maxBuffer });
  child.child.stdin?.end(JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }));
  return child.then(({ stdout }) => stdout);
}
