import { stringify } from 'yaml';
import * as z from 'zod';
import { jobManifest } from '../../tests/harness/cluster/job-manifest.ts';
import { namespace } from '../../tests/harness/cluster/service.ts';

/** What each job does, on both sides: as good as nothing. */
export const input = { source: 'synthetic', records: 10 };

const Container = z.looseObject({});

/** The Job that the state machine makes, with the same image, requests and hardening; it is nobody's job: no table knows it. */
export async function bareJob(name: string, cpu: string, memory: string): Promise<string> {
  const job = await jobManifest(name, namespace);
  const pod = job.spec.template.spec;
  const [container] = z.tuple([Container]).parse(pod['containers']);
  const resources = {
    requests: { cpu, memory, 'ephemeral-storage': '64Mi' },
    limits: { memory, 'ephemeral-storage': '64Mi' },
  };
  // The program's own way to run without a table.
  pod['containers'] = [{ ...container, env: [], args: ['--input', JSON.stringify(input)], resources }];
  return stringify({ ...job, metadata: { ...job.metadata, name } }, { aliasDuplicateObjects: false });
}
