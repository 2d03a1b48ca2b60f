// Makes the secrets of a compose project once, into volumes: nothing secret stands in a file of the repository.
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

// The root of the file system, but for a test.
const at = (path) => join(process.argv[2] ?? '/', path);
const folder = at('secrets');
// Where the images keep the package; this script is mounted from outside of it.
const { newSecretKey } = await import(at('app/libs/domain/dist/index.js'));

const secrets = {
  'postgres-password': () => randomBytes(24).toString('hex'),
  'operator-key': () => newSecretKey('mr_op'),
  'key-pepper': () => randomBytes(32).toString('base64url'),
};

for (const [name, make] of Object.entries(secrets)) keep(join(folder, name), make);

// Each service has a user of its own in NATS and in Redis, and mounts the volume with its own passwords alone.
const access = at('access');
const users = { nats: at('users/nats-users.conf'), redis: at('users/redis-users.acl') };
const services = {
  nats: ['gateway', 'rtmp-edge', 'rtsp-edge', 'srt-edge', 'packager', 'signaling', 'turn'],
  redis: ['gateway', 'rtmp-edge', 'rtsp-edge', 'srt-edge', 'packager', 'signaling'],
};
const passwordOf = (server, service) =>
  keep(join(access, service, `${server}-password`), () => randomBytes(24).toString('hex'));

let natsUsers = readFileSync(users.nats, 'utf8');
for (const service of services.nats) {
  const variable = `$MILLRACE_NATS_PASSWORD_${service.toUpperCase().replaceAll('-', '_')}`;
  natsUsers = natsUsers.replaceAll(variable, JSON.stringify(passwordOf('nats', service)));
}
write(join(access, 'nats', 'users.conf'), natsUsers);

let redisUsers = readFileSync(users.redis, 'utf8');
for (const service of services.redis) {
  const hash = createHash('sha256').update(passwordOf('redis', service)).digest('hex');
  redisUsers = redisUsers.replaceAll(`<sha256 of ${service}>`, hash);
}
write(join(access, 'redis', 'users.acl'), redisUsers);

/** Reads it, or makes it when it is not there. */
function keep(file, make) {
  if (!existsSync(file)) write(file, make());
  return readFileSync(file, 'utf8');
}

/** Readable by the users of all containers that mount the volume, who are different ones. */
function write(file, text) {
  mkdirSync(join(file, '..'), { recursive: true });
  writeFileSync(file, text, { mode: 0o444 });
}
