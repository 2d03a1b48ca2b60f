// What all gateways of a cluster must share, made at its first start and kept beside its data.
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { operatorKeyOf } from '@millrace/standalone/quickstart';

export interface ClusterSecrets {
  readonly operatorKey: string;
  /** Keys are hashed with it; when it is lost, no key works any more. */
  readonly keyPepper: string;
}

const PEPPER_BYTES = 32;

export function clusterSecrets(folder: string): ClusterSecrets {
  const file = join(folder, 'secrets.json');
  if (!existsSync(file)) {
    const made: ClusterSecrets = {
      operatorKey: operatorKeyOf(folder),
      keyPepper: randomBytes(PEPPER_BYTES).toString('base64url'),
    };
    writeFileSync(file, `${JSON.stringify(made, null, 2)}\n`, { mode: 0o600 });
  }
  return JSON.parse(readFileSync(file, 'utf8')) as ClusterSecrets;
}
