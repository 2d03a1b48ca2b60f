// RFC 8656 sections 7.2 and 8.2: how long an allocation lives.
import { Lifetime } from '@millrace/protocol/stun';
import type { StunMessage } from '@millrace/protocol/stun';
import type { CoreSettings } from '../core-settings.ts';

/** What the client asks for within our bounds: never less than the default, save for 0, which ends an allocation. */
export function lifetimeMs(request: StunMessage, settings: CoreSettings): number {
  const { defaultLifetimeMs, maxLifetimeMs } = settings;
  const wantedS = request.get(Lifetime);
  if (wantedS === undefined) return defaultLifetimeMs;
  return Math.max(defaultLifetimeMs, Math.min(maxLifetimeMs, wantedS * 1000));
}
