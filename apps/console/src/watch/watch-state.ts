// What the page can be in, and what it says to the viewer then.

export type WatchState =
  | 'connecting'
  | 'waiting'
  | 'tap-to-play'
  | 'live'
  | 'stalled'
  | 'paused'
  | 'ended'
  | 'offline'
  | 'busy'
  | 'not-found'
  | 'disabled'
  | 'undecodable'
  | 'link-invalid'
  | 'link-expired'
  | 'link-used'
  | 'quota-reached'
  | 'site-not-allowed'
  | 'place-not-allowed'
  | 'revoked'
  | 'unsupported';

export interface StateText {
  readonly pill: string;
  readonly headline: string;
  readonly explanation: string;
}

export const WORDS: Readonly<Record<WatchState, StateText>> = {
  connecting: { pill: 'Connecting', headline: 'Connecting…', explanation: '' },
  waiting: {
    pill: 'Waiting',
    headline: 'Waiting for the stream',
    explanation: 'It has not started yet. It plays here automatically as soon as it does.',
  },
  'tap-to-play': {
    pill: 'Ready',
    headline: 'The stream is live',
    explanation: 'Press Play to watch it.',
  },
  live: { pill: 'Live', headline: '', explanation: '' },
  stalled: { pill: 'Buffering', headline: '', explanation: '' },
  paused: { pill: 'Paused', headline: '', explanation: '' },
  ended: {
    pill: 'Ended',
    headline: 'The stream has ended',
    explanation: 'If it starts again, it plays here automatically.',
  },
  offline: {
    pill: 'No connection',
    headline: 'The server cannot be reached',
    explanation: 'Check your connection. Retrying automatically.',
  },
  busy: {
    pill: 'Retrying',
    headline: 'The server has a problem',
    explanation: 'It cannot deliver the stream at the moment. Retrying automatically.',
  },
  'not-found': {
    pill: 'Not found',
    headline: 'There is no such stream',
    explanation: 'The link may be incomplete, or the stream was removed. Ask for a new link.',
  },
  disabled: {
    pill: 'Unavailable',
    headline: 'This stream is not available',
    explanation: 'It has been disabled. If it is enabled again, it plays here automatically.',
  },
  undecodable: {
    pill: 'Not supported',
    headline: 'This browser cannot decode the stream',
    explanation:
      'The stream uses a video or audio format, such as H.265, that this browser does not support on this device. Try another browser or device.',
  },
  'link-invalid': {
    pill: 'Link needed',
    headline: 'This stream needs a personal link',
    explanation: 'The link is incomplete or not valid. Open the stream again from the site that gave it to you.',
  },
  'link-expired': {
    pill: 'Link expired',
    headline: 'This link has expired',
    explanation: 'Open the stream again from the site that gave you the link.',
  },
  'link-used': {
    pill: 'Link used',
    headline: 'This link has been used already',
    explanation: 'It works once. Open the stream again from the site that gave you the link.',
  },
  'quota-reached': {
    pill: 'Full',
    headline: 'This stream has reached its limit',
    explanation: 'As many people watch, or as much was sent, as its owner may have. Retrying automatically.',
  },
  'site-not-allowed': {
    pill: 'Not allowed',
    headline: 'This stream does not play on this site',
    explanation: 'Its owner allows only certain sites. Open the stream on the site that gave you the link.',
  },
  'place-not-allowed': {
    pill: 'Not allowed',
    headline: 'This stream does not play here',
    explanation: 'Its owner does not allow your network, your country or this browser.',
  },
  revoked: {
    pill: 'Ended',
    headline: 'Your access to this stream has ended',
    explanation: 'Its owner has ended it. Open the stream again from the site that gave you the link, if you may.',
  },
  unsupported: {
    pill: 'Not supported',
    headline: 'This browser cannot play the stream',
    explanation:
      'It supports neither Media Source Extensions nor HLS. Use a current version of Chrome, Edge, Firefox or Safari.',
  },
};

export const canPlay = (state: WatchState): boolean => state === 'paused' || state === 'tap-to-play';
export const canPause = (state: WatchState): boolean => state === 'live' || state === 'stalled';
