export { isComprehensionRequired, stunAttribute } from './attribute.ts';
export type { AttributeContext, StunAttribute } from './attribute.ts';
export { FINGERPRINT, MESSAGE_INTEGRITY, MESSAGE_INTEGRITY_SHA256 } from './attribute-type.ts';
export { MAGIC_COOKIE, MAX_STUN_MESSAGE_BYTES, STUN_HEADER_BYTES, TRANSACTION_ID_BYTES } from './header.ts';
export { classOfType, messageType, methodOfType, StunClass, StunMethod } from './message-type.ts';
export { StunMessage } from './message.ts';
export { decodeHeader, decodeMessage, MAX_STUN_ATTRIBUTES, TOO_MANY_ATTRIBUTES } from './decode-message.ts';
export { MessageBuilder } from './message-builder.ts';
export { newTransactionId } from './transaction-id.ts';
export { hasValidFingerprint } from './fingerprint.ts';
export { computeIntegrity, integrityAlgorithm, verifyIntegrity } from './integrity.ts';
export type { IntegrityAlgorithm } from './integrity.ts';
export { classify, kindOfFirstByte } from './classify.ts';
export type { PacketKind } from './classify.ts';
export {
  CHANNEL_DATA_HEADER_BYTES,
  channelDataPadding,
  decodeChannelData,
  encodeChannelData,
  encodeChannelDataHeader,
  isChannelNumber,
  MAX_CHANNEL_NUMBER,
  MAX_RFC5766_CHANNEL_NUMBER,
  MIN_CHANNEL_NUMBER,
} from './channel-data.ts';
export type { ChannelData } from './channel-data.ts';
export { MAX_STREAM_UNIT_BYTES, StunFraming } from './stun-framing.ts';
export type { StreamUnit, StunFramingOptions } from './stun-framing.ts';
export { formatIpv4, formatIpv6, parseIpAddress } from './ip-address.ts';
export { longTermKey, opaqueString, PasswordAlgorithmNumber, shortTermKey, userhash } from './credentials.ts';
export type { PasswordHash } from './credentials.ts';
export { STUN_ERROR_REASONS, StunErrorCode } from './error-codes.ts';
export { formatNonceCookie, NONCE_COOKIE, NONCE_COOKIE_LENGTH, parseNonceCookie } from './nonce-cookie.ts';
export type { SecurityFeatures } from './nonce-cookie.ts';
export { STUN_ATTRIBUTES, stunAttributeOf } from './attributes/stun-attributes.ts';
export { AddressFamily } from './attributes/address-attribute.ts';
export type { TransportAddress } from './attributes/address-attribute.ts';
export { AdditionalAddressFamily } from './attributes/additional-address-family.ts';
export { AddressErrorCode } from './attributes/address-error-code.ts';
export type { AddressError } from './attributes/address-error-code.ts';
export { AlternateDomain, MAX_DOMAIN_BYTES } from './attributes/alternate-domain.ts';
export { AlternateServer } from './attributes/alternate-server.ts';
export { ChangeRequest } from './attributes/change-request.ts';
export { ChannelNumber } from './attributes/channel-number.ts';
export { ConnectionId } from './attributes/connection-id.ts';
export { Data } from './attributes/data.ts';
export { DontFragment } from './attributes/dont-fragment.ts';
export { ErrorCode } from './attributes/error-code.ts';
export type { StunError } from './attributes/error-code.ts';
export { EvenPort } from './attributes/even-port.ts';
export { Fingerprint } from './attributes/fingerprint.ts';
export { IceControlled } from './attributes/ice-controlled.ts';
export { IceControlling } from './attributes/ice-controlling.ts';
export { Icmp } from './attributes/icmp.ts';
export type { IcmpReport } from './attributes/icmp.ts';
export { Lifetime } from './attributes/lifetime.ts';
export { MappedAddress } from './attributes/mapped-address.ts';
export { MessageIntegritySha256 } from './attributes/message-integrity-sha256.ts';
export { MessageIntegrity } from './attributes/message-integrity.ts';
export { MobilityTicket } from './attributes/mobility-ticket.ts';
export { Nonce } from './attributes/nonce.ts';
export { OtherAddress } from './attributes/other-address.ts';
export { Padding } from './attributes/padding.ts';
export { PasswordAlgorithm } from './attributes/password-algorithm.ts';
export type { PasswordAlgorithmChoice } from './attributes/password-algorithm.ts';
export { MAX_PASSWORD_ALGORITHMS, PasswordAlgorithms } from './attributes/password-algorithms.ts';
export { Priority } from './attributes/priority.ts';
export { Realm } from './attributes/realm.ts';
export { RequestedAddressFamily } from './attributes/requested-address-family.ts';
export { RequestedTransport, TransportProtocol } from './attributes/requested-transport.ts';
export { RESERVATION_TOKEN_BYTES, ReservationToken } from './attributes/reservation-token.ts';
export { ResponseOrigin } from './attributes/response-origin.ts';
export { ResponsePort } from './attributes/response-port.ts';
export { Software } from './attributes/software.ts';
export { UnknownAttributes } from './attributes/unknown-attributes.ts';
export { UseCandidate } from './attributes/use-candidate.ts';
export { Userhash } from './attributes/userhash.ts';
export { MAX_USERNAME_BYTES, Username } from './attributes/username.ts';
export { XorMappedAddress } from './attributes/xor-mapped-address.ts';
export { XorPeerAddress } from './attributes/xor-peer-address.ts';
export { XorRelayedAddress } from './attributes/xor-relayed-address.ts';
