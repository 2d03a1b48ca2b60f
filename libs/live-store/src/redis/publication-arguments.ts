// What every script of the control plane takes first.
import type { LiveStoreLimits } from '../live-store-limits.ts';
import type { RedisKeys } from './redis-keys.ts';
import type { ScriptArgument } from './redis-scripts.ts';

/** The shared four arguments, in the order of scripts/publication-scripts.ts. */
export function publicationArguments(keys: RedisKeys, limits: LiveStoreLimits): readonly ScriptArgument[] {
  return [limits.claimTtlMs, limits.sessionTtlMs, limits.outageMs, keys.livePrefix];
}
