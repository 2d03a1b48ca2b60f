// RFC 8656 sections 11.3 and 12.7: what a peer sends reaches the client through its channel, or in a Data indication.
import { CHANNEL_DATA_HEADER_BYTES } from '@millrace/protocol/stun';
import type { Allocation } from '../allocation/allocation.ts';
import type { Relay } from '../allocation/relay.ts';
import type { DatagramDropReason } from '../counters.ts';
import { isPortDenied } from '../request/admit-peer.ts';
import type { TurnContext } from '../request/turn-context.ts';
import { dataIndicationHead } from './data-indication.ts';

/** The longest datagram that has a length of 16 bits together with what is put before it. */
const MAX_DATA_BYTES = 65_500;

/** A datagram of a peer that goes no further. */
const DROPPED = -1;
/** The client has no channel to its sender. */
const NO_CHANNEL = 0;

export interface PeerAddress {
  readonly address: string;
  readonly port: number;
}

type Context = Pick<TurnContext, 'counters' | 'policy'>;

export function relayPeerData(
  context: Context,
  allocation: Allocation,
  relay: Relay,
  bytes: Buffer,
  from: PeerAddress,
  nowMs: number,
): void {
  const { address, port } = from;
  const number = admit(context, allocation, relay, bytes.length, address, port, nowMs);
  if (number === DROPPED) return;
  const { flow } = allocation;
  if (number === NO_CHANNEL) {
    flow.sendParts(dataIndicationHead(relay.family, address, port, bytes.length), bytes, true);
    return;
  }
  const head = Buffer.allocUnsafe(CHANNEL_DATA_HEADER_BYTES);
  writeHeader(head, 0, number, bytes.length);
  flow.sendParts(head, bytes, flow.transport !== 'udp');
}

/**
 * Likewise, for a datagram that lies in `memory` from `start` to `end`, with room around it for what clients get before and behind it.
 *
 * @returns false when its client is not one that can be sent to from there
 */
export function relayArrivedPeerData(
  context: Context,
  allocation: Allocation,
  relay: Relay,
  memory: Buffer,
  start: number,
  end: number,
  address: string,
  port: number,
  nowMs: number,
): boolean {
  const { flow } = allocation;
  if (flow.forward === undefined) return false;
  const length = end - start;
  const number = admit(context, allocation, relay, length, address, port, nowMs);
  if (number === DROPPED) return true;
  if (number === NO_CHANNEL) {
    const head = dataIndicationHead(relay.family, address, port, length);
    const padding = -length & 3;
    head.copy(memory, start - head.length);
    memory.fill(0, end, end + padding);
    flow.forward(memory, start - head.length, end + padding);
  } else {
    writeHeader(memory, start - CHANNEL_DATA_HEADER_BYTES, number, length);
    flow.forward(memory, start - CHANNEL_DATA_HEADER_BYTES, end);
  }
  return true;
}

/** @returns the number of the channel, NO_CHANNEL, or DROPPED */
function admit(
  context: Context,
  allocation: Allocation,
  relay: Relay,
  length: number,
  address: string,
  port: number,
  nowMs: number,
): number {
  const { counters } = context;
  if (allocation.ended || relay.expiresAtMs <= nowMs) return drop(counters, 'no_allocation');
  const permission = allocation.permitted(address, nowMs);
  if (!permission || permission.relay !== relay) return drop(counters, 'no_permission');
  if (isPortDenied(context, permission.isOwn, port)) return drop(counters, 'denied_peer');
  if (length > MAX_DATA_BYTES) return drop(counters, 'malformed');
  if (!allocation.traffic.receive(length, nowMs)) return DROPPED;
  const binding = permission.channels.get(port);
  return binding !== undefined && binding.expiresAtMs > nowMs ? binding.number : NO_CHANNEL;
}

function drop(counters: Context['counters'], reason: DatagramDropReason): number {
  counters.dropped(reason);
  return DROPPED;
}

/** RFC 8656 section 12.4. */
function writeHeader(memory: Buffer, at: number, number: number, length: number): void {
  memory[at] = number >> 8;
  memory[at + 1] = number & 0xff;
  memory[at + 2] = length >> 8;
  memory[at + 3] = length & 0xff;
}
