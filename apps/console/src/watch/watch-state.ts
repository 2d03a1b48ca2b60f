// What the page can be in, and what it says to the viewer then.

export type WatchState =
  | 'connecting'
  | 'waiting'
  | 'tap-to-play'
  | 'live'
  | 'stalled'
  | 'ended'
  | 'offline'
  | 'busy'
  | 'not-found'
  | 'unsupported';

export interface Words {
  readonly pill: string;
  readonly headline: string;
  readonly explanation: string;
}

export const WORDS: Readonly<Record<WatchState, Words>> = {
  connecting: { pill: 'Connecting', headline: 'Connecting…', explanation: '' },
  waiting: {
    pill: 'Waiting',
    headline: 'Waiting for the stream',
    explanation: 'Nobody is publishing yet. The picture appears here by itself as soon as it starts.',
  },
  'tap-to-play': {
    pill: 'Ready',
    headline: 'The stream is live',
    explanation: 'Your browser wants a tap before it plays.',
  },
  live: { pill: 'Live', headline: '', explanation: '' },
  stalled: { pill: 'Buffering', headline: '', explanation: '' },
  ended: {
    pill: 'Ended',
    headline: 'The stream has ended',
    explanation: 'Stay on this page: when it starts again, it plays here.',
  },
  offline: {
    pill: 'No connection',
    headline: 'The server cannot be reached',
    explanation: 'Check your connection. Trying again all the time.',
  },
  busy: {
    pill: 'Trying again',
    headline: 'The server has a problem',
    explanation: 'It answers, but cannot give the stream now. Trying again all the time.',
  },
  'not-found': {
    pill: 'Not found',
    headline: 'There is no such stream',
    explanation: 'The link may be incomplete, or the stream was removed. Ask for a new link.',
  },
  unsupported: {
    pill: 'Not supported',
    headline: 'This browser cannot play the stream',
    explanation:
      'It has neither Media Source Extensions nor HLS of its own. A current Chrome, Edge, Firefox or Safari can.',
  },
};
