/** Where a set was applied; CloudFormation keeps it as the resource's physical id. */
export interface Place {
  clusterName: string;
  namespace: string;
}

/**
 * The physical id: stable while cluster and namespace are. When one of them changes CloudFormation replaces the resource, and asks
 * for the old one's deletion by its id alone.
 */
export const idOf = ({ clusterName, namespace }: Place): string => `${clusterName}/${namespace}`;

/** The id of a resource that was refused before anything was made: its deletion, which follows, has nothing to do. */
export const idOfNothing = 'nothing-was-made';

/** @returns undefined for an id that stands for nothing in any cluster. */
export function placeOf(id: string): Place | undefined {
  const [, clusterName, namespace] =
    /^([0-9A-Za-z][A-Za-z0-9_-]{0,99})\/([a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?)$/.exec(id) ?? [];
  return clusterName === undefined || namespace === undefined ? undefined : { clusterName, namespace };
}
