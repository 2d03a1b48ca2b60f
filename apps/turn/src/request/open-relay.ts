// Opens relayed transport addresses: a port of the pool with a socket on it.
import type { Allocation } from '../allocation/allocation.ts';
import type { PortParity } from '../allocation/port-pool.ts';
import { Relay } from '../allocation/relay.ts';
import type { IpFamily } from '../peers/ip-address.ts';
import type { OnPeerArrived, OnPeerDatagram } from '../allocation/relay-socket.ts';
import type { PeerStream } from '../allocation/tcp-relay.ts';
import type { TurnContext } from './turn-context.ts';

/** How many ports are tried that turn out to be in use by another process of this machine. */
const MAX_TRIES = 16;

/** A relay that waits for its allocation: what comes before that is dropped. */
export interface OpenedRelay {
  readonly relay: Relay;
  readonly port: number;
  belongTo(allocation: Allocation): void;
}

/** @returns undefined when there is no port, or no socket for one */
export function openRelay(
  context: TurnContext,
  family: IpFamily,
  parity: PortParity,
  expiresAtMs: number,
  transport: 'udp' | 'tcp' = 'udp',
): OpenedRelay | undefined {
  const { ports } = context;
  const inUse: number[] = [];
  let opened: OpenedRelay | undefined;
  for (let i = 0; i < MAX_TRIES && !opened; i++) {
    const port = ports.take(parity);
    if (port === undefined) break;
    opened = openRelayAt(context, family, port, expiresAtMs, transport);
    if (!opened) inUse.push(port);
  }
  for (const port of inUse) {
    ports.release(port);
    if (parity === 'even-pair') ports.release(port + 1);
  }
  return opened;
}

/** @param port taken from the pool; stays the caller's when nothing could be opened */
export function openRelayAt(
  context: TurnContext,
  family: IpFamily,
  port: number,
  expiresAtMs: number,
  transport: 'udp' | 'tcp' = 'udp',
): OpenedRelay | undefined {
  const address = context.relays.announced(family);
  if (address === undefined) return undefined;
  let owner: Allocation | undefined;
  const onDatagram: OnPeerDatagram = (bytes, from, fromPort) => {
    if (owner) context.fromPeer(owner, relay, bytes, from, fromPort);
  };
  const onArrived: OnPeerArrived = (memory, start, end, from, fromPort) =>
    owner === undefined || context.arrivedFromPeer(owner, relay, memory, start, end, from, fromPort);
  const onPeer = (stream: PeerStream): void => {
    if (owner) context.peerConnected(owner, stream);
    else stream.close();
  };
  const udp = transport === 'udp' ? context.relays.open(family, port, onDatagram, onArrived) : undefined;
  const tcp = transport === 'tcp' ? context.tcpRelays?.openTcp(family, port, onPeer) : undefined;
  const socket = udp ? { udp } : tcp && { tcp };
  if (!socket) return undefined;
  const relay = new Relay({ family, address, port }, socket, expiresAtMs);
  return { relay, port, belongTo: (allocation) => void (owner = allocation) };
}
