// What the check page says about each hop, and about all of them.
import type { HopResult, NatFinding } from '@millrace/rooms-client';
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
      return 'The relay allocated an address, but no data came through it: the relay may be unable to reach its own public address.';
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

/** One sentence for people who only want to know whether a call will work; what has failed is named. */
export function verdictWords(results: Readonly<Record<Hop, HopResult>>): string {
  if (!results.websocket.ok) return 'Calls do not work from here';
  const failed = HOPS.filter((hop) => !results[hop].ok && !isNotOffered(results[hop]));
  const relays = RELAY_HOPS.filter((hop) => results[hop].ok);
  if (failed.length === 0 && relays.length > 0) return 'All is well: calls work from here';
  if (relays.length === 0)
    return results.stun.ok
      ? 'Calls may work, if both networks allow a direct connection'
      : 'Calls do not work from here';
  const what = listed(failed.map((hop) => HOP_NAMES[hop]));
  const isWithoutUdp = !results.stun.ok && !results.udp.ok;
  return `Calls work from here${isWithoutUdp ? ', but not over UDP, which is slower' : ''}. What failed: ${what}`;
}

const RELAY_HOPS = ['udp', 'tcp', 'tls'] as const satisfies readonly Hop[];
const isNotOffered = (result: HopResult): boolean => !result.ok && result.problem === 'not_offered';
const listed = (names: readonly string[]): string =>
  names.length < 2 ? (names[0] ?? '') : `${names.slice(0, -1).join(', ')} and ${names.at(-1) ?? ''}`;

/** What kind of NAT there is, by the terms of RFC 5780, and what it means for calls. */
export function natWords(finding: NatFinding): string {
  switch (finding.kind) {
    case 'none':
      return 'No NAT: the server sees the address that this machine has. Direct calls work wherever firewalls allow them.';
    case 'unknown':
      return 'The kind of NAT could not be determined: that requires answers over UDP, from STUN and from a relay.';
    case 'nat':
      return NAT_WORDS[finding.mapping][finding.filtering];
  }
}

const NAT_WORDS = {
  endpoint_independent: {
    open:
      'NAT with endpoint-independent mapping that lets in packets from ports it has not sent to (a “cone” NAT). ' +
      'Direct calls work with nearly every other network.',
    address_and_port_dependent:
      'NAT with endpoint-independent mapping and address- and port-dependent filtering (a “port-restricted” NAT), as most are. ' +
      'Direct calls work with most other networks; with a symmetric NAT at the other end, the relay is used.',
  },
  dependent: {
    open:
      'NAT with address- and port-dependent mapping (a “symmetric” NAT) that lets in packets from ports it has not sent to. ' +
      'Direct calls work with some other networks; with others, the relay is used.',
    address_and_port_dependent:
      'NAT with address- and port-dependent mapping and filtering (a “symmetric” NAT), as in many mobile and company networks. ' +
      'Direct calls seldom work; most go through the relay.',
  },
} as const;
