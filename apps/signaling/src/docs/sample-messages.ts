// One message of every type: for tests, and as examples of the AsyncAPI document.
import type { ClientMessage, IceServer, ServerMessage } from '@millrace/rooms-client';

const ADA = 'par_01jd9v3k2m0123456789abcdef';
const BOB = 'par_01jd9v3k2n0123456789abcdef';
const ROOM_ID = 'room_01jd9v3k2a0123456789abcdef';
const TOKEN = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhZGEifQ.c2lnbmF0dXJl';
const REJOIN_SECRET = 'vJ0dKcWc3l1c0cX5k9g2Zw';
const SDP =
  'v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\na=sendrecv\r\n';
const CANDIDATE = {
  candidate: 'candidate:1 1 udp 2122260223 192.0.2.1 54321 typ host',
  sdpMid: '0',
  sdpMLineIndex: 0,
  usernameFragment: null,
};
const MUTED = { audio: false, video: false, screen: true };

const participant = {
  id: ADA,
  identity: 'ada',
  name: 'Ada',
  metadata: { hue: '12' },
  muted: MUTED,
  state: 'connected',
  joined_at: '2026-11-25T09:00:00.000Z',
} as const;
const peer = { ...participant, id: BOB, identity: 'bob', name: 'Bob', polite: true } as const;
const room = { id: ROOM_ID, name: 'Stand-up', type: 'group', max_participants: 8, locked: false } as const;
const ICE_SERVERS: readonly IceServer[] = [
  { urls: ['stun:turn.example:3478'] },
  { urls: ['turn:turn.example:3478?transport=udp'], username: '1795600000:ten_x:par_x', credential: 'secret' },
];
const ice = {
  ice_servers: ICE_SERVERS,
  ice_expires_at: '2026-11-25T10:00:00.000Z',
};

type Samples<M extends { readonly type: string }> = { readonly [T in M['type']]: M & { readonly type: T } };

export const CLIENT_SAMPLES: Samples<ClientMessage> = {
  join: { type: 'join', id: '1', version: 1, token: TOKEN, rejoin_secret: REJOIN_SECRET, name: 'Ada', muted: MUTED },
  resume: { type: 'resume', version: 1, resume_token: `${ADA}.c2VjcmV0`, last_sequence: 17 },
  probe: { type: 'probe', version: 1, token: TOKEN },
  offer: { type: 'offer', id: '2', to: BOB, sdp: SDP },
  answer: { type: 'answer', to: BOB, sdp: SDP },
  candidate: { type: 'candidate', to: BOB, candidate: CANDIDATE },
  end_of_candidates: { type: 'end_of_candidates', to: BOB },
  update: { type: 'update', muted: { ...MUTED, audio: true } },
  chat: { type: 'chat', text: 'Hello', to: BOB },
  ice_servers: { type: 'ice_servers', id: '3' },
  leave: { type: 'leave' },
  ping: { type: 'ping', last_sequence: 17 },
};

export const SERVER_SAMPLES: Samples<ServerMessage> = {
  joined: {
    type: 'joined',
    reply_to: '1',
    version: 1,
    participant,
    participants: [peer],
    room,
    permissions: { publish: true, chat: true, rename: true },
    ...ice,
    resume_token: `${ADA}.c2VjcmV0`,
    resume_window_ms: 15_000,
    ping_interval_ms: 10_000,
  },
  resumed: { type: 'resumed', participant, participants: [peer], room },
  ice_servers: { type: 'ice_servers', reply_to: '3', ...ice },
  probed: { type: 'probed', ...ice },
  token: { type: 'token', token: TOKEN, expires_at: '2026-11-25T09:05:15.000Z' },
  pong: { type: 'pong' },
  accepted: { type: 'accepted', reply_to: '2' },
  left: { type: 'left', reason: 'removed' },
  go_away: { type: 'go_away', reason: 'draining' },
  error: {
    type: 'error',
    code: 'room_full',
    detail: 'room full: this room has reached its maximum number of participants',
  },
  participant_joined: { type: 'participant_joined', sequence: 1, participant: peer },
  participant_updated: {
    type: 'participant_updated',
    sequence: 2,
    participant: { ...peer, state: 'reconnecting' },
  },
  participant_left: { type: 'participant_left', sequence: 9, participant_id: BOB, reason: 'lost' },
  room_updated: { type: 'room_updated', sequence: 3, room: { ...room, locked: true } },
  offer: { type: 'offer', sequence: 4, from: BOB, sdp: SDP },
  answer: { type: 'answer', sequence: 5, from: BOB, sdp: SDP },
  candidate: { type: 'candidate', sequence: 6, from: BOB, candidate: CANDIDATE },
  end_of_candidates: { type: 'end_of_candidates', sequence: 7, from: BOB },
  chat: {
    type: 'chat',
    sequence: 8,
    from: BOB,
    text: 'Hello',
    private: false,
    sent_at: '2026-11-25T09:01:00.000Z',
  },
};
