// What the call page says about the stay as a whole and about the way to each person.
import type { CandidatePath, Ending, PathState, RelayTransport } from '@millrace/rooms-client';
import { refusalWords } from '../page/refusal-words.ts';
import type { Notice } from '../page/refusal-words.ts';

export function endingWords(ending: Ending): Notice {
  if (ending.kind === 'refused') return refusalWords(ending.code);
  switch (ending.reason) {
    case 'left':
      return { headline: 'You have left the room', explanation: 'This page keeps no data from the call.' };
    case 'lost':
      return { headline: 'The connection was lost', explanation: 'You were disconnected for too long.' };
    case 'removed':
      return { headline: 'You were removed from the room', explanation: 'The host has ended the call for you.' };
    case 'replaced':
      return {
        headline: 'You have joined somewhere else',
        explanation: 'Another page or device has joined with your link and taken your place.',
      };
    case 'room_ended':
      return refusalWords('room_ended');
  }
}

export const NO_TOKEN: Notice = {
  headline: 'This link is incomplete',
  explanation: 'A link to a room ends with #token=… Copy all of it, or ask for a new one.',
};

export const NO_SIGNALING: Notice = {
  headline: 'There are no rooms here',
  explanation: 'This server hosts no rooms. Check the address and try again.',
};

/** Over the tile of a participant whose media does not flow; empty when all is well. */
export function pathWords(state: PathState, relay: RelayTransport | undefined): string {
  switch (state) {
    case 'connecting':
      return 'Connecting…';
    case 'connected':
      return '';
    case 'recovering':
      return 'The connection was lost. Reconnecting…';
    case 'failed':
      return relay === undefined
        ? 'No network path: neither a direct connection nor the relay works. Still trying.'
        : `No network path through the relay over ${relay.toUpperCase()}. Still trying.`;
    case 'unanswered':
      return 'The other side does not answer. Still trying.';
  }
}

const TYPES = { host: 'direct', srflx: 'through NAT', prflx: 'through NAT', relay: 'relay' } as const;

/** The way that media takes, as a sentence for people who look after networks. */
export function routeWords(path: CandidatePath | undefined): string {
  if (path === undefined) return 'none yet';
  const transport = path.transport.toUpperCase();
  const [local, remote] = [TYPES[path.local], TYPES[path.remote]];
  if (path.local === 'relay')
    return `relay over ${transport}${path.remote === 'relay' ? ', and the other side’s relay' : ''}`;
  if (path.remote === 'relay') return `the other side’s relay, over ${transport}`;
  return `${local === 'direct' && remote === 'direct' ? 'direct' : 'direct, through NAT'}, over ${transport}`;
}
