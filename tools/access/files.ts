// The users of NATS and Redis as files of the chart, which compose mounts too. `npm run access` writes them.
import { natsPasswordVariable, natsUsers } from './nats-users.ts';
import { redisUsers } from './redis-users.ts';

/** Where they are, from the root of the repository. */
export const ACCESS_FOLDER = 'k8s/charts/millrace/access';

/** How many shards of frames they allow for, `MILLRACE_NATS_SHARDS`; with more, they are written anew. */
export const SHARDS = 4;

const NATS_HEAD = `# Written by \`npm run access\` from tools/access/service-access.ts: what each service may do on NATS.
# Include it in the configuration of nats-server. The passwords are variables of its environment, or of its configuration; one that
# begins with a digit must be quoted.
`;

/** By name. */
export function accessFiles(shards: number): Readonly<Record<string, string>> {
  return {
    'nats-users.conf': NATS_HEAD + natsUsers(shards, (service) => `$${natsPasswordVariable(service)}`),
    // A file of users of Redis has no comments: what stands for the password's SHA-256 says so itself.
    'redis-users.acl': redisUsers((service) => `<sha256 of ${service}>`),
  };
}
