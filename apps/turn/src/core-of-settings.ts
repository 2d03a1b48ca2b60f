// The settings of the server's parts, from those of the environment.
import { MAX_CHANNEL_NUMBER, MAX_RFC5766_CHANNEL_NUMBER } from '@millrace/protocol/stun';
import type { CredentialSettings } from './auth/credentials.ts';
import type { CoreSettings } from './core-settings.ts';
import { parseEndpoints } from './endpoint.ts';
import type { TurnSettings } from './settings.ts';

export function coreSettings(settings: TurnSettings): CoreSettings {
  return {
    realm: settings.turnRealm,
    defaultLifetimeMs: settings.turnAllocationMs,
    maxLifetimeMs: Math.max(settings.turnAllocationMs, settings.turnMaxAllocationMs),
    maxAllocations: settings.turnMaxAllocations,
    maxPermissions: settings.turnMaxPermissions,
    maxChannels: settings.turnMaxChannels,
    maxChannelNumber: settings.turnOldChannels ? MAX_RFC5766_CHANNEL_NUMBER : MAX_CHANNEL_NUMBER,
    answerRate: { perSecond: settings.turnAnswersPerSecond, burst: settings.turnAnswersBurst },
    bindingRate: { perSecond: settings.turnBindingsPerSecond, burst: settings.turnBindingsBurst },
    askRate: { perSecond: settings.turnAsksPerSecond, burst: settings.turnAsksBurst },
    maxAmplification: settings.turnMaxAmplification,
    alternateServers: parseEndpoints(settings.turnAlternateServers),
    usageMs: settings.turnUsageMs,
    connectMs: settings.turnConnectMs,
    // A client that moves may reach another thread than before.
    mobility: settings.turnMobility && settings.turnThreads === 1,
    moveMs: settings.turnMoveMs,
    maxPeerConnections: settings.turnMaxPeerConnections,
  };
}

/** A gateway that has not answered by then is taken for one that does not answer. */
const ANSWER_GRACE_MS = 1_000;

export function credentialSettings(settings: TurnSettings): CredentialSettings {
  return {
    realm: settings.turnRealm,
    grantedMs: settings.turnGrantedMs,
    refusedMs: settings.turnRefusedMs,
    answerMs: settings.turnAuthorizeMs + ANSWER_GRACE_MS,
    maxCached: settings.turnMaxCredentials,
    maxWaiting: settings.turnMaxWaiting,
  };
}
