// What guards the gateway, and every viewer's share of it, removed piece by piece.
import type { Mutant } from '../mutant.ts';

const DIRECTORY = 'apps/gateway/src/playback/playback-directory.ts';
const SEGMENTS = 'apps/gateway/src/hls/segment-cache.ts';
const VIEWERS = 'libs/playout/src/metering/viewer-count.ts';
const AUTHORIZER = 'apps/gateway/src/publish-control/publish-authorizer.ts';
const FACTS = 'apps/gateway/src/publish-control/publish-facts.ts';
const HASHER = 'apps/gateway/src/auth/key-hasher.ts';
const CHALLENGES = 'apps/gateway/src/auth/login-challenges.ts';
const JOIN_TOKEN = 'apps/gateway/src/join-tokens/verify-join-token.ts';
const RATES = 'apps/gateway/src/server/rate-limiter.ts';
const BUCKET = 'libs/protocol/src/rate/token-bucket.ts';

const SHARES = ['apps/gateway/src/hls/shares.spec.ts'];
const SEGMENT_SPECS = ['apps/gateway/src/hls/segment-cache.spec.ts'];
const VIEWER_SPECS = ['libs/playout/src/metering/viewer-count.spec.ts'];
const PUBLISH_SPECS = ['apps/gateway/src/publish-control/publish-control.spec.ts'];
const HASHER_SPECS = ['apps/gateway/src/auth/key-hasher.spec.ts'];
const CHALLENGE_SPECS = ['apps/gateway/src/auth/login-challenges.spec.ts'];
const JOIN_TOKEN_SPECS = ['apps/gateway/src/join-tokens/verify-join-token.spec.ts'];
const RATE_SPECS = ['apps/gateway/src/server/rate-limiter.spec.ts'];
const BUCKET_SPECS = ['libs/protocol/src/rate/token-bucket.spec.ts'];

const PLAYBACK_TOKEN = 'apps/gateway/src/playback-tokens/verify-playback-token.ts';
const SEGMENT_SIGNATURES = 'apps/gateway/src/playback/segment-signatures.ts';
const VIEWER_TICKET = 'apps/gateway/src/playback/viewer-ticket.ts';
const PLAYBACK_TOKEN_SPECS = ['apps/gateway/src/playback-tokens/verify-playback-token.spec.ts'];
const SEGMENT_SIGNATURE_SPECS = ['apps/gateway/src/playback/segment-signatures.spec.ts'];
const VIEWER_TICKET_SPECS = ['apps/gateway/src/playback/viewer-ticket.spec.ts'];

export const GATEWAY_MUTANTS: readonly Mutant[] = [
  {
    name: 'recorded-srt-handshake-publishes',
    file: 'apps/gateway/src/publish-control/srt-handshakes.ts',
    find: 'if (marks.startsWith(saltMark, at)) return marks.startsWith(mark, at);',
    replace: 'if (marks.startsWith(mark, at)) return true;',
    specs: ['apps/gateway/src/publish-control/srt-handshakes.spec.ts'],
  },
  {
    name: 'playback-token-for-any-audience',
    file: PLAYBACK_TOKEN,
    find: '      audience: PLAYBACK_AUDIENCE,\n',
    replace: '',
    specs: PLAYBACK_TOKEN_SPECS,
  },
  {
    name: 'playback-token-for-any-playback-id',
    file: PLAYBACK_TOKEN,
    find: '      subject: playbackId,\n',
    replace: '',
    specs: PLAYBACK_TOKEN_SPECS,
  },
  {
    name: 'playback-token-of-any-life',
    file: PLAYBACK_TOKEN,
    find: 'exp - nowS <= maxS + CLOCK_TOLERANCE_S',
    replace: 'exp > 0',
    specs: PLAYBACK_TOKEN_SPECS,
  },
  {
    name: 'segment-signature-for-any-segment',
    file: SEGMENT_SIGNATURES,
    find: '`${playbackId}/${name} ${end}`',
    replace: '`${playbackId}/ ${end}`',
    specs: SEGMENT_SIGNATURE_SPECS,
  },
  {
    name: 'segment-signature-without-end',
    file: SEGMENT_SIGNATURES,
    find: 'if (leftS <= 0) return undefined;',
    replace: '',
    specs: SEGMENT_SIGNATURE_SPECS,
  },
  {
    name: 'viewer-ticket-of-any-playback-id',
    file: VIEWER_TICKET,
    find: 'if (p !== playbackId) return undefined;',
    replace: '',
    specs: VIEWER_TICKET_SPECS,
  },
  {
    name: 'viewer-ticket-unsigned',
    file: VIEWER_TICKET,
    find: ' || !timingSafeEqual(given, this.#mac(body))',
    replace: '',
    specs: VIEWER_TICKET_SPECS,
  },
  {
    name: 'playback-lookups-unlimited',
    file: DIRECTORY,
    find: 'new SharedPlaces({ max: MAX_LOOKUPS,',
    replace: 'new SharedPlaces({ max: Infinity,',
    specs: SHARES,
  },
  {
    name: 'playback-lookups-of-an-address-unlimited',
    file: DIRECTORY,
    find: 'maxPerAddress: MAX_LOOKUPS_PER_ADDRESS })',
    replace: 'maxPerAddress: Infinity })',
    specs: SHARES,
  },
  {
    name: 'segment-reads-unlimited',
    file: SEGMENTS,
    find: '    max: MAX_READS,',
    replace: '    max: Infinity,',
    specs: SEGMENT_SPECS,
  },
  {
    name: 'segment-reads-of-a-tenant-unlimited',
    file: SEGMENTS,
    find: '    maxPerTenant: PLAYBACK_CODE_LIMITS.maxReadsPerTenant,\n',
    replace: '',
    specs: SEGMENT_SPECS,
  },
  {
    name: 'segment-reads-of-unlisted-names-share-the-places',
    file: SEGMENTS,
    find: 'listed ? this.#listedPlace(holder) : this.#unlistedPlaces.take(holder)',
    replace: 'this.#listedPlace(holder)',
    specs: SEGMENT_SPECS,
  },
  {
    name: 'segment-reads-of-an-address-wait-without-limit',
    file: SEGMENTS,
    find: 'maxPerAddress: PLAYBACK_CODE_LIMITS.maxWaitingReadsPerAddress,',
    replace: 'maxPerAddress: Infinity,',
    specs: SEGMENT_SPECS,
  },
  {
    name: 'names-of-files-beside-a-known-one-have-any-character',
    file: 'apps/gateway/src/server/known-files.ts',
    find: 'if (NAME_BYTES[bytes[at]!] !== 1) return undefined;',
    replace: 'if (bytes[at] === undefined) return undefined;',
    specs: ['apps/gateway/src/server/known-files.spec.ts'],
  },
  {
    name: 'files-beside-a-known-one-whatever-its-headers',
    file: 'apps/gateway/src/server/known-files.ts',
    find: 'if (bytes.compare(end, 0, end.length, nameEnd) !== 0) return undefined;',
    replace: '',
    specs: ['apps/gateway/src/server/known-files.spec.ts'],
  },
  {
    name: 'segment-cache-grows-without-end',
    file: SEGMENTS,
    find: 'while (this.#heldBytes > this.#maxBytes) this.#dropOldestOf(this.#largestTenant());',
    replace: 'if (this.#heldBytes < 0) this.#dropOldestOf(this.#largestTenant());',
    specs: SEGMENT_SPECS,
  },
  {
    name: 'viewers-unlimited',
    file: VIEWERS,
    find: 'if (this.viewers.size >= MAX_VIEWERS || this.viewers.has(name))',
    replace: 'if (this.viewers.has(name))',
    specs: VIEWER_SPECS,
  },
  {
    name: 'viewers-of-an-address-unlimited',
    file: VIEWERS,
    find: 'fromHere >= MAX_VIEWERS_PER_ADDRESS || ',
    replace: '',
    specs: VIEWER_SPECS,
  },
  {
    name: 'key-is-not-looked-at-again-after-the-claim',
    file: AUTHORIZER,
    find: "if (refusal !== undefined && refusal !== 'unavailable')",
    replace: 'if (false)',
    specs: PUBLISH_SPECS,
  },
  {
    name: 'expired-key-publishes',
    file: FACTS,
    find: "  if (key.expiresAtMs !== null && key.expiresAtMs <= nowMs) return 'key_expired';\n",
    replace: '',
    specs: PUBLISH_SPECS,
  },
  {
    name: 'key-of-a-suspended-tenant-publishes',
    file: FACTS,
    find: "  if (tenant.suspended) return 'tenant_suspended';\n",
    replace: '',
    specs: PUBLISH_SPECS,
  },
  {
    name: 'key-is-compared-in-part',
    file: HASHER,
    find: 'timingSafeEqual(given, hash)',
    replace: 'given[0] === hash[0]',
    specs: HASHER_SPECS,
  },
  {
    name: 'key-comparison-tells-by-its-time',
    file: HASHER,
    find: 'given.length === hash.length && timingSafeEqual(given, hash)',
    replace: 'given.equals(hash)',
    specs: HASHER_SPECS,
  },
  {
    name: 'key-hash-without-pepper',
    file: HASHER,
    find: "createHmac('sha256', this.#pepper)",
    replace: "createHmac('sha256', '')",
    specs: HASHER_SPECS,
  },
  {
    name: 'login-challenge-never-ends',
    file: CHALLENGES,
    find: '    if (header.readUInt32BE(1) * 1_000 <= this.#now()) return undefined;\n',
    replace: '',
    specs: CHALLENGE_SPECS,
  },
  {
    name: 'login-challenge-of-another-network',
    file: CHALLENGES,
    find: 'JSON.stringify([user, network])',
    replace: 'JSON.stringify([user])',
    specs: CHALLENGE_SPECS,
  },
  {
    name: 'join-token-of-any-algorithm',
    file: JOIN_TOKEN,
    find: 'alg !== JOIN_TOKEN_ALGORITHM || ',
    replace: '',
    specs: JOIN_TOKEN_SPECS,
  },
  {
    name: 'join-token-without-end',
    file: JOIN_TOKEN,
    find: "['exp', 'iat', 'room']",
    replace: "['iat', 'room']",
    specs: JOIN_TOKEN_SPECS,
  },
  {
    name: 'join-token-lives-for-any-time',
    file: JOIN_TOKEN,
    find: "  if (claims.exp - claims.iat > maxTtlMs / MS) return refuse('bad_token');\n",
    replace: '',
    specs: JOIN_TOKEN_SPECS,
  },
  {
    name: 'join-token-from-the-future',
    file: JOIN_TOKEN,
    find: "  if (claims.iat > nowS + CLOCK_TOLERANCE_S) return refuse('token_not_yet_valid');\n",
    replace: '',
    specs: JOIN_TOKEN_SPECS,
  },
  {
    name: 'join-token-of-any-length',
    file: JOIN_TOKEN,
    find: 'token.length > ROOM_CODE_LIMITS.maxTokenLength ? undefined : signerOf(token)',
    replace: 'signerOf(token)',
    specs: JOIN_TOKEN_SPECS,
  },
  {
    name: 'token-bucket-saves-up',
    file: BUCKET,
    find: '    const tokens = Math.min(this.#burst, this.#tokens + (nowMs - this.#atMs) * this.#perMs);\n',
    replace: '    const tokens = this.#tokens + (nowMs - this.#atMs) * this.#perMs;\n',
    specs: BUCKET_SPECS,
  },
  {
    name: 'token-bucket-takes-nothing',
    file: BUCKET,
    find: 'tokens >= count ? tokens - count : tokens',
    replace: 'tokens',
    specs: BUCKET_SPECS,
  },
  {
    name: 'rate-limiter-allows-all',
    file: RATES,
    find: 'const allowed = kept.bucket.take();',
    replace: 'const allowed = kept.bucket.take() || true;',
    specs: RATE_SPECS,
  },
];
