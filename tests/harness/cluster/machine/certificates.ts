import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Longer than any cluster exists. */
const days = '30';

const authority = [
  'basicConstraints=critical,CA:TRUE',
  'keyUsage=critical,keyCertSign,cRLSign,digitalSignature',
];

/** A component that gets a certificate: its subject and the certificate's extensions. */
interface Subject {
  name: string;
  subject: string;
  usage: 'serverAuth' | 'clientAuth';
  alternativeNames?: string;
}

/** The components' identities (kubernetes.io, "PKI certificates and requirements"). */
const subjects = (address: string, serviceAddress: string): Subject[] => [
  {
    name: 'apiserver',
    subject: '/CN=kube-apiserver',
    usage: 'serverAuth',
    alternativeNames: `IP:${address},IP:127.0.0.1,IP:${serviceAddress},DNS:localhost,DNS:kubernetes.default.svc`,
  },
  { name: 'apiserver-kubelet-client', subject: '/CN=kube-apiserver-kubelet-client', usage: 'clientAuth' },
  {
    name: 'kubelet-server',
    subject: '/CN=node1',
    usage: 'serverAuth',
    alternativeNames: `IP:${address},DNS:node1`,
  },
  { name: 'kubelet', subject: '/O=system:nodes/CN=system:node:node1', usage: 'clientAuth' },
  { name: 'controller-manager', subject: '/CN=system:kube-controller-manager', usage: 'clientAuth' },
  { name: 'scheduler', subject: '/CN=system:kube-scheduler', usage: 'clientAuth' },
  { name: 'admin', subject: '/O=system:masters/CN=admin', usage: 'clientAuth' },
];

/** Makes the cluster's authority, certificates, service-account key and kubeconfigs in a directory. */
export function makeCertificates(directory: string, address: string, serviceAddress: string): void {
  mkdirSync(directory, { recursive: true });
  const openssl = (...parameters: string[]): void => {
    const { status, stderr } = spawnSync('openssl', parameters, { cwd: directory, encoding: 'utf8' });
    if (status !== 0) throw new Error(`openssl ${parameters.join(' ')}: ${stderr}`);
  };
  const key = (name: string): void => {
    openssl('ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', `${name}.key`);
  };
  // The second authority does not sign anything. It only has to exist for the controllers.
  for (const name of ['ca', 'front-proxy-ca']) {
    key(name);
    const extensions = authority.flatMap((extension) => ['-addext', extension]);
    const selfSigned = ['-x509', '-new', '-key', `${name}.key`, '-days', days, '-subj', `/CN=${name}`];
    openssl('req', ...selfSigned, '-out', `${name}.crt`, ...extensions);
  }
  rmSync(join(directory, 'front-proxy-ca.key'));
  for (const { name, subject, usage, alternativeNames } of subjects(address, serviceAddress)) {
    key(name);
    const names = alternativeNames ? `\nsubjectAltName=${alternativeNames}` : '';
    const file = `${name}.extensions`;
    writeFileSync(
      join(directory, file),
      `basicConstraints=CA:FALSE\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=${usage}${names}\n`,
    );
    openssl('req', '-new', '-key', `${name}.key`, '-subj', subject, '-out', `${name}.csr`);
    const signer = ['-CA', 'ca.crt', '-CAkey', 'ca.key', '-CAcreateserial', '-days', days];
    openssl('x509', '-req', '-in', `${name}.csr`, ...signer, '-extfile', file, '-out', `${name}.crt`);
    if (usage === 'clientAuth') writeKubeconfig(directory, name, address);
  }
  openssl('genrsa', '-out', 'service-account.key', '2048');
  openssl('rsa', '-in', 'service-account.key', '-pubout', '-out', 'service-account.pub');
}

function writeKubeconfig(directory: string, name: string, address: string): void {
  const path = (file: string): string => join(directory, file);
  // JSON is YAML.
  const configuration = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      {
        name: 'cluster',
        cluster: { server: `https://${address}`, 'certificate-authority': path('ca.crt') },
      },
    ],
    users: [{ name, user: { 'client-certificate': path(`${name}.crt`), 'client-key': path(`${name}.key`) } }],
    contexts: [{ name: 'cluster', context: { cluster: 'cluster', user: name } }],
    'current-context': 'cluster',
  };
  writeFileSync(path(`${name}.kubeconfig`), JSON.stringify(configuration, null, 2), { mode: 0o600 });
}
