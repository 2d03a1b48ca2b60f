// Whether an address may be a peer of an allocation: the same check for every request.
import { StunErrorCode } from '@millrace/protocol/stun';
import type { TransportAddress } from '@millrace/protocol/stun';
import type { Allocation } from '../allocation/allocation.ts';
import type { Relay } from '../allocation/relay.ts';
import { ipBytes } from '../peers/ip-address.ts';
import type { TurnContext } from './turn-context.ts';

export interface AdmittedPeer {
  readonly relay: Relay;
  readonly address: string;
  /** One of this machine's own addresses. */
  readonly isOwn: boolean;
}

/** @returns the peer, or the error that the request is refused with */
export function admitPeer(
  context: TurnContext,
  allocation: Allocation,
  { family, address }: TransportAddress,
): AdmittedPeer | StunErrorCode {
  const policy = allocation.transport === 'tcp' ? context.tcpPolicy : context.policy;
  const relay = allocation.relayOf(family);
  if (!relay) return StunErrorCode.peerAddressFamilyMismatch;
  const bytes = ipBytes(address);
  if (policy.denied(bytes) !== undefined) {
    context.counters.dropped('denied_peer');
    return StunErrorCode.forbidden;
  }
  return { relay, address, isOwn: policy.isOwn(bytes) };
}

/** For datagrams. Ports count on this machine's own addresses only. */
export const isPortDenied = ({ policy }: Pick<TurnContext, 'policy'>, isOwn: boolean, port: number): boolean =>
  isOwn && policy.isOwnPortDenied(port);

/** For connections. */
export const isTcpPortDenied = ({ tcpPolicy }: Pick<TurnContext, 'tcpPolicy'>, isOwn: boolean, port: number): boolean =>
  isOwn && tcpPolicy.isOwnPortDenied(port);
