import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';

/** Who a request to the test's cluster comes from: a client certificate of its own authority. */
export interface Identity {
  /** With the one context `cluster`. */
  kubeconfig: string;
  /** One HTTP request as this identity. @returns the API server's answer, whatever it is. */
  send(method: string, path: string, body?: object): Promise<Answer>;
}

export interface Answer {
  status: number;
  body: string;
}

const setting = (name: string): string => {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set: run this by \`npm run test:cluster\``);
  return value;
};

/** A key and a certificate that the cluster's authority has signed, in files `key` and `certificate` of a folder. */
function signedFolder(subject: string, extensions: string): string {
  const pki = join(setting('CLUSTER_DIRECTORY'), 'pki');
  const folder = mkdtempSync(join(setting('CLUSTER_DIRECTORY'), 'identity-'));
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

/** What an HTTPS server of the tests needs on loopback; who trusts the cluster's authority trusts it. */
export function serverCertificate(): { key: Buffer; cert: Buffer; ca: string } {
  const extensions = 'extendedKeyUsage=serverAuth\nsubjectAltName=IP:127.0.0.1\n';
  const folder = signedFolder('/CN=test', extensions);
  const read = (file: string): Buffer => readFileSync(join(folder, file));
  const ca = readFileSync(join(setting('CLUSTER_DIRECTORY'), 'pki', 'ca.crt'), 'utf8');
  return { key: read('key'), cert: read('certificate'), ca };
}

/** An identity with this name, in these groups; it lives as long as the cluster. */
export function identity(name: string, ...groups: string[]): Identity {
  const pki = join(setting('CLUSTER_DIRECTORY'), 'pki');
  const subject = [...groups.map((group) => `/O=${group}`), `/CN=${name}`].join('');
  const folder = signedFolder(subject, 'extendedKeyUsage=clientAuth\n');

  const server = `https://${setting('CLUSTER_ADDRESS')}`;
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
      // Node sends the body of a DELETE without its length unless told.
      const headers = { 'content-type': contentType(method), 'content-length': Buffer.byteLength(content) };
      const call = request(new URL(path, server), { method, cert, key, ca, headers }, (answer) => {
        let text = '';
        answer.setEncoding('utf8');
        answer.on('data', (part: string) => (text += part));
        answer.on('end', () => {
          resolve({ status: answer.statusCode ?? 0, body: text });
        });
      });
      call.on('error', reject);
      call.end(content);
    });
  return { kubeconfig, send };
}

/** A kubeconfig, with the one context `cluster`, for somebody who is in that group and in no other. */
export const kubeconfigOf = (group: string): string => identity(group, group).kubeconfig;

const contentType = (method: string): string =>
  method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
