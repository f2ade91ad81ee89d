import { generateKeyPairSync, sign } from 'node:crypto';

/** DER, ITU-T X.690: a tag, the length, what is inside. */
function der(tag: number, ...content: (Buffer | string)[]): Buffer {
  const body = Buffer.concat(
    content.map((part) => (typeof part === 'string' ? Buffer.from(part, 'hex') : part)),
  );
  const length = body.length < 128 ? [body.length] : [0x82, body.length >> 8, body.length & 255];
  return Buffer.concat([Buffer.from([tag, ...length]), body]);
}
const sequence = (...content: (Buffer | string)[]) => der(0x30, ...content);
const ascii = (text: string) => Buffer.from(text, 'ascii');
const pem = (body: Buffer) =>
  `-----BEGIN CERTIFICATE-----\n${body.toString('base64').replace(/.{64}/g, '$&\n')}\n-----END CERTIFICATE-----\n`;

/** A new key and the certificate it signed for itself, for 127.0.0.1 (RFC 5280): no test needs a program or a file for one. */
export function selfSigned(): { key: string; cert: string } {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const ecdsaWithSha256 = sequence('06082a8648ce3d040302');
  const commonName = sequence(der(0x31, sequence('0603550403', der(0x0c, ascii('loopback')))));
  // Before 2050 two digits say the year.
  const validity = sequence(der(0x17, ascii('200101000000Z')), der(0x17, ascii('491231235959Z')));
  const loopback = sequence('0603551d11', der(0x04, sequence('87047f000001')));
  const toBeSigned = sequence(
    'a003020102',
    '020101',
    ecdsaWithSha256,
    commonName,
    validity,
    commonName,
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(loopback)),
  );
  const signature = der(0x03, '00', sign('sha256', toBeSigned, privateKey));
  const key = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  return { key, cert: pem(sequence(toBeSigned, ecdsaWithSha256, signature)) };
}
