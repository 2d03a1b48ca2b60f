// Claims and sessions in Redis. What a call decides, it decides in one script.
import type { PublishClaim } from '@millrace/domain';
import { carriedQuota } from '../live-store.ts';
import type {
  ClaimLoss,
  ClaimOutcome,
  ClaimRequest,
  PromotionCause,
  RenewalLoss,
  StandbyOutcome,
  StandbyReport,
} from '../live-store.ts';
import type { LiveStoreLimits } from '../live-store-limits.ts';
import { carriedText, claimTexts } from './claim-texts.ts';
import type { RedisKeys } from './redis-keys.ts';
import type { RedisLink } from './redis-link.ts';
import { publicationArguments } from './publication-arguments.ts';
import { batchesOf, runScript, textReply } from './redis-scripts.ts';
import type { ScriptArgument } from './redis-scripts.ts';

/** Most claims in one script, so that none blocks the server for more than two or three milliseconds. */
const CLAIMS_PER_SCRIPT = 100;

/** Who publishes what. */
export class RedisPublications {
  readonly #link: RedisLink;
  readonly #keys: RedisKeys;
  readonly #shared: readonly ScriptArgument[];
  readonly #limits: LiveStoreLimits;

  constructor(link: RedisLink, keys: RedisKeys, limits: LiveStoreLimits) {
    this.#link = link;
    this.#keys = keys;
    this.#limits = limits;
    this.#shared = publicationArguments(keys, limits);
  }

  async claim(request: ClaimRequest): Promise<ClaimOutcome> {
    const { tenantId, streamId, streamKeyId, edgeId, settings, role } = request;
    const keys = this.#keys;
    const reply = await this.#link.call('claimPublish', (redis) =>
      runScript(
        redis,
        'millraceClaim',
        [...keys.publication, ...this.#keysOf(request)],
        [
          ...this.#shared,
          request.maxLiveStreams,
          settings.secondPublisher,
          streamId,
          request.newSessionId,
          tenantId,
          streamKeyId,
          edgeId,
          carriedText({ ...request, maxLiveStreams: carriedQuota(request) }),
          settings.reconnectWindowMs,
          role ?? '',
          request.mayWait === true ? '1' : '',
          this.#limits.standbySilentMs,
        ],
      ),
    );
    const [outcome, sessionId, epoch, started, begun, resumed, replaced] = textReply(reply);
    if (isRefusal(outcome)) return { outcome };
    if ((outcome !== 'claimed' && outcome !== 'standby') || sessionId === undefined)
      throw new TypeError('live store: no such outcome of a claim');
    const quota = carriedQuota(request);
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
      ...(role !== undefined && { role }),
      ...(quota !== undefined && { maxLiveStreams: quota }),
      ...(request.traceparent !== undefined && { traceparent: request.traceparent }),
    };
    if (outcome === 'standby') return { outcome, claim: { ...claim, standby: true } };
    return { outcome, claim, resumed: resumed === '1', replaced: replaced === '1' };
  }

  async renew(claims: readonly PublishClaim[], silentMs: readonly number[]): Promise<(RenewalLoss | undefined)[]> {
    const batches: Promise<(RenewalLoss | undefined)[]>[] = [];
    // All batches leave at once: one round trip.
    for (let i = 0; i < claims.length; i += CLAIMS_PER_SCRIPT)
      batches.push(this.#renewBatch(claims.slice(i, i + CLAIMS_PER_SCRIPT), silentMs.slice(i, i + CLAIMS_PER_SCRIPT)));
    return (await Promise.all(batches)).flat();
  }

  async renewStandbys(standbys: readonly StandbyReport[], stoppedMs: number): Promise<StandbyOutcome[]> {
    const batches = batchesOf(standbys, CLAIMS_PER_SCRIPT);
    return (await Promise.all(batches.map((batch) => this.#renewStandbyBatch(batch, stoppedMs)))).flat();
  }

  async releaseStandby({ streamId, tenantId, epoch, settings }: PublishClaim): Promise<void> {
    const { publication } = this.#keys;
    const keys = [
      ...publication,
      this.#keys.session(streamId),
      this.#keys.tenant(tenantId),
      this.#keys.standby(streamId),
    ];
    const args = [...this.#shared, streamId, epoch, settings.reconnectWindowMs];
    await this.#link.call('releaseStandby', (redis) => runScript(redis, 'millraceReleaseStandby', keys, args));
  }

  async requestSwitch(streamId: string): Promise<boolean> {
    const { switchRenewedMs } = this.#limits;
    const reply = await this.#link.call('requestSwitch', (redis) =>
      runScript(redis, 'millraceRequestSwitch', [this.#keys.standby(streamId)], [switchRenewedMs]),
    );
    return reply === 1;
  }

  async release(claim: PublishClaim): Promise<void> {
    const keys = [...this.#keys.publication, this.#keys.session(claim.streamId), this.#keys.tenant(claim.tenantId)];
    await this.#link.call('releaseClaim', (redis) =>
      runScript(redis, 'millraceReleaseClaim', keys, [...this.#shared, ...claimTexts(claim)]),
    );
  }

  async revoke(streamId: string, streamKeyId: string): Promise<void> {
    const keys = [
      ...this.#keys.publication,
      this.#keys.session(streamId),
      this.#keys.revoked(streamKeyId),
      this.#keys.standby(streamId),
    ];
    const args = [...this.#shared, streamId, streamKeyId];
    await this.#link.call('revokeClaims', (redis) => runScript(redis, 'millraceRevokeClaims', keys, args));
  }

  async end(streamId: string, sessionId: string): Promise<boolean> {
    const keys = [...this.#keys.publication, this.#keys.session(streamId), this.#keys.standby(streamId)];
    const args = [...this.#shared, streamId, sessionId];
    const reply = await this.#link.call('endSession', (redis) => runScript(redis, 'millraceEndSession', keys, args));
    return reply === 1;
  }

  async #renewBatch(
    claims: readonly PublishClaim[],
    silentMs: readonly number[],
  ): Promise<(RenewalLoss | undefined)[]> {
    const keys = [...this.#keys.publication];
    const args = [...this.#shared];
    claims.forEach((claim, i) => {
      keys.push(...this.#keysOf(claim));
      args.push(...claimTexts(claim), Math.round(silentMs[i] ?? 0));
    });
    const reply = await this.#link.call('renewClaims', (redis) => runScript(redis, 'millraceRenewClaims', keys, args));
    return textReply(reply).map((loss) => (isClaimLoss(loss) || loss === 'standby' ? loss : undefined));
  }

  async #renewStandbyBatch(standbys: readonly StandbyReport[], stoppedMs: number): Promise<StandbyOutcome[]> {
    const keys = [...this.#keys.publication];
    const { unrenewedMs, switchMs, promotionGraceMs } = this.#limits;
    const args = [...this.#shared, stoppedMs, unrenewedMs, switchMs, promotionGraceMs];
    for (const { claim, silentMs, isReady, details, newSessionId } of standbys) {
      keys.push(...this.#keysOf(claim));
      args.push(...claimTexts(claim), Math.round(silentMs), isReady ? '1' : '', JSON.stringify(details), newSessionId);
    }
    const reply = await this.#link.call('renewStandbys', (redis) =>
      runScript(redis, 'millraceRenewStandbys', keys, args),
    );
    const texts = textReply(reply);
    return standbys.map(({ claim }, i) => standbyOutcome(claim, texts.slice(i * ANSWER_TEXTS, (i + 1) * ANSWER_TEXTS)));
  }

  /** Of a claim, or a request for one, in the order of the scripts. */
  #keysOf({ streamId, tenantId, streamKeyId }: Pick<PublishClaim, 'streamId' | 'tenantId' | 'streamKeyId'>): string[] {
    const keys = this.#keys;
    return [keys.session(streamId), keys.tenant(tenantId), keys.revoked(streamKeyId), keys.standby(streamId)];
  }
}

/** What the script answers for each encoder that waits. */
const ANSWER_TEXTS = 6;

function standbyOutcome(waiting: PublishClaim, answer: readonly (string | undefined)[]): StandbyOutcome {
  const [outcome, sessionId, epoch, started, begun, cause] = answer;
  if (outcome === 'waiting') return { outcome };
  if (isClaimLoss(outcome)) return { outcome: 'lost', loss: outcome };
  if (outcome !== 'promoted' || !sessionId || !isPromotionCause(cause))
    throw new TypeError('live store: no such outcome of the renewal of a standby');
  const { standby: _, ...asked } = waiting;
  const claim: PublishClaim = {
    ...asked,
    sessionId,
    epoch: Number(epoch),
    sessionStartedAtMs: Number(started),
    epochStartedAtMs: Number(begun),
  };
  return { outcome, claim, cause };
}

type Refusal = Exclude<ClaimOutcome['outcome'], 'claimed' | 'standby'>;
const REFUSALS: ReadonlySet<string> = new Set<Refusal>([
  'already_publishing',
  'backup_waiting',
  'quota',
  'key_revoked',
]);

const isRefusal = (text: string | undefined): text is Refusal => text !== undefined && REFUSALS.has(text);

const isPromotionCause = (text: string | undefined): text is PromotionCause =>
  text === 'stopped' || text === 'removed' || text === 'requested';

function isClaimLoss(text: string | undefined): text is ClaimLoss {
  return text === 'taken_over' || text === 'key_revoked' || text === 'ended';
}
