/**
 * A process to be killed: runs each machine of a file once, in a journal, and resumes what an earlier process left.
 * Prints "running" at the start of its work and "done" at its end. usage: killed-process.ts MACHINES JOURNAL BEGUN
 */
import { appendFileSync, readFileSync } from 'node:fs';
import * as z from 'zod';
import { StepFunctions } from '../../../local/aws/step-functions/index.ts';
import { performTask } from './worker.ts';

const [machines = '', journal = '', begun = ''] = process.argv.slice(2);
const definitions = z.array(z.string()).parse(JSON.parse(readFileSync(machines, 'utf8')));
const service = new StepFunctions({
  journal,
  region: 'us-east-1',
  accountId: '123456789012',
  integrations: [
    {
      supports: () => true,
      run: (task) => {
        if (!task.resumed) appendFileSync(begun, `${task.token}\n`);
        return performTask(task);
      },
    },
  ],
  onStatusChange: () => {
    left--;
  },
});
service.resume();
let left = definitions.length;
for (const [index, definition] of definitions.entries()) {
  const name = `machine-${index}`;
  const { arn } = service.machines.create({ name, definition, roleArn: 'arn:aws:iam::123456789012:role/r' });
  const { executions } = service.listExecutions({ stateMachineArn: arn });
  const status = executions[0]?.status;
  if (status === undefined) service.startExecution({ stateMachineArn: arn, name: 'one', input: '1' });
  else if (status !== 'RUNNING') left--;
}
console.log('running');
// Sleeping executions do not keep the process alive.
const watch = setInterval(() => {
  if (left > 0) return;
  clearInterval(watch);
  service.close();
  console.log('done');
}, 10);
