import { execFileSync } from 'node:child_process';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, createServer } from 'node:tls';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { objectIdentifier, time, unsignedInteger } from './der.ts';
import { ensureCertificate } from './ensure-certificate.ts';
import { makeSelfSigned } from './self-signed-certificate.ts';

const NAMES = ['localhost', '127.0.0.1', '::1', '192.168.1.20'];
const FROM = new Date('2026-01-02T03:04:05Z');
const UNTIL = new Date('2051-01-02T03:04:05Z');
const DAY_MS = 24 * 60 * 60 * 1_000;

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'millrace-certificate-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('DER', () => {
  it.each([
    ['1.2.840.10045.4.3.2', '06082a8648ce3d040302'],
    ['2.5.29.17', '0603551d11'],
  ])('writes the object identifier %s', (dotted, hex) => {
    expect(objectIdentifier(dotted).toString('hex')).toBe(hex);
  });

  it.each([
    ['00', '020100'],
    ['007f', '02017f'],
    ['80', '02020080'],
    ['0100', '02020100'],
  ])('writes the whole number %s in its shortest form', (octets, hex) => {
    expect(unsignedInteger(Buffer.from(octets, 'hex')).toString('hex')).toBe(hex);
  });

  it('writes times of this half of the century shorter than those of the next', () => {
    expect(time(new Date('2049-12-31T23:59:59Z')).toString('latin1')).toBe('\x17\x0d491231235959Z');
    expect(time(new Date('2050-01-01T00:00:00Z')).toString('latin1')).toBe('\x18\x0f20500101000000Z');
  });
});

describe('a self-signed certificate', () => {
  it('is what OpenSSL, too, takes for one', () => {
    const { certificate, key } = makeSelfSigned(NAMES, FROM, UNTIL);
    const read = new X509Certificate(certificate);
    expect(read.verify(read.publicKey)).toBe(true);
    expect(read.checkPrivateKey(createPrivateKey(key))).toBe(true);
    expect(NAMES.map((name) => (name === 'localhost' ? read.checkHost(name) : read.checkIP(name)))).toEqual(NAMES);
    expect(read.checkHost('example.com')).toBeUndefined();
    expect([Date.parse(read.validFrom), Date.parse(read.validTo)]).toEqual([FROM.getTime(), UNTIL.getTime()]);
    expect(read.ca).toBe(true);
    const file = join(folder, 'c.pem');
    writeFileSync(file, certificate);
    const text = execFileSync('openssl', ['x509', '-in', file, '-noout', '-text'], { encoding: 'utf8' });
    expect(text).toMatch(/CA:TRUE, pathlen:0[^]*Digital Signature, Certificate Sign[^]*TLS Web Server Authentication/);
    const verified = execFileSync('openssl', ['verify', '-x509_strict', '-CAfile', file, file], { encoding: 'utf8' });
    expect(verified).toContain(': OK');
  });

  it('serves TLS to clients that trust it, and to no others', async () => {
    const { certificate: cert, key } = makeSelfSigned(
      NAMES,
      new Date(Date.now() - DAY_MS),
      new Date(Date.now() + DAY_MS),
    );
    const server = createServer({ cert, key }, (socket) => socket.end('hello')).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const trusting = connect({ host: '127.0.0.1', port, ca: cert });
    await once(trusting, 'secureConnect');
    trusting.destroy();
    const stranger = connect({ host: '127.0.0.1', port });
    const [error] = (await once(stranger, 'error')) as [NodeJS.ErrnoException];
    expect(error.code).toMatch(/SELF_SIGNED/);
    server.close();
  });
});

describe('the certificate in the data folder', () => {
  it('is made once, for its owner alone', () => {
    const { certFile, keyFile } = ensureCertificate(folder, NAMES);
    const first = readFileSync(certFile, 'utf8');
    expect([certFile, keyFile].map((file) => statSync(file).mode & 0o777)).toEqual([0o600, 0o600]);
    ensureCertificate(folder, NAMES.slice(0, 2));
    expect(readFileSync(certFile, 'utf8')).toBe(first);
  });

  it.each([
    ['it is for other names', (): unknown => ensureCertificate(folder, ['10.0.0.9'])],
    ['it ends soon', () => ensureCertificate(folder, NAMES, Date.now() + 370 * DAY_MS)],
    [
      'it is damaged',
      () => {
        writeFileSync(join(folder, 'turn-certificate.pem'), 'x');
        return ensureCertificate(folder, NAMES);
      },
    ],
    [
      'its key is gone',
      () => {
        rmSync(join(folder, 'turn-key.pem'));
        return ensureCertificate(folder, NAMES);
      },
    ],
  ])('is made anew when %s', (_, again) => {
    const { certFile, keyFile } = ensureCertificate(folder, NAMES);
    const first = readFileSync(certFile, 'utf8');
    again();
    const second = readFileSync(certFile, 'utf8');
    expect(second).not.toBe(first);
    expect(new X509Certificate(second).checkPrivateKey(createPrivateKey(readFileSync(keyFile)))).toBe(true);
  });
});
