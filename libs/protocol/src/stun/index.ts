export { isComprehensionRequired, stunAttribute } from './attribute.ts';
export type { AttributeContext, StunAttribute } from './attribute.ts';
export { FINGERPRINT, MESSAGE_INTEGRITY, MESSAGE_INTEGRITY_SHA256 } from './attribute-type.ts';
export { MAGIC_COOKIE, MAX_STUN_MESSAGE_BYTES, STUN_HEADER_BYTES, TRANSACTION_ID_BYTES } from './header.ts';
export { classOfType, messageType, methodOfType, StunClass, StunMethod } from './message-type.ts';
export { StunMessage } from './message.ts';
export { decodeMessage, MAX_STUN_ATTRIBUTES } from './decode-message.ts';
export { MessageBuilder, newTransactionId } from './message-builder.ts';
export { hasValidFingerprint } from './fingerprint.ts';
export { computeIntegrity, integrityAlgorithm, verifyIntegrity } from './integrity.ts';
export type { IntegrityAlgorithm } from './integrity.ts';
export { classify } from './classify.ts';
export type { PacketKind } from './classify.ts';
export {
  CHANNEL_DATA_HEADER_BYTES,
  channelDataPadding,
  decodeChannelData,
  encodeChannelData,
  encodeChannelDataHeader,
  isChannelNumber,
  MAX_CHANNEL_NUMBER,
  MIN_CHANNEL_NUMBER,
} from './channel-data.ts';
export type { ChannelData } from './channel-data.ts';
export { MAX_STREAM_UNIT_BYTES, StunFraming } from './stun-framing.ts';
export type { StreamUnit, StunFramingOptions } from './stun-framing.ts';
export { formatIpv4, formatIpv6, parseIpAddress } from './ip-address.ts';
export { longTermKey, opaqueString, PasswordAlgorithmNumber, shortTermKey, userhash } from './credentials.ts';
export type { PasswordHash } from './credentials.ts';
export { STUN_ERROR_REASONS, StunErrorCode } from './error-codes.ts';
export { AddressFamily } from './attributes/address-attribute.ts';
export type { TransportAddress } from './attributes/address-attribute.ts';
export { AlternateServer } from './attributes/alternate-server.ts';
export { ChannelNumber } from './attributes/channel-number.ts';
export { Data } from './attributes/data.ts';
export { ErrorCode } from './attributes/error-code.ts';
export type { StunError } from './attributes/error-code.ts';
export { Lifetime } from './attributes/lifetime.ts';
export { MappedAddress } from './attributes/mapped-address.ts';
export { Nonce } from './attributes/nonce.ts';
export { OtherAddress } from './attributes/other-address.ts';
export { Realm } from './attributes/realm.ts';
export { RequestedTransport, TransportProtocol } from './attributes/requested-transport.ts';
export { ResponseOrigin } from './attributes/response-origin.ts';
export { Software } from './attributes/software.ts';
export { UnknownAttributes } from './attributes/unknown-attributes.ts';
export { Username } from './attributes/username.ts';
export { XorMappedAddress } from './attributes/xor-mapped-address.ts';
export { XorPeerAddress } from './attributes/xor-peer-address.ts';
export { XorRelayedAddress } from './attributes/xor-relayed-address.ts';
