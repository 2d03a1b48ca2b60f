// How fast REST may be used: by an address, by a key, by a tenant for each class of requests, and with keys that are wrong. Told in each
// answer (draft-ietf-httpapi-ratelimit-headers), and with Retry-After when there is nothing left (RFC 6585 section 4). Each gateway counts
// by itself.
import { hash } from 'node:crypto';
import { Lines, peerNetwork } from '@millrace/service-kit';
import type { ClientAddresses, Counter, Metrics } from '@millrace/service-kit';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { BoundedCache } from '../cache/bounded-cache.ts';
import { callerKey, shareOf } from '../auth/principal.ts';
import type { CallerIdentity } from '../auth/principal.ts';
import { ProblemError } from '../http/problem-error.ts';
import { RateLimiter } from './rate-limiter.ts';
import type { RateLimit, RateState } from './rate-limiter.ts';

const REASONS = ['address', 'key', 'read', 'write', 'wrong_keys', 'key_at_once'] as const;
type Reason = (typeof REASONS)[number];

/** How many requests of one key wait while as many as may are being answered. */
const MAX_WAITING_PER_KEY = 1_000;
const S_PER_MINUTE = 60;
/** Keys whose tenant is remembered. */
const MAX_KNOWN_KEYS = 20_000;

/** Reads do not use up what a tenant may write, nor writes what it may read. */
type RequestClass = 'read' | 'write';

const QUOTA_OF = { read: 'api_reads_per_second', write: 'api_writes_per_second' } as const;

/** What tenants have asked for since this was last told, requests that were refused included. */
export interface TenantRequests {
  readonly tenantId: string;
  readonly quota: (typeof QUOTA_OF)[RequestClass];
  readonly requests: number;
}

export interface ApiRateSettings {
  readonly apiRequestsPerSecondPerAddress: number;
  readonly apiBurstPerAddress: number;
  readonly apiRequestsPerSecondPerKey: number;
  readonly apiBurstPerKey: number;
  readonly apiReadsPerSecondPerTenant: number;
  readonly apiReadBurstPerTenant: number;
  readonly apiWritesPerSecondPerTenant: number;
  readonly apiWriteBurstPerTenant: number;
  readonly apiRequestsAtOncePerKey: number;
  readonly apiWrongKeysPerMinute: number;
}

export const createRateRefusals = (metrics: Metrics): Counter<'reason'> =>
  metrics.counter('api_rate_limited_total', 'REST requests refused by a rate limit, by reason.', {
    reason: REASONS,
  });

export class ApiRates {
  readonly #byAddress: RateLimiter;
  readonly #byKey: RateLimiter;
  readonly #byTenant: Readonly<Record<RequestClass, RateLimiter>>;
  readonly #wrongKeys: RateLimiter;
  readonly #lines: Lines;
  /** The caller that a key was last found to be of, by the hash of the header that showed it. */
  readonly #known = new BoundedCache<string, CallerIdentity>(MAX_KNOWN_KEYS);
  /** Requests of tenants by class; tenants are bounded by those that have a good key. */
  #requests: Record<RequestClass, Map<string, number>> = { read: new Map(), write: new Map() };
  readonly #clients: ClientAddresses;
  readonly #refusals: Counter<'reason'>;

  constructor(settings: ApiRateSettings, clients: ClientAddresses, refusals: Counter<'reason'>) {
    this.#clients = clients;
    this.#refusals = refusals;

    const { apiRequestsPerSecondPerAddress, apiRequestsPerSecondPerKey, apiWrongKeysPerMinute } = settings;
    this.#byAddress = new RateLimiter({
      name: 'address',
      perSecond: apiRequestsPerSecondPerAddress,
      burst: settings.apiBurstPerAddress,
    });
    this.#byKey = new RateLimiter({
      name: 'key',
      perSecond: apiRequestsPerSecondPerKey,
      burst: settings.apiBurstPerKey,
    });
    this.#byTenant = {
      read: new RateLimiter({
        name: 'read',
        perSecond: settings.apiReadsPerSecondPerTenant,
        burst: settings.apiReadBurstPerTenant,
      }),
      write: new RateLimiter({
        name: 'write',
        perSecond: settings.apiWritesPerSecondPerTenant,
        burst: settings.apiWriteBurstPerTenant,
      }),
    };
    this.#wrongKeys = new RateLimiter({
      name: 'auth_failed',
      perSecond: apiWrongKeysPerMinute / S_PER_MINUTE,
      burst: apiWrongKeysPerMinute,
    });
    this.#lines = new Lines(settings.apiRequestsAtOncePerKey, MAX_WAITING_PER_KEY);
  }

  /** Counts a request by its address, before anything is looked at. @throws ProblemError */
  countAddress(request: FastifyRequest, reply: FastifyReply): void {
    const state = this.#byAddress.take(this.#networkOf(request));
    tell(reply, [state]);
    if (!state.allowed) throw this.#refuse('address', 'from this address', state);
  }

  /**
   * Refuses a request whose key was good the last time and whose tenant has used up its rate, before PostgreSQL is asked about the key: what
   * exceeds a quota uses nothing that others need.
   *
   * @throws ProblemError
   */
  refuseKnown({ method, raw }: FastifyRequest, reply: FastifyReply): void {
    const { authorization } = raw.headers;
    const caller = authorization === undefined ? undefined : this.#known.get(hash('sha256', authorization));
    if (caller === undefined) return;
    const requests = classOf(method);
    const share = this.#byTenant[requests].look(shareOf(caller), this.#rateOf(caller, requests));
    if (share.allowed) return;
    this.#count(caller, requests);
    throw this.#refuseShare(requests, share, reply);
  }

  /**
   * Counts a request by its key, which is known to be good, and by its tenant, and waits for its place among those of the same key.
   *
   * @throws ProblemError
   */
  async enter(caller: CallerIdentity, method: string, reply: FastifyReply): Promise<void> {
    const keyId = callerKey(caller);
    const requests = classOf(method);
    const { authorization } = reply.request.raw.headers;
    if (authorization !== undefined) this.#known.set(hash('sha256', authorization), caller);
    this.#count(caller, requests);
    const state = this.#byKey.take(keyId);
    tell(reply, [state]);
    if (!state.allowed) throw this.#refuse('key', 'with this key', state);
    const share = this.#byTenant[requests].take(shareOf(caller), this.#rateOf(caller, requests));
    if (!share.allowed) throw this.#refuseShare(requests, share, reply);
    tellShare(reply, share);
    const leave = await this.#lines.enter(keyId);
    if (leave === undefined) throw this.#refuse('key_at_once', 'at once with this key', state);
    if (reply.raw.closed) leave();
    else reply.raw.once('close', leave);
  }

  /**
   * Counts a wrong key by the address that it came from. A good key is not counted, and passes whatever else comes from there.
   *
   * @returns what to answer instead, when there were too many
   */
  countWrongKey(request: FastifyRequest, reply: FastifyReply): ProblemError | undefined {
    const state = this.#wrongKeys.take(this.#networkOf(request));
    tell(reply, [state]);
    return state.allowed ? undefined : this.#refuse('wrong_keys', 'with wrong keys from this address', state);
  }

  takeRequests(): TenantRequests[] {
    const taken = (['read', 'write'] as const).flatMap((requests) =>
      [...this.#requests[requests]].map(([tenantId, count]) => ({
        tenantId,
        quota: QUOTA_OF[requests],
        requests: count,
      })),
    );
    this.#requests = { read: new Map(), write: new Map() };
    return taken;
  }

  #count(caller: CallerIdentity, requests: RequestClass): void {
    if (caller.kind !== 'tenant') return;
    const counts = this.#requests[requests];
    counts.set(caller.tenantId, (counts.get(caller.tenantId) ?? 0) + 1);
  }

  #rateOf(caller: CallerIdentity, requests: RequestClass): number | undefined {
    return (caller.kind === 'tenant' ? caller.apiRates?.[requests] : undefined) ?? undefined;
  }

  #networkOf(request: FastifyRequest): string {
    return peerNetwork(this.#clients.of(request.raw));
  }

  #refuseShare(requests: RequestClass, share: RateState, reply: FastifyReply): ProblemError {
    tellShare(reply, share);
    const { perSecond } = share.limit;
    const what = `of this tenant that ${requests}: ${perSecond} per second (${QUOTA_OF[requests]})`;
    return this.#refuse(requests, what, share);
  }

  #refuse(reason: Reason, what: string, { waitS }: RateState): ProblemError {
    this.#refusals.inc({ reason });
    return new ProblemError('too_many_requests', `Too many requests ${what}.`, {
      headers: { 'retry-after': String(Math.max(1, waitS)) },
    });
  }
}

const classOf = (method: string): RequestClass => (method === 'GET' || method === 'HEAD' ? 'read' : 'write');

function tellShare(reply: FastifyReply, share: RateState): void {
  tell(reply, [share]);
  tellOldClients(reply, share);
}

/** Before there was a draft, clients read these. */
function tellOldClients(reply: FastifyReply, { limit, remaining, waitS }: RateState): void {
  void reply.headers({
    'x-ratelimit-limit': limit.burst,
    'x-ratelimit-remaining': remaining,
    'x-ratelimit-reset': waitS,
  });
}

/** Adds to what the answer already says of other limits. */
function tell(reply: FastifyReply, states: readonly RateState[]): void {
  add(
    reply,
    'ratelimit-policy',
    states.map(({ limit }) => `"${limit.name}";q=${limit.burst};w=${windowS(limit)}`),
  );
  add(
    reply,
    'ratelimit',
    states.map(({ limit, remaining, waitS }) => `"${limit.name}";r=${remaining};t=${waitS}`),
  );
}

/** In this time an empty bucket is full again. */
const windowS = ({ burst, perSecond }: RateLimit): number => Math.max(1, Math.ceil(burst / perSecond));

function add(reply: FastifyReply, header: string, items: readonly string[]): void {
  const before = reply.getHeader(header);
  void reply.header(header, [...(typeof before === 'string' ? [before] : []), ...items].join(', '));
}
