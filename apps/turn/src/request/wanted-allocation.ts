// RFC 8656 section 7.2: what an Allocate request asks for, as far as that can be judged by itself.
import {
  AdditionalAddressFamily,
  AddressFamily,
  EvenPort,
  RequestedAddressFamily,
  RequestedTransport,
  ReservationToken,
  StunErrorCode,
  TransportProtocol,
} from '@millrace/protocol/stun';
import type { IpFamily } from '../peers/ip-address.ts';
import type { ProvenExchange } from './exchange.ts';

export interface WantedAllocation {
  readonly transport: 'udp' | 'tcp';
  readonly family: IpFamily;
  /** A second relay of IPv6. */
  readonly additional: boolean;
  readonly evenPort: boolean;
  readonly reserveNext: boolean;
  readonly token: Uint8Array | undefined;
}

/** @returns what is wanted, or the error that it is refused with. @throws ProtocolError when an attribute is malformed */
export function readWanted({ flow, request }: ProvenExchange): WantedAllocation | StunErrorCode {
  const protocol = request.get(RequestedTransport);
  const family = request.get(RequestedAddressFamily);
  const additional = request.get(AdditionalAddressFamily);
  const even = request.get(EvenPort);
  const token = request.get(ReservationToken);
  const isTcp = protocol === TransportProtocol.tcp;

  if (protocol === undefined) return StunErrorCode.badRequest;
  if (!isTcp && protocol !== TransportProtocol.udp) return StunErrorCode.unsupportedTransportProtocol;
  // RFC 6062 section 5.1: over a stream only, and without what makes pairs of ports.
  if (isTcp && (flow.transport === 'udp' || even !== undefined || token !== undefined)) return StunErrorCode.badRequest;
  if (token !== undefined && (even !== undefined || family !== undefined || additional !== undefined))
    return StunErrorCode.badRequest;
  if (additional !== undefined) {
    // "The server checks … If both REQUESTED-ADDRESS-FAMILY and ADDITIONAL-ADDRESS-FAMILY … 400"; only IPv6 can be additional.
    if (family !== undefined || additional !== AddressFamily.ipv6 || even?.reserveNext === true)
      return StunErrorCode.badRequest;
  }
  if (family !== undefined && family !== AddressFamily.ipv4 && family !== AddressFamily.ipv6)
    return StunErrorCode.addressFamilyNotSupported;
  return {
    transport: isTcp ? 'tcp' : 'udp',
    family: family === AddressFamily.ipv6 ? 'IPv6' : 'IPv4',
    additional: additional !== undefined,
    evenPort: even !== undefined,
    reserveNext: even?.reserveNext === true,
    token,
  };
}
