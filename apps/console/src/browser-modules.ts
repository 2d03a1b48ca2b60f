// The modules that the pages' programs consist of; a test holds this list against what they import.

interface ModuleFolder {
  readonly folder: string;
  readonly names: readonly string[];
}

export const CONSOLE_MODULES: readonly ModuleFolder[] = [
  {
    folder: 'watch',
    names: [
      'watch-page',
      'watch-state',
      'page-view',
      'playlist-probe',
      'stream-player',
      'flv-player',
      'stream-info',
      'player-keys',
      'share-panel',
      'embed-code',
      'figures',
    ],
  },
  {
    folder: 'page',
    names: ['element', 'console-config', 'join-address', 'refusal-words', 'seat-store', 'server-search'],
  },
  {
    folder: 'call',
    names: [
      'call-page',
      'call',
      'call-figures',
      'call-view',
      'call-words',
      'capture',
      'capture-words',
      'chat-panel',
      'device-choice',
      'figures-panel',
      'level-meter',
      'lobby',
      'loudness',
      'people-panel',
      'side-panel',
      'sparkline',
      'stage',
      'tile',
      'toolbar',
    ],
  },
  { folder: 'check', names: ['check-page', 'check-words'] },
];

/** Of libs/rooms-client. */
export const ROOMS_CLIENT_MODULES: readonly string[] = [
  'index',
  'backoff',
  'clock',
  'ice-servers',
  'messages',
  'room-client',
  'typed-events',
  'check/check-nat',
  'check/check-relay',
  'check/check-signaling',
  'check/check-stun',
  'media/capture-failure',
  'media/media-source',
  'media/published-media',
  'peer/media-sections',
  'peer/negotiator',
  'peer/path-recovery',
  'peer/peer-link',
  'peer/peer-links',
  'signaling/ice-lifetime',
  'signaling/keep-alive',
  'signaling/outbox',
  'signaling/pending-requests',
  'signaling/rejoin-secret',
  'signaling/request-error',
  'signaling/server-message',
  'signaling/signaling-session',
  'signaling/socket',
  'stats/candidate-path',
  'stats/stats-reader',
  'stats/stats-report',
];
