// Makes Chromium trust a self-signed certificate, without installing it anywhere.
import { createHash, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';

/**
 * A flag for Chromium's command line: certificates with this public key are not checked further. It counts for TURN over TLS as
 * for https, so no certificate store (NSS, `certutil`) has to be made. Without it a `turns:` server with such a certificate is
 * refused ("701 Failed to establish connection").
 */
export function trustCertificateFlag(certFile: string): string {
  const publicKey = new X509Certificate(readFileSync(certFile)).publicKey.export({ type: 'spki', format: 'der' });
  return `--ignore-certificate-errors-spki-list=${createHash('sha256').update(publicKey).digest('base64')}`;
}
