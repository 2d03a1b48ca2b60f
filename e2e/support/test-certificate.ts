// A certificate that Chromium trusts without being installed anywhere: the browser is told its public key.
import { execFileSync } from 'node:child_process';
import { createHash, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { requireProgram } from '@millrace/tools/processes';

export interface TestCertificate {
  readonly certFile: string;
  readonly keyFile: string;
  /**
   * For Chromium's command line. It takes the place of the whole check for certificates with this public key, and counts for
   * TURN over TLS as for https; a store of its own (NSS, `certutil`) is not needed.
   */
  readonly chromiumFlag: string;
}

/** @param folder where its files go */
export function testCertificate(folder: string): TestCertificate {
  const [certFile, keyFile] = [join(folder, 'turn-cert.pem'), join(folder, 'turn-key.pem')];
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', keyFile];
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];
  execFileSync(
    requireProgram('openssl', 'openssl'),
    ['req', '-x509', ...key, '-out', certFile, '-days', '2', ...subject],
    {
      stdio: 'ignore',
    },
  );
  const publicKey = new X509Certificate(readFileSync(certFile)).publicKey.export({ type: 'spki', format: 'der' });
  const hash = createHash('sha256').update(publicKey).digest('base64');
  return { certFile, keyFile, chromiumFlag: `--ignore-certificate-errors-spki-list=${hash}` };
}
