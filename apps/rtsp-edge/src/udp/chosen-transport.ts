// Which of the transports that a client lists it gets (RFC 2326 section 12.39): the first one that is offered.
import { parseTransports, RtspStatus } from '@millrace/protocol/rtsp';
import type { RtspHeaders, RtspTransport } from '@millrace/protocol/rtsp';
import type { UdpPair } from './udp-pair.ts';
import type { UdpPorts } from './udp-ports.ts';

/** The client, as far as it decides on transports. */
export interface TransportPeer {
  readonly address: string;
  readonly network: string;
  /** Of this host: where its connection has come to. */
  readonly localAddress: string;
  /** Undefined where UDP is not offered to it. */
  readonly udp: UdpPorts | undefined;
}

export type ChosenTransport =
  | { readonly kind: 'tcp'; readonly interleaved: readonly [rtp: number, rtcp: number] | undefined }
  | {
      readonly kind: 'udp';
      readonly clientPorts: readonly [rtp: number, rtcp: number];
      readonly pair: UdpPair;
      readonly close: () => void;
    };

/** Why it gets none of them: a sentence for it. */
export interface NoTransport {
  readonly status: RtspStatus;
  readonly reason: string;
}

/** @param mode what the track is set up for. @param only what the other tracks of the session have */
export async function chooseTransport(
  headers: RtspHeaders,
  mode: 'play' | 'record',
  only: ChosenTransport['kind'] | undefined,
  peer: TransportPeer,
): Promise<ChosenTransport | NoTransport> {
  let reason =
    peer.udp === undefined ? 'only RTP/AVP/TCP is offered' : 'only unicast RTP/AVP over TCP or UDP is offered';
  for (const transport of parseTransports(headers.get('transport') ?? '')) {
    if (transport.isMulticast || (mode === 'play' && transport.isRecord)) continue;
    if (only !== undefined && transport.protocol !== only) continue;
    if (transport.protocol === 'tcp') return { kind: 'tcp', interleaved: transport.interleaved };
    if (transport.protocol !== 'udp' || peer.udp === undefined || transport.clientPort === undefined) continue;
    if (isElsewhere(transport, peer)) {
      // Anyone could be sent a stream that way.
      reason = 'media is sent to the address of the connection only';
      continue;
    }
    const clientPorts = transport.clientPort;
    const opened = await peer.udp.open(peer.localAddress, { ...peer, ports: clientPorts });
    if (opened !== undefined) return { kind: 'udp', clientPorts, ...opened };
    reason = 'no port of UDP is left';
  }
  return { status: RtspStatus.unsupportedTransport, reason };
}

const isElsewhere = ({ destination }: RtspTransport, { address }: TransportPeer): boolean =>
  destination !== undefined && destination !== '' && destination !== address;

/** The value of Transport in the answer. */
export function formatUdpTransport(
  { clientPorts, pair }: Extract<ChosenTransport, { kind: 'udp' }>,
  more: readonly string[] = [],
): string {
  const range = ([first, second]: readonly [number, number]): string => `${first}-${second}`;
  return ['RTP/AVP', 'unicast', `client_port=${range(clientPorts)}`, `server_port=${range(pair.ports)}`, ...more].join(
    ';',
  );
}
