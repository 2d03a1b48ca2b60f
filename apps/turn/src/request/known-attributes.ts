// RFC 8489 section 6.3.1: what a request may carry that has to be understood. What is not here is answered with 420, and drops an
// indication.
import {
  ChangeRequest,
  ChannelNumber,
  ConnectionId,
  Data,
  EvenPort,
  Lifetime,
  MessageIntegrity,
  MessageIntegritySha256,
  Nonce,
  Padding,
  PasswordAlgorithm,
  Realm,
  RequestedAddressFamily,
  RequestedTransport,
  ReservationToken,
  ResponsePort,
  Userhash,
  Username,
  XorPeerAddress,
} from '@millrace/protocol/stun';

/**
 * DONT-FRAGMENT is not among them: the runtime gives no way to set the bit on a packet, and RFC 8656 section 7.2 has a server
 * that cannot do it treat the attribute as one that it does not know.
 */
const KNOWN: ReadonlySet<number> = new Set(
  [
    ChannelNumber,
    ConnectionId,
    Data,
    EvenPort,
    Lifetime,
    MessageIntegrity,
    MessageIntegritySha256,
    Nonce,
    PasswordAlgorithm,
    Realm,
    RequestedAddressFamily,
    RequestedTransport,
    ReservationToken,
    Userhash,
    Username,
    XorPeerAddress,
  ].map(({ type }) => type),
);

/** Known where NAT discovery is on (RFC 5780). */
const DISCOVERY: ReadonlySet<number> = new Set([ChangeRequest, Padding, ResponsePort].map(({ type }) => type));

export const isKnown = (type: number): boolean => KNOWN.has(type);
export const isKnownInDiscovery = (type: number): boolean => KNOWN.has(type) || DISCOVERY.has(type);
