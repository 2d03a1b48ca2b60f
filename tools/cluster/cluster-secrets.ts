// What all gateways of a cluster must share, made at its first start and kept beside its data.
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SERVICES } from '../access/service-access.ts';
import type { ServiceName } from '../access/service-access.ts';
import { operatorKeyOf } from '@millrace/standalone/quickstart';

export interface ClusterSecrets {
  readonly operatorKey: string;
  /** Keys are hashed with it; when it is lost, no key works any more. */
  readonly keyPepper: string;
  /** Of each service's user in NATS and in Redis. */
  readonly passwords: Readonly<Record<ServiceName, string>>;
  /** Of the user `operator` in Redis, who may do everything: for looking into it by hand. */
  readonly redisOperatorPassword: string;
}

const PEPPER_BYTES = 32;
const PASSWORD_BYTES = 24;

export function clusterSecrets(folder: string): ClusterSecrets {
  const file = join(folder, 'secrets.json');
  const kept = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Partial<ClusterSecrets>) : {};
  const secrets: ClusterSecrets = {
    operatorKey: kept.operatorKey ?? operatorKeyOf(folder),
    keyPepper: kept.keyPepper ?? randomBytes(PEPPER_BYTES).toString('base64url'),
    // A cluster of an older release has none.
    passwords: kept.passwords ?? newPasswords(),
    redisOperatorPassword: kept.redisOperatorPassword ?? newPassword(),
  };
  if (kept.redisOperatorPassword === undefined)
    writeFileSync(file, `${JSON.stringify(secrets, null, 2)}\n`, { mode: 0o600 });
  return secrets;
}

const newPassword = (): string => randomBytes(PASSWORD_BYTES).toString('hex');

const newPasswords = (): Record<ServiceName, string> =>
  Object.fromEntries(SERVICES.map((service) => [service, newPassword()])) as Record<ServiceName, string>;
