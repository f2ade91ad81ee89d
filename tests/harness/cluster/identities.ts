import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';

/** A client of the test's cluster, with a client certificate of the cluster's authority. */
export interface Identity {
  /** The path of a kubeconfig with the single context `cluster`. */
  kubeconfig: string;
  /** Sends one HTTP request as this identity. @returns the API server's response, whatever its status. */
  send(method: string, path: string, body?: object): Promise<ApiServerResponse>;
}

export interface ApiServerResponse {
  status: number;
  body: string;
}

/** Reads an environment variable that `npm run cluster` sets. */
const clusterVariable = (name: string): string => {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set: run this by \`npm run test:cluster\``);
  return value;
};

/** Makes a folder with the files `key` and `certificate`. The cluster's authority signs the certificate. */
function makeCertificateFolder(subject: string, extensions: string): string {
  const pki = join(clusterVariable('CLUSTER_DIRECTORY'), 'pki');
  const folder = mkdtempSync(join(clusterVariable('CLUSTER_DIRECTORY'), 'identity-'));
  const openssl = (...parameters: string[]): void => {
    const { status, stderr } = spawnSync('openssl', parameters, { cwd: folder, encoding: 'utf8' });
    if (status !== 0) throw new Error(`openssl ${parameters.join(' ')}: ${stderr}`);
  };
  const authority = ['-CA', join(pki, 'ca.crt'), '-CAkey', join(pki, 'ca.key'), '-CAcreateserial'];
  writeFileSync(join(folder, 'extensions'), extensions);
  openssl('ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', 'key');
  openssl('req', '-new', '-key', 'key', '-subj', subject, '-out', 'request');
  const signed = ['-days', '1', '-extfile', 'extensions', '-CAserial', 'serial', '-out', 'certificate'];
  openssl('x509', '-req', '-in', 'request', ...authority, ...signed);
  return folder;
}

/** Makes a certificate for an HTTPS server on loopback, and returns it with the cluster's authority, which signed it. */
export function serverCertificate(): { key: Buffer; cert: Buffer; ca: string } {
  const extensions = 'extendedKeyUsage=serverAuth\nsubjectAltName=IP:127.0.0.1\n';
  const folder = makeCertificateFolder('/CN=test', extensions);
  const read = (file: string): Buffer => readFileSync(join(folder, file));
  const ca = readFileSync(join(clusterVariable('CLUSTER_DIRECTORY'), 'pki', 'ca.crt'), 'utf8');
  return { key: read('key'), cert: read('certificate'), ca };
}

/** Makes an identity with this name and these groups. It is valid as long as the cluster exists. */
export function identity(name: string, ...groups: string[]): Identity {
  const pki = join(clusterVariable('CLUSTER_DIRECTORY'), 'pki');
  const subject = [...groups.map((group) => `/O=${group}`), `/CN=${name}`].join('');
  const folder = makeCertificateFolder(subject, 'extendedKeyUsage=clientAuth\n');

  const server = `https://${clusterVariable('CLUSTER_ADDRESS')}`;
  const kubeconfig = join(folder, 'kubeconfig');
  // JSON is YAML.
  const configuration = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'cluster', cluster: { server, 'certificate-authority': join(pki, 'ca.crt') } }],
    users: [{ name, user: { 'client-certificate': 'certificate', 'client-key': 'key' } }],
    contexts: [{ name: 'cluster', context: { cluster: 'cluster', user: name } }],
  };
  writeFileSync(kubeconfig, JSON.stringify(configuration));

  const [cert, key] = ['certificate', 'key'].map((file) => readFileSync(join(folder, file)));
  const ca = readFileSync(join(pki, 'ca.crt'));
  const send: Identity['send'] = (method, path, body) =>
    new Promise((resolve, reject) => {
      const content = body === undefined ? '' : JSON.stringify(body);
      // Without this header Node sends the body of a DELETE without its length.
      const headers = { 'content-type': contentType(method), 'content-length': Buffer.byteLength(content) };
      const call = request(new URL(path, server), { method, cert, key, ca, headers }, (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (part: string) => (text += part));
        response.on('end', () => {
          resolve({ status: response.statusCode ?? 0, body: text });
        });
      });
      call.on('error', reject);
      call.end(content);
    });
  return { kubeconfig, send };
}

/** Makes a kubeconfig with the single context `cluster`, for a user who is in that group only. */
export const kubeconfigOf = (group: string): string => identity(group, group).kubeconfig;

const contentType = (method: string): string =>
  method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
