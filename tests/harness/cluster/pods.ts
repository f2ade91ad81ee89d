import { CoreV1Api, KubeConfig } from '@kubernetes/client-node';
import { kubectl } from './kubectl.ts';
import { namespace } from './service.ts';

/** Lists the names of a job's pods; one that is being deleted is listed, too. */
export async function podsOf(jobId: string): Promise<string[]> {
  const selected = ['-n', namespace, '-l', `eks-jobs/job-id=${jobId}`];
  const names = await kubectl('get', 'pods', ...selected, '-o', 'jsonpath={.items[*].metadata.name}');
  return names.split(' ').filter(Boolean);
}

/** Evicts a pod by the API that `kubectl drain` and Karpenter use. */
export async function evict(pod: string): Promise<void> {
  const configuration = new KubeConfig();
  configuration.loadFromDefault();
  const body = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: pod, namespace } };
  await configuration.makeApiClient(CoreV1Api).createNamespacedPodEviction({ name: pod, namespace, body });
}
