// PostgreSQL refuses to run as root. Who is root lends it an identity without making a user on the machine.
import { spawnSync } from 'node:child_process';

export interface RunnableCommand {
  readonly command: string;
  readonly args: readonly string[];
}

/** `nobody` on every Linux; only a number here, it needs no entry in /etc/passwd. */
const NOBODY = 65_534;

/** What this machine can do, asked once. */
export interface ProcessCapabilities {
  readonly root: boolean;
  /** `setpriv` exists: a child can be told to stop when its parent dies, and to take another user's identity. */
  readonly setpriv: boolean;
  /** A user namespace can be made: inside, root's own files belong to an ordinary user. Some containers forbid it. */
  readonly userNamespace: boolean;
}

const NAMESPACE = ['--user', `--map-user=${NOBODY}`, `--map-group=${NOBODY}`];

export function readCapabilities(): ProcessCapabilities {
  const works = (command: string, args: string[]): boolean =>
    spawnSync(command, args, { stdio: 'ignore' }).status === 0;
  const root = process.getuid?.() === 0;
  return {
    root,
    setpriv: works('setpriv', ['--pdeathsig', 'INT', 'true']),
    userNamespace: root && works('unshare', [...NAMESPACE, 'true']),
  };
}

/** Whose identity PostgreSQL's programs take. */
export type Identity =
  | { readonly kind: 'own' }
  | { readonly kind: 'namespace' }
  /** The files must belong to this user, and every folder above must let it through. */
  | { readonly kind: 'user'; readonly uid: number };

/**
 * Chooses who runs PostgreSQL on a data folder.
 *
 * @param ownerUid who owns the folder; undefined when it is yet to be made
 * @returns undefined when root has no way to give up its rights
 */
export function chooseIdentity(can: ProcessCapabilities, ownerUid: number | undefined): Identity | undefined {
  if (!can.root) return { kind: 'own' };
  if (ownerUid !== undefined && ownerUid !== 0) return can.setpriv ? { kind: 'user', uid: ownerUid } : undefined;
  if (can.userNamespace) return { kind: 'namespace' };
  return can.setpriv ? { kind: 'user', uid: NOBODY } : undefined;
}

/** Wraps a command so that it runs under that identity and, where possible, gets SIGINT when this process dies. */
export function runAs(
  can: ProcessCapabilities,
  identity: Identity,
  command: string,
  args: readonly string[],
): RunnableCommand {
  // The death signal comes last: taking another identity would clear it.
  const dying = can.setpriv ? ['setpriv', '--pdeathsig', 'INT'] : [];
  const wrapped = {
    own: [...dying],
    namespace: ['unshare', ...NAMESPACE, ...dying],
    user: identity.kind === 'user' ? [...dying, ...userFlags(identity.uid)] : [],
  }[identity.kind];
  const [first, ...rest] = [...wrapped, command, ...args];
  return { command: first ?? command, args: rest };
}

function userFlags(uid: number): string[] {
  return ['--reuid', String(uid), '--regid', String(uid), '--clear-groups'];
}
