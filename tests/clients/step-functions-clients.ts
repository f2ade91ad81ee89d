import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import * as z from 'zod';

/** A call of the API, for any client. With `pages`, the client reads pages of that many items and joins them. */
export interface ClientCall {
  operation: string;
  parameters: Record<string, unknown>;
  pages?: number;
}

/** The outcome of a call: the result, or the error's name and whether the client has a class for it. */
const ClientOutcome = z.union([
  z.object({ result: z.record(z.string(), z.unknown()) }),
  z.object({ error: z.string(), modelled: z.boolean() }),
]);
export type ClientOutcome = z.infer<typeof ClientOutcome>;

/** A third-party client of Step Functions. */
export interface StepFunctionsClient {
  call(call: ClientCall): Promise<ClientOutcome>;
  close(): Promise<void>;
}

const programs = fileURLToPath(new URL('../../.venv/bin/', import.meta.url));

/** Starts boto3 in one process of Python, which receives the calls. */
export function boto3(endpoint: string): StepFunctionsClient {
  const script = fileURLToPath(new URL('boto.py', import.meta.url));
  const child = spawn(`${programs}python`, [script, endpoint], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    async call(call) {
      child.stdin.write(`${JSON.stringify(call)}\n`);
      const line = await lines.next();
      if (line.done === true) throw new Error('boto3 ended');
      return ClientOutcome.parse(JSON.parse(line.value));
    },
    async close() {
      child.stdin.end();
      if (child.exitCode === null) await once(child, 'exit');
    },
  };
}

/** Makes a client that runs the AWS CLI, a process for each call. */
export function awsCli(endpoint: string): StepFunctionsClient {
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
      const options = ['stepfunctions', command, ...common, JSON.stringify(parameters), ...paged];
      try {
        const { stdout } = await promisify(execFile)(`${programs}aws`, options, { env });
        return ClientOutcome.parse({ result: JSON.parse(stdout.trim() || '{}') as unknown });
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
