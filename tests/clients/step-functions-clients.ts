import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import * as z from 'zod';

/** A call of the API as any client can make it; `pages` of that many items, for the client to put together. */
export interface Call {
  operation: string;
  parameters: Record<string, unknown>;
  pages?: number;
}

/** What a client made of the answer: the result, or the error's name if it is one that it knows. */
const Answer = z.union([
  z.object({ result: z.record(z.string(), z.unknown()) }),
  z.object({ error: z.string(), modelled: z.boolean() }),
]);
export type Answer = z.infer<typeof Answer>;

/** A client of Step Functions that nobody here wrote. */
export interface Client {
  call(call: Call): Promise<Answer>;
  close(): Promise<void>;
}

const programs = fileURLToPath(new URL('../../.venv/bin/', import.meta.url));

/** boto3, in one process of Python that is told what to call. */
export function boto3(endpoint: string): Client {
  const script = fileURLToPath(new URL('boto.py', import.meta.url));
  const child = spawn(`${programs}python`, [script, endpoint], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    async call(call) {
      child.stdin.write(`${JSON.stringify(call)}\n`);
      const line = await lines.next();
      if (line.done === true) throw new Error('boto3 ended');
      return Answer.parse(JSON.parse(line.value));
    },
    async close() {
      child.stdin.end();
      if (child.exitCode === null) await once(child, 'exit');
    },
  };
}

/** The AWS CLI, a process a call. */
export function awsCli(endpoint: string): Client {
  const env = {
    PATH: process.env['PATH'],
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
    AWS_DEFAULT_REGION: 'us-east-1',
    AWS_MAX_ATTEMPTS: '1',
    AWS_PAGER: '',
  };
  return {
    async call({ operation, parameters, pages }) {
      const command = operation.replace(/(?<!^)[A-Z]/g, '-$&').toLowerCase();
      const common = ['--endpoint-url', endpoint, '--output', 'json', '--cli-input-json'];
      const paged = pages === undefined ? [] : ['--page-size', String(pages)];
      const given = ['stepfunctions', command, ...common, JSON.stringify(parameters), ...paged];
      try {
        const { stdout } = await promisify(execFile)(`${programs}aws`, given, { env });
        return Answer.parse({ result: JSON.parse(stdout.trim() || '{}') as unknown });
      } catch (failed) {
        const { stderr } = z.object({ stderr: z.string() }).parse(failed);
        const error = /An error occurred \((\w+)\)/.exec(stderr)?.[1];
        if (error === undefined) throw new Error(stderr, { cause: failed });
        return { error, modelled: true };
      }
    },
    close: () => Promise.resolve(),
  };
}
