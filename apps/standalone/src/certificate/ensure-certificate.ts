// The certificate that one process makes for itself where none is set, kept in the data folder.
import { X509Certificate } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { join } from 'node:path';
import type { CertificateFiles } from '@millrace/service-kit';
import { makeSelfSigned } from './self-signed-certificate.ts';

const DAY_MS = 24 * 60 * 60 * 1_000;
/** The longest lifetime that browsers accept. */
const LIFETIME_MS = 398 * DAY_MS;
/** It is made anew at a start so long before its end. */
const RENEW_BEFORE_MS = 30 * DAY_MS;
/** Clocks may be apart. */
const BACKDATE_MS = DAY_MS;

/**
 * Makes certificate and key, unless there are some that still hold for these names.
 *
 * @param names host names and IP addresses
 */
export function ensureCertificate(folder: string, names: readonly string[], nowMs = Date.now()): CertificateFiles {
  const files = { certFile: join(folder, 'turn-certificate.pem'), keyFile: join(folder, 'turn-key.pem') };
  if (isGood(files, names, nowMs)) return files;
  const made = makeSelfSigned(names, new Date(nowMs - BACKDATE_MS), new Date(nowMs + LIFETIME_MS));
  mkdirSync(folder, { recursive: true });
  write(files.keyFile, made.key);
  write(files.certFile, made.certificate);
  return files;
}

function isGood({ certFile, keyFile }: CertificateFiles, names: readonly string[], nowMs: number): boolean {
  if (!existsSync(certFile) || !existsSync(keyFile)) return false;
  try {
    const certificate = new X509Certificate(readFileSync(certFile));
    const ends = Date.parse(certificate.validTo);
    return ends - nowMs > RENEW_BEFORE_MS && names.every((name) => covers(certificate, name));
  } catch {
    // Damaged: it is made anew.
    return false;
  }
}

const covers = (certificate: X509Certificate, name: string): boolean =>
  (isIP(name) === 0 ? certificate.checkHost(name) : certificate.checkIP(name)) !== undefined;

function write(file: string, text: string): void {
  const draft = `${file}.new`;
  writeFileSync(draft, text, { mode: 0o600 });
  renameSync(draft, file);
}
