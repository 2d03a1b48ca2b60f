// What the check page says about each hop, and about all of them.
import type { HopResult } from '@millrace/rooms-client';
import { refusalWords } from '../page/refusal-words.ts';

export const HOPS = ['websocket', 'stun', 'udp', 'tcp', 'tls'] as const;
export type Hop = (typeof HOPS)[number];

export const HOP_NAMES: Readonly<Record<Hop, string>> = {
  websocket: 'WebSocket to the signaling service',
  stun: 'STUN over UDP',
  udp: 'TURN relay over UDP',
  tcp: 'TURN relay over TCP',
  tls: 'TURN relay over TLS',
};

export function hopWords(hop: Hop, result: HopResult): string {
  if (result.ok) return successWords(hop, result.address);
  switch (result.problem) {
    case 'not_offered':
      return hop === 'stun' ? 'The server offers no STUN.' : 'The server offers no such relay.';
    case 'no_answer':
      return silenceWords(hop);
    case 'refused':
      return hop === 'websocket'
        ? refusalSentence(result.detail)
        : `The relay answered, but refused: ${result.detail}.`;
    case 'no_passage':
      return 'The relay gave an address, but nothing came through it: it may be unable to reach its own public address.';
  }
}

function successWords(hop: Hop, address: string | undefined): string {
  switch (hop) {
    case 'websocket':
      return 'Connected, and the link is valid.';
    case 'stun':
      return address === undefined
        ? 'It answers. There is no NAT between this browser and the server.'
        : `It answers, and sees this network as ${address}.`;
    case 'udp':
    case 'tcp':
    case 'tls':
      return `Data came through the relay${address === undefined ? '' : ` at ${address}`}.`;
  }
}

function silenceWords(hop: Hop): string {
  switch (hop) {
    case 'websocket':
      return 'No connection. The service may be down, or a proxy or filter may block WebSockets.';
    case 'stun':
    case 'udp':
      return 'No answer over UDP. Many company networks block it; calls then go through the relay over TCP or TLS.';
    case 'tcp':
      return 'No connection over TCP. A firewall may block this port; TLS may still pass.';
    case 'tls':
      return 'No connection over TLS. A firewall may block this port, or the certificate of the relay is not trusted here.';
  }
}

function refusalSentence(code: string): string {
  const { headline, explanation } = refusalWords(code);
  return `Connected, but: ${headline}. ${explanation}`;
}

/** One sentence for who only wants to know whether a call will work. */
export function verdictWords(results: Readonly<Record<Hop, HopResult>>): string {
  if (!results.websocket.ok) return 'Calls do not work from here';
  const relays = [results.udp, results.tcp, results.tls].filter(({ ok }) => ok).length;
  if (results.stun.ok && relays === 3) return 'All is well: calls work from here';
  if (relays > 0) return 'Calls work from here, in a roundabout way';
  return results.stun.ok ? 'Calls may work, where both networks allow a direct way' : 'Calls do not work from here';
}
