/** Rules of AWS and Kubernetes for names, each in one place. */

/** A DNS label (RFC 1123): what Kubernetes accepts as the name of a namespace and of most other objects. */
export const dnsLabel = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;

/** Tells the namespaces of Kubernetes itself from those that can be for the jobs alone. */
export const isReservedNamespace = (name: string): boolean => name === 'default' || name.startsWith('kube-');

/** The rule for the namespace of the jobs, as a user reads it. */
export const namespaceRule = 'must be a namespace for the jobs alone: not default, and not kube-…';

/** Names the namespace of what ships the logs of the jobs' containers: resources/cluster.yml gives it its role by this name. */
export const logsNamespaceOf = (namespace: string): string => `${namespace}-logs`;

/** The rule for the namespace of the jobs in a cluster that ships logs, as a user reads it. */
export const logsNamespaceRule = 'must have at most 58 characters: the logs are shipped from NAMESPACE-logs';

/** The key of a Kubernetes label, with or without a prefix. */
export const labelKey =
  /^([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?\/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;

/** The value of a Kubernetes label, which may be empty. */
export const labelValue = /^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/;

/** The name of an EKS cluster. */
export const eksClusterName = /^[0-9A-Za-z][A-Za-z0-9_-]{0,99}$/;

/** The name of a container image, with its tag or digest. */
export const imageName = /^[a-zA-Z0-9][a-zA-Z0-9._:/@-]{0,511}$/;

/** The name of a CloudWatch log group; empty for none. */
export const logGroupOrNone = /^[A-Za-z0-9_./#-]{0,512}$/;

/** The name of a region of AWS. */
export const awsRegion = /^[a-z]{2,4}(-[a-z]+)+-[0-9]$/;

/** The tag of an AWS resource as KEY=VALUE; the value may contain further equals signs. */
export const awsTag = /^[^=]{1,127}=.{1,255}$/;

/** A release of Bottlerocket. */
export const bottlerocketRelease = /^v[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}$/;

/** The text of a pattern without its anchors, to build a larger pattern from it. */
export const unanchored = ({ source }: RegExp): string =>
  source.replaceAll('\\/', '/').replace(/^\^/, '').replace(/\$$/, '');
