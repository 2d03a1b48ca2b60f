// What the gateway reads from the environment about rooms, tokens and relay credentials.
import { list, milliseconds, setting, url, wholeNumber } from '@millrace/service-kit';
import { MAX_ICE_URL_LENGTH, MAX_ICE_URLS } from '@millrace/control';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const MEGABIT = 1_000_000;

/** RFC 7064 section 3.1, RFC 7065 section 3.1: no slashes, and a transport only where it relays. */
const ICE_URL = /^(stuns?:[^\s?/@,]+|turns?:[^\s?/@,]+(\?transport=(udp|tcp))?)$/;

const iceUrls = list
  .refine((all) => all.every((part) => ICE_URL.test(part) && part.length <= MAX_ICE_URL_LENGTH), {
    error: 'must be addresses that begin with stun:, stuns:, turn: or turns:, separated by commas',
  })
  .refine((all) => all.length <= MAX_ICE_URLS, { error: `must be at most ${MAX_ICE_URLS} addresses` })
  .transform((all) => all.join(','));

export const roomSettings = {
  publicSignalingUrl: setting(
    'MILLRACE_PUBLIC_SIGNALING_URL',
    url('ws', 'wss'),
    'ws://localhost:8081/v1/rooms',
    'URL at which browsers reach the signaling servers, as given in responses.',
  ),
  iceUrls: setting(
    'MILLRACE_ICE_URLS',
    iceUrls,
    'stun:127.0.0.1:3478,turn:127.0.0.1:3478?transport=udp,turn:127.0.0.1:3478?transport=tcp,' +
      'turns:127.0.0.1:5349?transport=tcp',
    'STUN and TURN URLs given to clients, separated by commas; empty: none.',
    { emptyIsNone: true },
  ),
  iceTtlMs: setting(
    'MILLRACE_ICE_TTL_MS',
    milliseconds(MINUTE_MS),
    12 * HOUR_MS,
    'Lifetime of relay credentials, in milliseconds; their allocations end with them.',
  ),
  iceMaxTtlMs: setting(
    'MILLRACE_ICE_MAX_TTL_MS',
    milliseconds(MINUTE_MS),
    DAY_MS,
    'Longest lifetime that a request for relay credentials may ask for, in milliseconds.',
  ),
  joinTokenTtlMs: setting(
    'MILLRACE_JOIN_TOKEN_TTL_MS',
    milliseconds(MINUTE_MS),
    HOUR_MS,
    'Default lifetime of a join token, in milliseconds.',
  ),
  joinTokenMaxTtlMs: setting(
    'MILLRACE_JOIN_TOKEN_MAX_TTL_MS',
    wholeNumber(MINUTE_MS, 3_660 * DAY_MS),
    30 * DAY_MS,
    'Longest lifetime of a join token, including those that a tenant signs itself, in milliseconds.',
  ),
  maxSigningKeysPerTenant: setting(
    'MILLRACE_MAX_SIGNING_KEYS_PER_TENANT',
    wholeNumber(1, 20),
    5,
    'How many active signing keys a tenant may have.',
  ),
  maxRoomsPerTenant: setting(
    'MILLRACE_MAX_ROOMS_PER_TENANT',
    wholeNumber(1, 1_000_000),
    10_000,
    'How many rooms a tenant may define, not counting ended ones.',
  ),
  maxRoomParticipants: setting(
    'MILLRACE_MAX_ROOM_PARTICIPANTS',
    wholeNumber(2, 100),
    12,
    'Highest max_participants of a room: each participant sends to every other.',
  ),
  maxBansPerRoom: setting(
    'MILLRACE_MAX_BANS_PER_ROOM',
    wholeNumber(1, 10_000),
    256,
    'How many bans of identities and tokens a room may have.',
  ),
  roomRetentionMs: setting(
    'MILLRACE_ROOM_RETENTION_MS',
    wholeNumber(1, 3_660 * DAY_MS),
    60 * DAY_MS,
    'How long ended rooms are kept, in milliseconds.',
  ),
  maxIceCredentialsPerTenant: setting(
    'MILLRACE_MAX_ICE_CREDENTIALS_PER_TENANT',
    wholeNumber(1, 1_000_000),
    10_000,
    'How many unexpired relay credentials, made by REST or revoked, a tenant may have.',
  ),
  maxRelayAllocationsPerUser: setting(
    'MILLRACE_MAX_RELAY_ALLOCATIONS_PER_USER',
    wholeNumber(1, 10_000),
    100,
    'How many concurrent relay allocations one participant, or one relay credential, may have.',
  ),
  maxRelayBitsPerAllocation: setting(
    'MILLRACE_MAX_RELAY_BITS_PER_ALLOCATION',
    wholeNumber(64_000, 1_000_000 * MEGABIT),
    20 * MEGABIT,
    'Highest bitrate of one relay allocation, both directions together, in bits per second.',
  ),
};
