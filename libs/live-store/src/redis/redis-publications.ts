// Claims and sessions in Redis. What a call decides, it decides in one script.
import type { PublishClaim } from '@millrace/domain';
import type { ClaimLoss, ClaimOutcome, ClaimRequest } from '../live-store.ts';
import type { LiveStoreLimits } from '../live-store-limits.ts';
import { carriedText, claimTexts } from './claim-texts.ts';
import type { RedisKeys } from './redis-keys.ts';
import type { RedisLink } from './redis-link.ts';
import { publicationArguments } from './publication-arguments.ts';
import { runScript, textReply } from './redis-scripts.ts';
import type { ScriptArgument } from './redis-scripts.ts';

/** Most claims in one script, so that none blocks the server for more than two or three milliseconds. */
const CLAIMS_PER_SCRIPT = 100;

/** Who publishes what. */
export class RedisPublications {
  readonly #link: RedisLink;
  readonly #keys: RedisKeys;
  readonly #shared: readonly ScriptArgument[];

  constructor(link: RedisLink, keys: RedisKeys, limits: LiveStoreLimits) {
    this.#link = link;
    this.#keys = keys;
    this.#shared = publicationArguments(keys, limits);
  }

  async claim(request: ClaimRequest): Promise<ClaimOutcome> {
    const { tenantId, streamId, streamKeyId, edgeId, settings } = request;
    const keys = this.#keys;
    const reply = await this.#link.call('claimPublish', (redis) =>
      runScript(
        redis,
        'millraceClaim',
        [...keys.publication, keys.session(streamId), keys.tenant(tenantId), keys.revoked(streamKeyId)],
        [
          ...this.#shared,
          request.maxLiveStreams,
          settings.secondPublisher,
          streamId,
          request.newSessionId,
          tenantId,
          streamKeyId,
          edgeId,
          carriedText(request),
          settings.reconnectWindowMs,
        ],
      ),
    );
    const [outcome, sessionId, epoch, started, begun, resumed, replaced] = textReply(reply);
    if (outcome === 'already_publishing' || outcome === 'quota' || outcome === 'key_revoked') return { outcome };
    if (outcome !== 'claimed' || sessionId === undefined) throw new TypeError('live store: no such outcome of a claim');
    const claim: PublishClaim = {
      tenantId,
      streamId,
      streamKeyId,
      sessionId,
      epoch: Number(epoch),
      edgeId,
      sessionStartedAtMs: Number(started),
      epochStartedAtMs: Number(begun),
      settings,
      ...(request.traceparent !== undefined && { traceparent: request.traceparent }),
    };
    return { outcome, claim, resumed: resumed === '1', replaced: replaced === '1' };
  }

  async renew(claims: readonly PublishClaim[]): Promise<(ClaimLoss | undefined)[]> {
    const batches: Promise<(ClaimLoss | undefined)[]>[] = [];
    // All batches leave at once: one round trip.
    for (let i = 0; i < claims.length; i += CLAIMS_PER_SCRIPT)
      batches.push(this.#renewBatch(claims.slice(i, i + CLAIMS_PER_SCRIPT)));
    return (await Promise.all(batches)).flat();
  }

  async release(claim: PublishClaim): Promise<void> {
    const keys = [...this.#keys.publication, this.#keys.session(claim.streamId), this.#keys.tenant(claim.tenantId)];
    await this.#link.call('releaseClaim', (redis) =>
      runScript(redis, 'millraceReleaseClaim', keys, [...this.#shared, ...claimTexts(claim)]),
    );
  }

  async revoke(streamId: string, streamKeyId: string): Promise<void> {
    const keys = [...this.#keys.publication, this.#keys.session(streamId), this.#keys.revoked(streamKeyId)];
    const args = [...this.#shared, streamId, streamKeyId];
    await this.#link.call('revokeClaims', (redis) => runScript(redis, 'millraceRevokeClaims', keys, args));
  }

  async end(streamId: string, sessionId: string): Promise<boolean> {
    const keys = [...this.#keys.publication, this.#keys.session(streamId)];
    const args = [...this.#shared, streamId, sessionId];
    const reply = await this.#link.call('endSession', (redis) => runScript(redis, 'millraceEndSession', keys, args));
    return reply === 1;
  }

  async #renewBatch(claims: readonly PublishClaim[]): Promise<(ClaimLoss | undefined)[]> {
    const keys = [...this.#keys.publication];
    const args = [...this.#shared];
    for (const claim of claims) {
      const { streamId, tenantId, streamKeyId } = claim;
      keys.push(this.#keys.session(streamId), this.#keys.tenant(tenantId), this.#keys.revoked(streamKeyId));
      args.push(...claimTexts(claim));
    }
    const reply = await this.#link.call('renewClaims', (redis) => runScript(redis, 'millraceRenewClaims', keys, args));
    return textReply(reply).map((loss) => (isClaimLoss(loss) ? loss : undefined));
  }
}

function isClaimLoss(text: string | undefined): text is ClaimLoss {
  return text === 'taken_over' || text === 'key_revoked' || text === 'ended';
}
