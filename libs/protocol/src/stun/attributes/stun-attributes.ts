// The attributes that this library reads and writes, by their numbers in the IANA registry.
import type { StunAttribute } from '../attribute.ts';
import { AdditionalAddressFamily } from './additional-address-family.ts';
import { AddressErrorCode } from './address-error-code.ts';
import { AlternateDomain } from './alternate-domain.ts';
import { AlternateServer } from './alternate-server.ts';
import { ChangeRequest } from './change-request.ts';
import { ChannelNumber } from './channel-number.ts';
import { ConnectionId } from './connection-id.ts';
import { Data } from './data.ts';
import { DontFragment } from './dont-fragment.ts';
import { ErrorCode } from './error-code.ts';
import { EvenPort } from './even-port.ts';
import { Fingerprint } from './fingerprint.ts';
import { IceControlled } from './ice-controlled.ts';
import { IceControlling } from './ice-controlling.ts';
import { Icmp } from './icmp.ts';
import { Lifetime } from './lifetime.ts';
import { MappedAddress } from './mapped-address.ts';
import { MessageIntegrity } from './message-integrity.ts';
import { MessageIntegritySha256 } from './message-integrity-sha256.ts';
import { MobilityTicket } from './mobility-ticket.ts';
import { Nonce } from './nonce.ts';
import { OtherAddress } from './other-address.ts';
import { Padding } from './padding.ts';
import { PasswordAlgorithm } from './password-algorithm.ts';
import { PasswordAlgorithms } from './password-algorithms.ts';
import { Priority } from './priority.ts';
import { Realm } from './realm.ts';
import { RequestedAddressFamily } from './requested-address-family.ts';
import { RequestedTransport } from './requested-transport.ts';
import { ReservationToken } from './reservation-token.ts';
import { ResponseOrigin } from './response-origin.ts';
import { ResponsePort } from './response-port.ts';
import { Software } from './software.ts';
import { UnknownAttributes } from './unknown-attributes.ts';
import { UseCandidate } from './use-candidate.ts';
import { Userhash } from './userhash.ts';
import { Username } from './username.ts';
import { XorMappedAddress } from './xor-mapped-address.ts';
import { XorPeerAddress } from './xor-peer-address.ts';
import { XorRelayedAddress } from './xor-relayed-address.ts';

/** From number to attribute. Those below 0x8000 must be understood by who gets them. */
export const STUN_ATTRIBUTES = {
  0x0001: MappedAddress,
  0x0003: ChangeRequest,
  0x0006: Username,
  0x0008: MessageIntegrity,
  0x0009: ErrorCode,
  0x000a: UnknownAttributes,
  0x000c: ChannelNumber,
  0x000d: Lifetime,
  0x0012: XorPeerAddress,
  0x0013: Data,
  0x0014: Realm,
  0x0015: Nonce,
  0x0016: XorRelayedAddress,
  0x0017: RequestedAddressFamily,
  0x0018: EvenPort,
  0x0019: RequestedTransport,
  0x001a: DontFragment,
  0x001c: MessageIntegritySha256,
  0x001d: PasswordAlgorithm,
  0x001e: Userhash,
  0x0020: XorMappedAddress,
  0x0022: ReservationToken,
  0x0024: Priority,
  0x0025: UseCandidate,
  0x0026: Padding,
  0x0027: ResponsePort,
  0x002a: ConnectionId,
  0x8000: AdditionalAddressFamily,
  0x8001: AddressErrorCode,
  0x8002: PasswordAlgorithms,
  0x8003: AlternateDomain,
  0x8004: Icmp,
  0x8022: Software,
  0x8023: AlternateServer,
  0x8028: Fingerprint,
  0x8029: IceControlled,
  0x802a: IceControlling,
  0x802b: ResponseOrigin,
  0x802c: OtherAddress,
  0x8030: MobilityTicket,
} as const satisfies Record<number, StunAttribute<unknown>>;

const BY_TYPE: ReadonlyMap<number, StunAttribute<unknown>> = new Map(
  Object.entries(STUN_ATTRIBUTES).map(([type, attribute]): [number, StunAttribute<unknown>] => [
    Number(type),
    attribute,
  ]),
);

/** The attribute of that number, if this library reads and writes it. */
export const stunAttributeOf = (type: number): StunAttribute<unknown> | undefined => BY_TYPE.get(type);
