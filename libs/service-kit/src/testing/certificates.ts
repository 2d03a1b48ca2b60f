// Self-signed certificates for tests, made by openssl.
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rename } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { CertificateFiles } from '../tls/certificate-watcher.ts';

const run = promisify(execFile);

/** Makes a folder with a certificate for `localhost` and its key. */
export async function newCertificate(): Promise<CertificateFiles> {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-tls-'));
  const files = { certFile: join(folder, 'cert.pem'), keyFile: join(folder, 'key.pem') };
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', files.keyFile];
  await run('openssl', ['req', '-x509', ...key, '-out', files.certFile, '-days', '2', ...subject]);
  return files;
}

/** Puts other files in the place of these, one after the other, as a renewal does. */
export async function replaceCertificate(files: CertificateFiles, by: CertificateFiles): Promise<void> {
  await rename(by.certFile, files.certFile);
  await rename(by.keyFile, files.keyFile);
}

export const readPem = (file: string): Promise<Buffer> => readFile(file);
