/**
 * The Kubernetes groups of each IAM role that has an access entry, without the namespace. The Roles behind the groups are in
 * k8s/manifests; resources/access.yml gives the roles their groups, and a test compares the two.
 */
export const accessGroups = {
  RunJobRole: ['run-job'],
  SettleJobRole: ['settle-job'],
  // It settles jobs too.
  SweepRole: ['settle-job', 'sweep'],
} as const;

export type RoleWithAccess = keyof typeof accessGroups;

/** Lists the groups of a role in the cluster: their names begin with the namespace, so that stages stay apart. */
export const groupsOf = (role: RoleWithAccess, namespace: string): string[] =>
  accessGroups[role].map((group) => `${namespace}:${group}`);
