import * as z from 'zod';
import { ApiServer } from '../../k8s/api-server.ts';
import { loadContext } from '../../k8s/context.ts';
import { UnknownKind } from '../../k8s/failure.ts';
import { KubeConfigConnection } from '../../k8s/kubeconfig-connection.ts';
import { checkOrSkip, failed, type Finding, ok } from './finding.ts';

const check = 'node pool';

const Status = z.looseObject({
  status: z
    .looseObject({
      conditions: z
        .array(
          z.looseObject({
            type: z.string(),
            status: z.string(),
            reason: z.string().optional(),
            message: z.string().optional(),
          }),
        )
        .default([]),
    })
    .optional(),
});

export interface ClusterAccess {
  context: string;
  kubeconfig?: string;
}

/** Checks whether the NodePool of the jobs exists and is ready, by its status in the cluster. */
export const checkNodePool = (
  name: string,
  { context, kubeconfig }: ClusterAccess,
  signal: AbortSignal,
): Promise<Finding> =>
  checkOrSkip(check, async () => {
    const connection = new KubeConfigConnection(loadContext(context, kubeconfig));
    const server = new ApiServer(connection, { signal });
    try {
      const pool = await server.read({ apiVersion: 'karpenter.sh/v1', kind: 'NodePool', name });
      if (pool === undefined) {
        return failed(
          check,
          `the NodePool ${name} does not exist: jobs get no nodes`,
          `npm run k8s:apply -- --context ${context} --namespace ${name} --node-class …, or \`npx sls deploy\``,
        );
      }
      const conditions = Status.parse(pool).status?.conditions ?? [];
      const unmet = conditions.filter(({ status }) => status === 'False');
      if (conditions.some(({ type, status }) => type === 'Ready' && status === 'True'))
        return ok(check, `NodePool ${name} is ready`);
      const reasons = unmet.map(
        ({ type, reason = '', message = '' }) => `${type}: ${[reason, message].filter(Boolean).join(', ')}`,
      );
      return failed(
        check,
        `NodePool ${name} is not ready${reasons.length > 0 ? `: ${reasons.join('; ')}` : ''}`,
        `kubectl --context ${context} describe nodepool,nodeclass ${name}`,
      );
    } catch (error) {
      if (error instanceof UnknownKind) return failed(check, error.message);
      throw error;
    }
  });
