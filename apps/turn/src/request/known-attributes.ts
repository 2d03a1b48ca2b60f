// RFC 8489 section 6.3.1: what a request may carry that has to be understood. What is not here is answered with 420, and drops an
// indication.
import {
  ChangeRequest,
  ChannelNumber,
  ConnectionId,
  Data,
  DontFragment,
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

/** Whether DONT-FRAGMENT can be kept to is seen where it is asked for. */
const KNOWN: ReadonlySet<number> = new Set(
  [
    ChannelNumber,
    ConnectionId,
    Data,
    DontFragment,
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
