// The scripts as commands of the client. It sends a script's text once for each connection, then its hash.
import type { Redis } from 'ioredis';
import { PRESENCE_SCRIPTS } from '../presence/redis/presence-scripts.ts';
import { LIST_DEMAND_SCRIPT, NOTE_DEMAND_SCRIPT } from './scripts/demand-scripts.ts';
import { ADD_HEALTH_SCRIPT } from './scripts/health-script.ts';
import { ACQUIRE_LEASE_SCRIPT, RELEASE_LEASE_SCRIPT, RENEW_LEASES_SCRIPT } from './scripts/lease-scripts.ts';
import { ANNOUNCE_PACKAGERS_SCRIPT, READ_PACKAGERS_SCRIPT } from './scripts/packager-scripts.ts';
import { COMMIT_PARTS_SCRIPT } from './scripts/part-scripts.ts';
import { COMMIT_SCRIPT } from './scripts/playlist-scripts.ts';
import {
  CLAIM_SCRIPT,
  END_SESSION_SCRIPT,
  READ_INDEX_SCRIPT,
  READ_SESSION_SCRIPT,
  RELEASE_CLAIM_SCRIPT,
  RELEASE_STANDBY_SCRIPT,
  RENEW_CLAIMS_SCRIPT,
  RENEW_STANDBYS_SCRIPT,
  REQUEST_SWITCH_SCRIPT,
  REVOKE_CLAIMS_SCRIPT,
} from './scripts/publication-scripts.ts';
import {
  ACQUIRE_SOURCE_SCRIPT,
  HELD_SOURCES_SCRIPT,
  READ_SOURCES_SCRIPT,
  RELEASE_SOURCE_SCRIPT,
  RENEW_SOURCES_SCRIPT,
} from './scripts/source-scripts.ts';
import { ADMIT_VIEWER_SCRIPT, COUNT_VIEWERS_SCRIPT, NOTE_VIEWERS_SCRIPT } from './scripts/viewer-scripts.ts';

const SCRIPTS = {
  millraceClaim: CLAIM_SCRIPT,
  millraceRenewClaims: RENEW_CLAIMS_SCRIPT,
  millraceReleaseClaim: RELEASE_CLAIM_SCRIPT,
  millraceRevokeClaims: REVOKE_CLAIMS_SCRIPT,
  millraceRenewStandbys: RENEW_STANDBYS_SCRIPT,
  millraceReleaseStandby: RELEASE_STANDBY_SCRIPT,
  millraceRequestSwitch: REQUEST_SWITCH_SCRIPT,
  millraceEndSession: END_SESSION_SCRIPT,
  millraceReadIndex: READ_INDEX_SCRIPT,
  millraceReadSession: READ_SESSION_SCRIPT,
  millraceAcquireLease: ACQUIRE_LEASE_SCRIPT,
  millraceRenewLeases: RENEW_LEASES_SCRIPT,
  millraceReleaseLease: RELEASE_LEASE_SCRIPT,
  millraceAnnouncePackagers: ANNOUNCE_PACKAGERS_SCRIPT,
  millraceReadPackagers: READ_PACKAGERS_SCRIPT,
  millraceAcquireSource: ACQUIRE_SOURCE_SCRIPT,
  millraceRenewSources: RENEW_SOURCES_SCRIPT,
  millraceReleaseSource: RELEASE_SOURCE_SCRIPT,
  millraceHeldSources: HELD_SOURCES_SCRIPT,
  millraceReadSources: READ_SOURCES_SCRIPT,
  millraceNoteDemand: NOTE_DEMAND_SCRIPT,
  millraceListDemand: LIST_DEMAND_SCRIPT,
  millraceCommit: COMMIT_SCRIPT,
  millraceCommitParts: COMMIT_PARTS_SCRIPT,
  millraceNoteViewers: NOTE_VIEWERS_SCRIPT,
  millraceAdmitViewer: ADMIT_VIEWER_SCRIPT,
  millraceCountViewers: COUNT_VIEWERS_SCRIPT,
  millraceAddHealth: ADD_HEALTH_SCRIPT,
  ...PRESENCE_SCRIPTS,
} as const;

export type ScriptArgument = string | number;
type ScriptName = keyof typeof SCRIPTS;
type ScriptCommand = (numberOfKeys: number, ...keysThenArguments: ScriptArgument[]) => Promise<unknown>;

/** A client that has the scripts as commands. */
export type ScriptedRedis = Redis & Record<ScriptName, ScriptCommand>;

export function defineScripts(redis: Redis): ScriptedRedis {
  for (const [name, lua] of Object.entries(SCRIPTS)) redis.defineCommand(name, { lua });
  return redis as ScriptedRedis;
}

/**
 * Runs a script.
 *
 * @returns the reply as it came: texts, numbers, null, arrays of them
 */
export function runScript(
  redis: ScriptedRedis,
  name: ScriptName,
  keys: readonly string[],
  args: readonly ScriptArgument[],
): Promise<unknown> {
  return redis[name](keys.length, ...keys, ...args);
}

/** So many of each in one script, so that none blocks the server for long. All scripts leave at once: one round trip. */
export function batchesOf<T>(all: readonly T[], size: number): (readonly T[])[] {
  const batches: (readonly T[])[] = [];
  for (let i = 0; i < all.length; i += size) batches.push(all.slice(i, i + size));
  return batches;
}

/** A reply that is an array of texts and numbers, each as a text; what is missing stays undefined. */
export function textReply(reply: unknown): (string | undefined)[] {
  if (!Array.isArray(reply)) throw new TypeError('live store: a script did not return an array');
  return reply.map((value: unknown) => {
    if (value === null) return undefined;
    if (typeof value === 'string' || typeof value === 'number') return String(value);
    throw new TypeError('live store: a script returned something other than strings and numbers');
  });
}
