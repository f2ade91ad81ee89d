import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { stringify } from 'yaml';

/** The node's address on the pods' bridge, in the cluster's network namespace. */
export const address = '10.133.7.1';
export const podNetwork = {
  bridge: 'pods0',
  subnet: '10.133.7.0/24',
  first: '10.133.7.10',
  last: '10.133.7.250',
};
/** The ClusterIP of the Service `kubernetes`. The bridge has this address, so that kube-proxy is not needed. */
export const serviceAddress = '10.96.0.1';

/**
 * The port, in the cluster's network namespace, where the API server sends TokenReviews of EKS tokens. A test whose tokens
 * the cluster must accept listens there (../token-review.ts). Otherwise these tokens are rejected as unknown.
 */
export const tokenReviewPort = 18443;

/** The socket that `ctr` and the kubelet use. */
export const containerdSocket = (directory: string): string => join(directory, 'containerd.sock');

/** A program that runs as long as the cluster. */
export interface Component {
  name: string;
  command: string[];
}

/** Lists the components in the order in which they start. The reference of Kubernetes explains the flags. */
export function components(directory: string, bin: string, pluginDirectory: string): Component[] {
  const pki = (file: string): string => join(directory, 'pki', file);
  const kubeconfig = (name: string): string[] =>
    ['kubeconfig', 'authentication-kubeconfig', 'authorization-kubeconfig'].map(
      (flag) => `--${flag}=${pki(`${name}.kubeconfig`)}`,
    );
  const controller = ['--bind-address=127.0.0.1', '--leader-elect=false', '--profiling=false'];
  return [
    {
      name: 'etcd',
      command: [
        join(bin, 'etcd'),
        `--data-dir=${join(directory, 'etcd')}`,
        // The cluster never survives a restart of the machine, so writes need not reach the disk.
        '--unsafe-no-fsync',
        '--listen-client-urls=http://127.0.0.1:2379',
        '--advertise-client-urls=http://127.0.0.1:2379',
        '--listen-peer-urls=http://127.0.0.1:2380',
        '--log-level=warn',
      ],
    },
    {
      name: 'containerd',
      command: ['containerd', '--config', containerdSettings(directory, pluginDirectory)],
    },
    {
      name: 'kube-apiserver',
      command: [
        join(bin, 'kube-apiserver'),
        '--etcd-servers=http://127.0.0.1:2379',
        `--advertise-address=${address}`,
        '--secure-port=443',
        '--service-cluster-ip-range=10.96.0.0/16',
        `--tls-cert-file=${pki('apiserver.crt')}`,
        `--tls-private-key-file=${pki('apiserver.key')}`,
        `--client-ca-file=${pki('ca.crt')}`,
        `--kubelet-client-certificate=${pki('apiserver-kubelet-client.crt')}`,
        `--kubelet-client-key=${pki('apiserver-kubelet-client.key')}`,
        `--kubelet-certificate-authority=${pki('ca.crt')}`,
        '--kubelet-preferred-address-types=InternalIP',
        '--service-account-issuer=https://kubernetes.default.svc',
        `--service-account-key-file=${pki('service-account.pub')}`,
        `--service-account-signing-key-file=${pki('service-account.key')}`,
        `--authentication-token-webhook-config-file=${tokenReviewSettings(directory)}`,
        '--authentication-token-webhook-version=v1',
        // Rejections are not cached, so that a test can add an access entry and continue. Acceptance is cached for 10 s.
        '--authentication-token-webhook-cache-ttl=0s',
        '--authorization-mode=Node,RBAC',
        '--enable-admission-plugins=NodeRestriction',
        '--anonymous-auth=false',
        `--requestheader-client-ca-file=${pki('front-proxy-ca.crt')}`,
        '--requestheader-allowed-names=front-proxy-client',
        '--requestheader-username-headers=X-Remote-User',
        '--requestheader-group-headers=X-Remote-Group',
        '--requestheader-extra-headers-prefix=X-Remote-Extra-',
        '--allow-privileged=false',
        '--profiling=false',
      ],
    },
    {
      name: 'kube-controller-manager',
      command: [
        join(bin, 'kube-controller-manager'),
        ...kubeconfig('controller-manager'),
        ...controller,
        '--use-service-account-credentials=true',
        // With the default of 20 requests per second the first ServiceAccount takes ten seconds.
        '--kube-api-qps=300',
        '--kube-api-burst=600',
        `--service-account-private-key-file=${pki('service-account.key')}`,
        `--root-ca-file=${pki('ca.crt')}`,
      ],
    },
    {
      name: 'kube-scheduler',
      command: [join(bin, 'kube-scheduler'), ...kubeconfig('scheduler'), ...controller],
    },
    {
      name: 'kubelet',
      command: [
        join(bin, 'kubelet'),
        `--config=${kubeletSettings(directory)}`,
        `--kubeconfig=${pki('kubelet.kubeconfig')}`,
        `--root-dir=${join(directory, 'kubelet')}`,
        `--cert-dir=${join(directory, 'kubelet', 'pki')}`,
        '--hostname-override=node1',
        `--node-ip=${address}`,
      ],
    },
  ];
}

function tokenReviewSettings(directory: string): string {
  const name = 'token-review';
  const settings = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name, cluster: { server: `http://127.0.0.1:${tokenReviewPort}/` } }],
    users: [{ name: 'kube-apiserver' }],
    contexts: [{ name, context: { cluster: name, user: 'kube-apiserver' } }],
    'current-context': name,
  };
  return write(join(directory, 'token-review.kubeconfig'), JSON.stringify(settings));
}

function containerdSettings(directory: string, pluginDirectory: string): string {
  const networks = join(directory, 'networks');
  mkdirSync(networks, { recursive: true });
  const { bridge, subnet, first, last } = podNetwork;
  const range = { subnet, rangeStart: first, rangeEnd: last, gateway: address };
  const plugin = {
    type: 'bridge',
    bridge,
    isGateway: false,
    ipMasq: false,
    ipam: {
      type: 'host-local',
      dataDir: join(directory, 'addresses'),
      ranges: [[range]],
      routes: [{ dst: '0.0.0.0/0' }],
    },
  };
  writeFileSync(
    join(networks, '10-pods.conflist'),
    JSON.stringify({ cniVersion: '0.4.0', name: 'pods', plugins: [plugin] }),
  );
  const runtime = '[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc';
  return write(
    join(directory, 'containerd.toml'),
    `version = 2
root = "${join(directory, 'containerd')}"
state = "${join(directory, 'containerd-state')}"
[grpc]
  address = "${containerdSocket(directory)}"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "localhost/pause:1"
  disable_apparmor = true
  netns_mounts_under_state_dir = true
  # Without CAP_SYS_RESOURCE runc cannot lower a score, and every pod fails.
  restrict_oom_score_adj = true
  stream_server_address = "127.0.0.1"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "${pluginDirectory}"
    conf_dir = "${networks}"
  [plugins."io.containerd.grpc.v1.cri".containerd]
    default_runtime_name = "runc"
    ${runtime}]
      runtime_type = "io.containerd.runc.v2"
      ${runtime}.options]
        SystemdCgroup = false
  [plugins."io.containerd.grpc.v1.cri".registry]
    config_path = "${join(directory, 'no-registries')}"
`,
  );
}

function kubeletSettings(directory: string): string {
  const pki = (file: string): string => join(directory, 'pki', file);
  const settings = {
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    address,
    healthzBindAddress: '127.0.0.1',
    readOnlyPort: 0,
    tlsCertFile: pki('kubelet-server.crt'),
    tlsPrivateKeyFile: pki('kubelet-server.key'),
    authentication: {
      anonymous: { enabled: false },
      webhook: { enabled: true },
      x509: { clientCAFile: pki('ca.crt') },
    },
    authorization: { mode: 'Webhook' },
    containerRuntimeEndpoint: `unix://${containerdSocket(directory)}`,
    cgroupDriver: 'cgroupfs',
    cgroupRoot: `/${basename(directory)}`,
    failSwapOn: false,
    oomScoreAdj: 0,
    makeIPTablesUtilChains: false,
    resolvConf: write(join(directory, 'resolv.conf'), ''),
    clusterDNS: [],
    imageGCHighThresholdPercent: 100,
    evictionHard: { 'memory.available': '100Mi', 'nodefs.available': '1%', 'imagefs.available': '1%' },
    nodeStatusUpdateFrequency: '5s',
    podLogsDir: join(directory, 'pod-logs'),
  };
  return write(join(directory, 'kubelet.yaml'), stringify(settings));
}

/** Makes the control groups, because the kubelet requires that they exist. A new cpuset is empty until it is written. */
export function makeControlGroups(directory: string, hierarchies: string[]): void {
  const groups = '/sys/fs/cgroup';
  const name = basename(directory);
  for (const hierarchy of hierarchies) mkdirSync(join(groups, hierarchy, name), { recursive: true });
  for (const file of ['cpuset.cpus', 'cpuset.mems']) {
    writeFileSync(join(groups, 'cpuset', name, file), readFileSync(join(groups, 'cpuset', file)));
  }
}

/** Writes a file. @returns its path. */
function write(path: string, text: string): string {
  writeFileSync(path, text);
  return path;
}
