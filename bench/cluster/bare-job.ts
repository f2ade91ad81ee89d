import { stringify } from 'yaml';
import * as z from 'zod';
import { jobManifest } from '../../tests/harness/cluster/job-manifest.ts';
import { namespace } from '../../tests/harness/cluster/service.ts';

/** The input of the jobs on both sides. It is little work. */
export const input = { source: 'synthetic', records: 10 };

const Container = z.looseObject({});

/** Makes a Job like the state machine's, with the same image, requests and hardening, that is not recorded in a table. */
export async function makeBareJob(name: string, cpu: string, memory: string): Promise<string> {
  const job = await jobManifest(name, namespace);
  const pod = job.spec.template.spec;
  const [container] = z.tuple([Container]).parse(pod['containers']);
  const resources = {
    requests: { cpu, memory, 'ephemeral-storage': '64Mi' },
    limits: { memory, 'ephemeral-storage': '64Mi' },
  };
  // With these arguments the program runs without a table.
  pod['containers'] = [{ ...container, env: [], args: ['--input', JSON.stringify(input)], resources }];
  return stringify({ ...job, metadata: { ...job.metadata, name } }, { aliasDuplicateObjects: false });
}
