// RFC 5280: a self-signed certificate and its key, for trying Millrace on one's own machine.
import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { isIP } from 'node:net';
import { parseIpAddress } from '@millrace/protocol/stun';
import {
  bitString,
  boolean,
  objectIdentifier,
  octetString,
  sequence,
  set,
  tagged,
  time,
  unsignedInteger,
  utf8String,
} from './der.ts';

const OID = {
  commonName: '2.5.4.3',
  ecdsaWithSha256: '1.2.840.10045.4.3.2',
  basicConstraints: '2.5.29.19',
  keyUsage: '2.5.29.15',
  extendedKeyUsage: '2.5.29.37',
  serverAuth: '1.3.6.1.5.5.7.3.1',
  subjectAltName: '2.5.29.17',
} as const;

/** RFC 5280 section 4.2.1.6. */
const GENERAL_NAME = { dnsName: 2, ipAddress: 7 } as const;
const VERSION_3 = 2;
/** RFC 5280 section 4.1.2.2: positive, at most 20 octets. */
const SERIAL_BYTES = 16;
/** Section 4.2.1.3: the bits digitalSignature and keyCertSign, the first bit highest; two bits of the octet are unused. */
const KEY_USAGE_BITS = Buffer.of(0x03, 0x02, 0x02, 0x84);

export interface SelfSignedCertificate {
  /** PEM. */
  readonly certificate: string;
  /** PEM, PKCS #8. */
  readonly key: string;
}

/**
 * Makes a P-256 key and a certificate of it.
 *
 * @param names what the server is reached as: host names and IP addresses
 */
export function makeSelfSigned(names: readonly string[], from: Date, until: Date): SelfSignedCertificate {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const algorithm = sequence(objectIdentifier(OID.ecdsaWithSha256));
  const name = sequence(set(sequence(objectIdentifier(OID.commonName), utf8String('Millrace on this machine'))));
  const body = sequence(
    tagged(0, unsignedInteger(Buffer.of(VERSION_3)), true),
    unsignedInteger(randomBytes(SERIAL_BYTES)),
    algorithm,
    name,
    sequence(time(from), time(until)),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    tagged(3, sequence(...extensions(names)), true),
  );
  const signature = sign('sha256', body, privateKey);
  return {
    certificate: pem('CERTIFICATE', sequence(body, algorithm, bitString(signature))),
    key: pem('PRIVATE KEY', privateKey.export({ type: 'pkcs8', format: 'der' })),
  };
}

/** It is its own authority, so that one who trusts it can put it among the authorities; and it may sign for itself alone. */
function extensions(names: readonly string[]): Buffer[] {
  const pathLength = unsignedInteger(Buffer.of(0));
  return [
    extension(OID.basicConstraints, true, sequence(boolean(true), pathLength)),
    extension(OID.keyUsage, true, KEY_USAGE_BITS),
    extension(OID.extendedKeyUsage, false, sequence(objectIdentifier(OID.serverAuth))),
    extension(OID.subjectAltName, false, sequence(...names.map(generalName))),
  ];
}

function extension(oid: string, critical: boolean, value: Uint8Array): Buffer {
  const id = objectIdentifier(oid);
  // DER leaves out what is the default: not critical.
  return critical ? sequence(id, boolean(true), octetString(value)) : sequence(id, octetString(value));
}

function generalName(name: string): Buffer {
  if (isIP(name) !== 0) return tagged(GENERAL_NAME.ipAddress, parseIpAddress(name) ?? Buffer.alloc(0), false);
  return tagged(GENERAL_NAME.dnsName, Buffer.from(name, 'ascii'), false);
}

function pem(label: string, der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}
