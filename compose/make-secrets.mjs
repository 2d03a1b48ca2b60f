// Makes the secrets of a compose project once, into a volume: nothing secret stands in a file of the repository.
import { randomBytes } from 'node:crypto';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const folder = '/secrets';
// Where the images keep the package; this script is mounted from outside of it.
const { newSecretKey } = await import('/app/libs/domain/dist/index.js');

const secrets = {
  'postgres-password': () => randomBytes(24).toString('hex'),
  'operator-key': () => newSecretKey('mr_op'),
  'key-pepper': () => randomBytes(32).toString('base64url'),
};

for (const [name, make] of Object.entries(secrets)) {
  const file = join(folder, name);
  // Readable by the users of all containers that mount the volume, who are different ones.
  if (!existsSync(file)) writeFileSync(file, make(), { mode: 0o444 });
}
