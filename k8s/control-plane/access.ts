// Who may talk to the control plane, and how they know it: one administrator by a random token, over TLS.
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';

export interface Access {
  /** For kubectl, helm and the parts of the control plane. */
  readonly kubeconfig: string;
  readonly tokens: string;
  /** Signs and checks the tokens of service accounts. */
  readonly serviceAccountKey: string;
  /** Where the API server keeps the certificate that it makes for itself. */
  readonly certificates: string;
  readonly certificateAuthority: string;
}

const RSA_BITS = 2048;
const TOKEN_BYTES = 32;
export const LOOPBACK = '127.0.0.1';

export function createAccess(folder: string, apiPort: number, address = LOOPBACK): Access {
  const certificates = join(folder, 'certificates');
  const access: Access = {
    kubeconfig: join(folder, 'kubeconfig'),
    tokens: join(folder, 'tokens.csv'),
    serviceAccountKey: join(folder, 'service-account.pem'),
    certificates,
    // The file holds the authority that signed it too.
    certificateAuthority: join(certificates, 'apiserver.crt'),
  };
  mkdirSync(certificates, { recursive: true });
  const token = randomBytes(TOKEN_BYTES).toString('base64url');
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: RSA_BITS });
  const secret = { mode: 0o600 };
  writeFileSync(access.serviceAccountKey, privateKey.export({ type: 'pkcs1', format: 'pem' }), secret);
  writeFileSync(access.tokens, `${token},admin,admin,system:masters\n`, secret);
  writeFileSync(
    access.kubeconfig,
    stringify(kubeconfig(`https://${address}:${apiPort}`, token, access.certificateAuthority)),
    secret,
  );
  return access;
}

function kubeconfig(server: string, token: string, authority: string): object {
  const name = 'millrace-test';
  return {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name, cluster: { server, 'certificate-authority': authority } }],
    users: [{ name, user: { token } }],
    contexts: [{ name, context: { cluster: name, user: name } }],
    'current-context': name,
  };
}
