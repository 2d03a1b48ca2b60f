// Whether a request to publish is granted, with what the answer took.
import { performance } from 'node:perf_hooks';
import type { ChallengeLoginAnswer } from '@millrace/control';
import type { PublishRequest } from '@millrace/protocol/rtmp';
import type { Logger } from '@millrace/service-kit';
import type { EdgeContext } from './edge-context.ts';
import type { Peer } from './peer.ts';
import type { PublishDecision } from './publish-authorizer.ts';

/** Never throws: what goes wrong is a refusal too. */
export async function decidePublish(
  request: PublishRequest,
  peer: Peer,
  context: EdgeContext,
  logger: Logger,
): Promise<PublishDecision> {
  const { metrics } = context;
  const begunMs = performance.now();
  const decision = await decide(request, peer, context, logger);
  const outcome = decision.granted ? 'granted' : 'refused';
  metrics.authorizeSeconds.observe({ outcome }, (performance.now() - begunMs) / 1_000);
  metrics.publishAttempts.inc({ outcome, reason: decision.granted ? 'none' : decision.refusal });
  return decision;
}

/** A challenge for an encoder that logs in. Never throws: undefined is a refusal. */
export async function challengeLogin(
  user: string,
  peer: Peer,
  { draining, authorizer, metrics }: EdgeContext,
  logger: Logger,
): Promise<ChallengeLoginAnswer | undefined> {
  const challenge = draining
    ? undefined
    : await authorizer.challenge(user, peer).catch((error: unknown) => {
        logger.error({ err: error }, 'could not challenge a login');
        return undefined;
      });
  metrics.logins.inc({ outcome: challenge ? 'challenged' : 'refused' });
  return challenge;
}

async function decide(
  request: PublishRequest,
  peer: Peer,
  { draining, authorizer, publishing }: EdgeContext,
  logger: Logger,
): Promise<PublishDecision> {
  if (draining) return { granted: false, refusal: 'draining' };
  const { fault } = publishing;
  if (fault !== undefined) {
    logger.warn({ fault }, 'publisher refused: its frames might be lost');
    return { granted: false, refusal: 'unavailable' };
  }
  try {
    return await authorizer.authorize(request, peer);
  } catch (error) {
    logger.error({ err: error }, 'could not decide a publish request');
    return { granted: false, refusal: 'unavailable' };
  }
}
