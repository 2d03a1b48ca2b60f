// Lets viewers of signed playback ids in: by a token when they come, by what it was exchanged for from then on.
import { randomUUID, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { Inject, Injectable } from '@nestjs/common';
import type { PlaybackLogin } from '@millrace/control';
import { LIVE_STORE } from '@millrace/live-store';
import type { LiveStore } from '@millrace/live-store';
import { digestResponse } from '@millrace/protocol/rtsp';
import { AddressRanges, SharedPlaces } from '@millrace/service-kit';
import type { ClientAddresses, PlaceHolder } from '@millrace/service-kit';
import { LoginChallenges } from '../auth/login-challenges.ts';
import { PEPPER } from '../auth/pepper.ts';
import { BoundedCache } from '../cache/bounded-cache.ts';
import { Database } from '../database/database.ts';
import { dependencyUnavailable, ProblemError } from '../http/problem-error.ts';
import { FactCache } from '../known/fact-cache.ts';
import { FactFinder, NotKnown } from '../known/fact-finder.ts';
import type { PlaybackFact, PlaybackKeysFact, PlaybackRestrictionFact } from '../known/facts.ts';
import { PlaybackKeyEntity } from '../playback-keys/playback-key.entity.ts';
import { matchesOrigin } from '../playback-tokens/origin-pattern.ts';
import type { PlaybackClaims } from '../playback-tokens/playback-claims.ts';
import { PLAYBACK_TOKEN_CODE_LIMITS } from '../playback-tokens/playback-token-limits.ts';
import { digestOf, verifyPlaybackToken } from '../playback-tokens/verify-playback-token.ts';
import { GATEWAY_SETTINGS } from '../ports/tokens.ts';
import { RateLimiter } from '../server/rate-limiter.ts';
import type { GatewaySettings } from '../settings.ts';
import { ViewerRevocations } from '../viewer-sessions/viewer-revocations.ts';
import { visitorOf } from './playback-visitor.ts';
import type { PlaybackVisitor } from './playback-visitor.ts';
import { ShortTokens } from './short-tokens.ts';
import { SegmentSignatures } from './segment-signatures.ts';
import { ViewerTickets } from './viewer-ticket.ts';
import type { ViewerTicket } from './viewer-ticket.ts';

const MS = 1_000;
const CHALLENGE = { 'www-authenticate': 'Bearer realm="millrace playback"' };
/** `last_used_at` of a key is written at most once in this time by each gateway. */
const LAST_USED_STEP_MS = 60_000;
const MAX_NOTED = 10_000;
/** What the names of used tokens begin with in the live store. */
const SINGLE_USE = 'playback-token';
/** An audience comes all at once when a show begins. */
const SINGLE_USE_BURST_S = 10;
const LIMITS = PLAYBACK_TOKEN_CODE_LIMITS;

interface Verified {
  readonly claims: PlaybackClaims;
  readonly keyId: string;
  readonly tokenId: string;
}

/** A playback id, and what is known of it. */
export interface SignedPlayback {
  readonly playbackId: string;
  readonly fact: PlaybackFact;
}

export interface ShortToken {
  readonly token: string;
  readonly expiresAtMs: number;
}

const expiryOf = ({ exp }: PlaybackClaims): number => Math.floor(exp * MS) + LIMITS.clockToleranceMs;

/** An id that an earlier release remembered is public: it knew no others. */
export const isSigned = ({ policy }: PlaybackFact): boolean => policy === 'signed';

@Injectable()
export class PlaybackGate {
  readonly tickets: ViewerTickets;
  readonly signatures: SegmentSignatures;
  readonly #keys: FactCache<'playbackKeys'>;
  readonly #restrictions: FactCache<'playbackRestrictions'>;
  readonly #verified = new BoundedCache<string, Verified>(LIMITS.maxVerifiedTokens);
  readonly #singleUses: RateLimiter;
  readonly #short: ShortTokens;
  readonly #shortTokens: RateLimiter;
  readonly #notedAtMs = new BoundedCache<string, number>(MAX_NOTED);
  readonly #places = new SharedPlaces({
    max: LIMITS.maxVerifications,
    maxPerAddress: LIMITS.maxVerificationsPerAddress,
    maxPerTenant: LIMITS.maxVerificationsPerTenant,
  });

  constructor(
    @Inject(PEPPER) pepper: string,
    facts: FactFinder,
    private readonly revocations: ViewerRevocations,
    private readonly database: Database,
    private readonly challenges: LoginChallenges,
    @Inject(LIVE_STORE) private readonly store: LiveStore,
    @Inject(GATEWAY_SETTINGS) private readonly settings: GatewaySettings,
  ) {
    const { singleUseTokensPerSecond: perSecond, shortTokensPerSecond } = settings;
    this.#singleUses = new RateLimiter({ name: 'single_use', perSecond, burst: SINGLE_USE_BURST_S * perSecond });
    this.#shortTokens = new RateLimiter({
      name: 'short_tokens',
      perSecond: shortTokensPerSecond,
      burst: SINGLE_USE_BURST_S * shortTokensPerSecond,
    });
    this.#short = new ShortTokens(pepper, store);
    this.tickets = new ViewerTickets(pepper);
    this.signatures = new SegmentSignatures(pepper);
    this.#keys = new FactCache(facts, 'playbackKeys');
    this.#restrictions = new FactCache(facts, 'playbackRestrictions');
  }

  visitorOf(request: IncomingMessage, clients: ClientAddresses): PlaybackVisitor {
    const { playbackCountryHeader: countryHeader, publicUrl } = this.settings;
    return visitorOf(request, { clients, countryHeader, ownOrigin: new URL(publicUrl).origin });
  }

  /**
   * Lets a visitor in by its token, or by the ticket that one was exchanged for.
   *
   * @throws ProblemError that says why it is refused
   */
  enter(playback: SignedPlayback, visitor: PlaybackVisitor): Promise<ViewerTicket> {
    const { token, viewer } = visitor.query;
    return token === undefined && viewer !== undefined
      ? this.readmit(playback, viewer, visitor)
      : this.#admit(playback, visitor);
  }

  /**
   * Checks a digest of a short token: the challenge was made for this playback id and network, in time, and is not used again.
   *
   * @returns the short token
   * @throws ProblemError for what proves none
   */
  async tokenOf(
    playbackId: string,
    { opaque, response, attempt, digest }: PlaybackLogin,
    network: string,
  ): Promise<string> {
    const challenge = this.challenges.open(opaque, { user: playbackId, network });
    // Used up whatever it proves: each try needs a challenge of its own.
    const isFirst =
      challenge !== undefined &&
      (await this.store.useOnce(`challenge:${challenge.nonce}`, attempt, 2 * this.challenges.lifetimeMs));
    if (!isFirst) throw tokenInvalid('The challenge was answered too late, or more than once.');
    const token = this.#short.named(digest.username, playbackId);
    if (token !== undefined) {
      const expected = Buffer.from(
        digestResponse({ ...digest, nonce: opaque, counted: digest.counted }, token, digest.method),
        'hex',
      );
      const given = Buffer.from(response, 'hex');
      if (given.length === expected.length && timingSafeEqual(given, expected)) return token;
    }
    throw tokenInvalid(
      'The digest proves no short token: the user is its first 26 characters, the password all of it.',
    );
  }

  /**
   * Hands out a short token for a visitor's, which is not used up by it. The one who asks need not be the viewer: restrictions are
   * checked where it is used.
   *
   * @throws ProblemError that says why there is none
   */
  async shorten(playback: SignedPlayback, visitor: PlaybackVisitor): Promise<ShortToken> {
    const { fact, playbackId } = playback;
    const { token } = visitor.query;
    if (!isSigned(fact)) throw tokenInvalid('This playback id is public: it is watched without a token.');
    if (token === undefined) throw tokenInvalid('Add `?token=` with the playback token to shorten.');
    const expiresAtMs = expiryOf((await this.#verify(token, playback, visitor.network)).claims);
    const ttlMs = expiresAtMs - Date.now();
    if (ttlMs <= 0) throw tokenExpired('The playback token has expired.');
    this.#take(this.#shortTokens, fact.tenantId, 'Too many short tokens of this tenant.');
    return { token: await this.#short.shorten(token, playbackId, ttlMs), expiresAtMs };
  }

  /**
   * Exchanges the visitor's token.
   *
   * @throws ProblemError that says why it is refused
   */
  async #admit(playback: SignedPlayback, visitor: PlaybackVisitor): Promise<ViewerTicket> {
    const { token } = visitor.query;
    if (token === undefined)
      throw tokenInvalid('This playback id is signed: add `?token=` with a playback token to the URL.');
    const { fact, playbackId } = playback;
    const { claims, keyId, tokenId } = await this.#verify(
      await this.#whole(token, playbackId),
      playback,
      visitor.network,
    );
    const { viewer_id: viewerId } = claims;
    const nowMs = Date.now();
    const expiresAtMs = expiryOf(claims);
    if (nowMs >= expiresAtMs) throw tokenExpired('The playback token has expired.');
    const ticket: ViewerTicket = {
      playbackId,
      tokenId,
      keyId,
      // A viewer that can be revoked by name may go on; for the others, the token is all there is.
      endsAtMs: viewerId === undefined ? expiresAtMs : nowMs + this.settings.viewerSessionMaxMs,
      viewerId,
      version: claims.viewer_session_version,
      origins: claims.origins,
      restrictionId: claims.restriction_id,
      singleUse: claims.single_use ? { expiresAtMs } : undefined,
    };
    await this.check(fact, ticket, visitor);
    this.#noteUse(keyId, nowMs);
    return ticket;
  }

  /**
   * Uses up a token that may start playback once: call it when playback starts, and nothing else can fail any more.
   *
   * @throws ProblemError when it has started playback already, on whichever gateway. @throws LiveStoreError when that cannot be told
   */
  async useUp(tenantId: string, { tokenId, singleUse }: ViewerTicket): Promise<void> {
    if (singleUse === undefined) return;
    this.#take(this.#singleUses, tenantId, 'Too many single-use tokens of this tenant.');
    // What a tenant calls its tokens may be of any characters.
    const name = `${SINGLE_USE}:${tenantId}:${digestOf(tokenId)}`;
    const ttlMs = singleUse.expiresAtMs - Date.now() + LIMITS.clockToleranceMs;
    if (ttlMs > 0 && (await this.store.useOnce(name, randomUUID(), ttlMs))) return;
    throw new ProblemError('playback_token_used', 'This playback token starts playback once, and has done so.', {
      headers: CHALLENGE,
    });
  }

  /** @throws ProblemError when the text is no ticket for this playback id, or the ticket is of no use any more */
  async readmit({ fact, playbackId }: SignedPlayback, text: string, visitor: PlaybackVisitor): Promise<ViewerTicket> {
    const ticket = this.tickets.read(text, playbackId);
    if (ticket === undefined)
      throw tokenInvalid('The `viewer` of this URL is not valid: open the playlist with a token again.');
    await this.check(fact, ticket, visitor);
    return ticket;
  }

  /** Whether a viewer that was let in may go on. @throws ProblemError */
  async check({ tenantId }: PlaybackFact, ticket: ViewerTicket, visitor: PlaybackVisitor): Promise<void> {
    const { keyId, endsAtMs, viewerId, version, origins, restrictionId } = ticket;
    if (Date.now() >= endsAtMs) throw tokenExpired('This viewer session is over: open the playlist with a new token.');
    const { keys } = await this.#keysOf(tenantId);
    if (!keys.some(({ id }) => id === keyId)) throw tokenInvalid('The playback key of the token was revoked.');
    if (viewerId !== undefined) {
      await this.revocations.refresh();
      if (!this.revocations.isKnown) throw dependencyUnavailable('The list of revoked viewers');
      if (this.revocations.isRevoked(tenantId, viewerId, version))
        throw new ProblemError('viewer_session_revoked', 'The sessions of this viewer were revoked.');
    }
    if (origins !== undefined) requireOrigin(origins, visitor);
    if (restrictionId === undefined) return;
    const restriction = await this.#restrictionOf(restrictionId);
    // One of another tenant is none.
    if (restriction?.tenantId !== tenantId)
      throw tokenInvalid('The `restriction_id` of the playback token names no playback restriction.');
    enforce(restriction, visitor);
  }

  /** Whether each request of a viewer is checked, so that nothing of what it gets may be shared. */
  async isStrict({ restrictionId }: ViewerTicket): Promise<boolean> {
    return restrictionId !== undefined && (await this.#restrictionOf(restrictionId))?.strict === true;
  }

  async #verify(token: string, { fact, playbackId }: SignedPlayback, network: string): Promise<Verified> {
    const { keys } = await this.#keysOf(fact.tenantId);
    const name = `${playbackId} ${digestOf(token)}`;
    const known = this.#verified.get(name);
    // Only what can change is checked again: the key, here; time and revocation, by the caller.
    if (known !== undefined && keys.some(({ id }) => id === known.keyId)) return known;
    const release = this.#takePlace({ network, tenantId: fact.tenantId });
    try {
      const verdict = await verifyPlaybackToken(token, keys, {
        playbackId,
        nowMs: Date.now(),
        maxTtlMs: this.settings.playbackTokenMaxMs,
        maxViewerTtlMs: this.settings.playbackViewerTokenMaxMs,
      });
      if (!verdict.valid) throw (verdict.refusal === 'expired' ? tokenExpired : tokenInvalid)(verdict.detail);
      this.#verified.set(name, verdict);
      return verdict;
    } finally {
      release();
    }
  }

  /** @returns the token that a short one stands for; any other as it is */
  async #whole(token: string, playbackId: string): Promise<string> {
    if (!this.#short.isOne(token)) return token;
    const whole = await this.#short.expand(token, playbackId);
    if (whole === undefined) throw tokenInvalid('This short token is not valid for this playback id, or has expired.');
    return whole;
  }

  #take(limiter: RateLimiter, tenantId: string, detail: string): void {
    const { allowed, waitS } = limiter.take(tenantId);
    if (allowed) return;
    throw new ProblemError('too_many_requests', detail, { headers: { 'retry-after': String(Math.max(1, waitS)) } });
  }

  #takePlace(holder: PlaceHolder): () => void {
    const release = this.#places.take(holder);
    if (release === undefined) throw dependencyUnavailable('The check of playback tokens');
    return release;
  }

  async #keysOf(tenantId: string): Promise<PlaybackKeysFact> {
    return (await told(this.#keys.of(tenantId))) ?? { keys: [] };
  }

  async #restrictionOf(id: string): Promise<PlaybackRestrictionFact | undefined> {
    return told(this.#restrictions.of(id));
  }

  /** It runs in the background, and a lost note does no harm: it tells which key is still in use before one is revoked. */
  #noteUse(keyId: string, nowMs: number): void {
    if (nowMs - (this.#notedAtMs.get(keyId) ?? 0) < LAST_USED_STEP_MS) return;
    this.#notedAtMs.set(keyId, nowMs);
    this.database.runInBackground('record the use of a playback key', (manager) =>
      manager.update(PlaybackKeyEntity, { id: keyId }, { lastUsedAt: new Date(nowMs) }),
    );
  }
}

async function told<T>(fact: Promise<T>): Promise<T> {
  try {
    return await fact;
  } catch (error) {
    if (error instanceof NotKnown) throw dependencyUnavailable('The list of playback keys', error);
    throw error;
  }
}

function requireOrigin(allowed: readonly string[], { origin }: PlaybackVisitor): void {
  if (origin !== undefined && matchesOrigin(allowed, origin)) return;
  throw new ProblemError(
    'origin_not_allowed',
    origin === undefined
      ? 'This stream plays only on certain sites, and the request does not say which site it comes from.'
      : 'This stream does not play on this site.',
  );
}

function enforce(restriction: PlaybackRestrictionFact, visitor: PlaybackVisitor): void {
  const { allowedOrigins, allowedAddresses, allowedCountries, deniedCountries, deniedUserAgents } = restriction;
  if (allowedOrigins.length > 0) requireOrigin(allowedOrigins, visitor);
  if (allowedAddresses.length > 0 && !new AddressRanges(allowedAddresses).includes(visitor.address))
    throw notAllowed('This stream does not play from this address.');
  const { country } = visitor;
  if (allowedCountries.length > 0 && (country === undefined || !allowedCountries.includes(country)))
    throw notAllowed('This stream does not play in this country.');
  if (deniedCountries.length > 0 && (country === undefined || deniedCountries.includes(country)))
    throw notAllowed('This stream does not play in this country.');
  const userAgent = visitor.userAgent.toLowerCase();
  if (deniedUserAgents.some((part) => userAgent.includes(part.toLowerCase())))
    throw notAllowed('This stream does not play in this player.');
}

const tokenInvalid = (detail: string): ProblemError =>
  new ProblemError('playback_token_invalid', detail, { headers: CHALLENGE });
const tokenExpired = (detail: string): ProblemError =>
  new ProblemError('playback_token_expired', detail, { headers: CHALLENGE });
const notAllowed = (detail: string): ProblemError => new ProblemError('playback_not_allowed', detail);
