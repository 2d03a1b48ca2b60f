import { describe, expect, it } from 'vitest';
import { hex } from '../../testing/hex.ts';
import { faultOf } from '../../testing/protocol-fault.ts';
import type { StunAttribute } from '../index.ts';
import * as stun from '../index.ts';
import { rawAttribute, rawMessage, TRANSACTION_ID } from '../testing/raw-message.ts';

interface Row<T> {
  readonly attribute: StunAttribute<T>;
  readonly bytes: Buffer;
  readonly value: T;
}
const row = <T>(attribute: StunAttribute<T>, bytes: string, value: T): readonly [string, Row<unknown>] => [
  `${attribute.name} ${bytes.slice(0, 24)}`,
  { attribute, bytes: hex(bytes), value },
];

const ipv4 = { family: 'IPv4', address: '192.0.2.1', port: 32853 } as const;
const ipv6 = { family: 'IPv6', address: '2001:db8:1234:5678:11:2233:4455:6677', port: 32853 } as const;
const IPV4 = '0001 8055 c0000201';
const IPV6 = '0002 8055 20010db8 12345678 00112233 44556677';
/** From RFC 5769 sections 2.2 and 2.3. */
const XOR_IPV4 = '0001 a147 e112a643';
const XOR_IPV6 = '0002 a147 0113a9fa a5d3f179 bc25f4b5 bed2b9d9';

/** Written by hand from the sections that the attributes' files name; each is read and written. */
const rows = [
  row(stun.MappedAddress, IPV4, ipv4),
  row(stun.MappedAddress, IPV6, ipv6),
  row(stun.XorMappedAddress, XOR_IPV4, ipv4),
  row(stun.XorMappedAddress, XOR_IPV6, ipv6),
  row(stun.XorPeerAddress, '0001 2142 5e12a443', { family: 'IPv4', address: '127.0.0.1', port: 80 }),
  row(stun.XorPeerAddress, '0001 2142 88ec0dbc', { family: 'IPv4', address: '169.254.169.254', port: 80 }),
  row(stun.XorPeerAddress, '0001 2142 2112a442', { family: 'IPv4', address: '0.0.0.0', port: 80 }),
  row(stun.XorPeerAddress, XOR_IPV6, ipv6),
  row(stun.XorRelayedAddress, XOR_IPV4, ipv4),
  row(stun.AlternateServer, IPV4, ipv4),
  row(stun.ResponseOrigin, IPV4, ipv4),
  row(stun.OtherAddress, IPV6, ipv6),
  row(stun.Username, '6576746a3a68367659', 'evtj:h6vY'),
  row(stun.Username, 'e3839ee38388', '\u30de\u30c8'),
  row(stun.Realm, '6578616d706c652e6f7267', 'example.org'),
  row(stun.Nonce, '66', 'f'),
  row(stun.Software, '', ''),
  row(stun.AlternateDomain, '612e6578616d706c65', 'a.example'),
  row(stun.Userhash, 'ab'.repeat(32), Buffer.alloc(32, 0xab)),
  row(stun.MessageIntegrity, 'ab'.repeat(20), Buffer.alloc(20, 0xab)),
  row(stun.MessageIntegritySha256, 'ab'.repeat(16), Buffer.alloc(16, 0xab)),
  row(stun.MessageIntegritySha256, 'ab'.repeat(32), Buffer.alloc(32, 0xab)),
  row(stun.Fingerprint, 'e57a3bcf', 0xe57a3bcf),
  row(stun.ErrorCode, '0000 0401 556e', { code: 401, reason: 'Un' }),
  row(stun.ErrorCode, '0000 0300', { code: 300, reason: '' }),
  row(stun.ErrorCode, '0000 0663', { code: 699, reason: '' }),
  row(stun.UnknownAttributes, '', []),
  row(stun.UnknownAttributes, '0010 7fff 0002', [0x0010, 0x7fff, 0x0002]),
  row(stun.PasswordAlgorithm, '0002 0000', { number: 2, parameters: Buffer.alloc(0) }),
  row(stun.PasswordAlgorithm, '0009 0005 0102030405 000000', { number: 9, parameters: hex('0102030405') }),
  row(stun.PasswordAlgorithms, '0002 0000 0001 0000', [
    { number: 2, parameters: Buffer.alloc(0) },
    { number: 1, parameters: Buffer.alloc(0) },
  ]),
  row(stun.PasswordAlgorithms, '0009 0001 ff000000 0001 0000', [
    { number: 9, parameters: hex('ff') },
    { number: 1, parameters: Buffer.alloc(0) },
  ]),
  row(stun.ChannelNumber, '4000 0000', 0x4000),
  row(stun.Lifetime, '00000258', 600),
  row(stun.Lifetime, 'ffffffff', 0xffffffff),
  row(stun.Data, '', Buffer.alloc(0)),
  row(stun.Data, '0102030405', hex('0102030405')),
  row(stun.RequestedAddressFamily, '01 000000', stun.AddressFamily.ipv4),
  row(stun.AdditionalAddressFamily, '02 000000', stun.AddressFamily.ipv6),
  row(stun.AddressErrorCode, '02 00 04 28 4e6f', { family: stun.AddressFamily.ipv6, code: 440, reason: 'No' }),
  row(stun.EvenPort, '80', { reserveNext: true }),
  row(stun.EvenPort, '00', { reserveNext: false }),
  row(stun.RequestedTransport, '11 000000', stun.TransportProtocol.udp),
  row(stun.RequestedTransport, '06 000000', stun.TransportProtocol.tcp),
  row(stun.DontFragment, '', true),
  row(stun.ReservationToken, '0102030405060708', hex('0102030405060708')),
  row(stun.Icmp, '0000 0604 00000500', { type: 3, code: 4, errorData: 1280 }),
  row(stun.Icmp, '0000 ffff 00000000', { type: 127, code: 511, errorData: 0 }),
  row(stun.ChangeRequest, '00000006', { changeIp: true, changePort: true }),
  row(stun.ChangeRequest, '00000004', { changeIp: true, changePort: false }),
  row(stun.ChangeRequest, '00000002', { changeIp: false, changePort: true }),
  row(stun.Padding, '00'.repeat(7), 7),
  row(stun.ResponsePort, '8055 0000', 32853),
  row(stun.ConnectionId, 'fffffffe', 0xfffffffe),
  row(stun.Priority, '6e0001ff', 0x6e0001ff),
  row(stun.UseCandidate, '', true),
  row(stun.IceControlled, '932ff9b151263b36', 0x932ff9b151263b36n),
  row(stun.IceControlling, 'ffffffffffffffff', 0xffffffffffffffffn),
  row(stun.MobilityTicket, '', Buffer.alloc(0)),
  row(stun.MobilityTicket, 'abcdef', hex('abcdef')),
];

const read = (attribute: StunAttribute<unknown>, value: Uint8Array): unknown =>
  stun.decodeMessage(rawMessage([rawAttribute(attribute.type, value)])).get(attribute);

/** A builder refuses to add these: it computes them. */
const COMPUTED: readonly string[] = ['MESSAGE-INTEGRITY', 'MESSAGE-INTEGRITY-SHA256', 'FINGERPRINT'];

describe('attributes', () => {
  it.each(rows)('%s is read', (_name, { attribute, bytes, value }) => {
    expect(read(attribute, bytes)).toEqual(value);
  });

  it.each(rows.filter(([, { attribute }]) => !COMPUTED.includes(attribute.name)))(
    '%s is written',
    (_name, { attribute, bytes, value }) => {
      const builder = new stun.MessageBuilder(stun.StunClass.request, stun.StunMethod.binding, TRANSACTION_ID);
      const expected = rawMessage([rawAttribute(attribute.type, bytes)]);
      expect(builder.add(attribute, value).build().toString('hex')).toBe(expected.toString('hex'));
    },
  );

  it('every attribute of the table is among these', () => {
    const tested = new Set(rows.map(([, { attribute }]) => attribute));
    for (const attribute of Object.values(stun.STUN_ATTRIBUTES)) expect(tested).toContain(attribute);
  });

  it.each(COMPUTED)('%s is not added by hand', (name) => {
    const [, { attribute, value }] = rows.find(([, one]) => one.attribute.name === name)!;
    const builder = new stun.MessageBuilder(stun.StunClass.request, stun.StunMethod.binding);
    expect(() => builder.add(attribute, value)).toThrow(RangeError);
  });

  it.each([
    stun.MappedAddress,
    stun.XorPeerAddress,
    stun.ErrorCode,
    stun.ChannelNumber,
    stun.Lifetime,
    stun.RequestedAddressFamily,
    stun.AddressErrorCode,
    stun.EvenPort,
    stun.RequestedTransport,
    stun.ReservationToken,
    stun.Icmp,
    stun.ChangeRequest,
    stun.ConnectionId,
    stun.Priority,
    stun.IceControlled,
    stun.Userhash,
    stun.MessageIntegrity,
    stun.Fingerprint,
    stun.PasswordAlgorithm,
  ] as readonly StunAttribute<unknown>[])('$name fails cleanly at every truncation', (attribute) => {
    const whole = rows.find(([, one]) => one.attribute === attribute)![1].bytes;
    // ERROR-CODE and ADDRESS-ERROR-CODE end with as much text as there is.
    const needed = attribute === stun.ErrorCode || attribute === stun.AddressErrorCode ? 4 : whole.length;
    for (let length = 0; length < needed; length++) {
      expect(faultOf(() => read(attribute, whole.subarray(0, length)))).toBe('ended-early');
    }
  });

  it.each(
    rows.filter(([, { attribute, bytes }]) => {
      const grows: readonly StunAttribute<unknown>[] = [
        stun.Data,
        stun.MobilityTicket,
        stun.Padding,
        stun.UnknownAttributes,
        stun.ErrorCode,
        stun.AddressErrorCode,
        stun.PasswordAlgorithms,
        stun.Username,
        stun.Realm,
        stun.Nonce,
        stun.Software,
        stun.AlternateDomain,
      ];
      return !grows.includes(attribute) && bytes.length !== 16;
    }),
  )('%s with four bytes too many is refused', (_name, { attribute, bytes }) => {
    const fault = faultOf(() => read(attribute, Buffer.concat([bytes, Buffer.alloc(4)])));
    expect(['stun.attribute.length', 'stun.integrity.length']).toContain(fault);
  });

  it.each([
    ['an address of family 0', stun.XorPeerAddress, '0000 2142 5e12a443', 'stun.address.family'],
    ['an address of family 3', stun.MappedAddress, '0003 2142 5e12a443', 'stun.address.family'],
    ['an IPv6 address of 8 bytes', stun.XorPeerAddress, '0002 2142 5e12a443 00000000', 'ended-early'],
    ['error 299', stun.ErrorCode, '0000 0263', 'stun.error-code.range'],
    ['error 700', stun.ErrorCode, '0000 0700', 'stun.error-code.range'],
    ['error 400 + 100', stun.ErrorCode, '0000 0464', 'stun.error-code.range'],
    ['half an unknown type', stun.UnknownAttributes, '000100', 'ended-early'],
    ['password parameters without their padding', stun.PasswordAlgorithms, '0009 0001 ff', 'ended-early'],
    ['17 password algorithms', stun.PasswordAlgorithms, '00010000'.repeat(17), 'stun.password-algorithms.too-many'],
    ['half a response port', stun.ResponsePort, '80', 'ended-early'],
    ['a response port with half its padding', stun.ResponsePort, '805500', 'stun.attribute.length'],
    ['a flag with a value', stun.DontFragment, '00000000', 'stun.attribute.length'],
    ['a domain of 256 bytes', stun.AlternateDomain, '61'.repeat(256), 'stun.attribute.length'],
  ] as readonly (readonly [string, StunAttribute<unknown>, string, string])[])(
    '%s is refused',
    (_name, attribute, bytes, code) => {
      expect(faultOf(() => read(attribute, hex(bytes)))).toBe(code);
    },
  );

  it.each([
    ['the first byte of an address', stun.MappedAddress, 'ff01 8055 c0000201', ipv4],
    ['the reserved bits of ERROR-CODE', stun.ErrorCode, 'ffff fc01', { code: 401, reason: '' }],
    ['RFFU of CHANNEL-NUMBER', stun.ChannelNumber, '4001 ffff', 0x4001],
    ['RFFU of REQUESTED-TRANSPORT', stun.RequestedTransport, '11 ffffff', 17],
    ['RFFU of EVEN-PORT', stun.EvenPort, '7f', { reserveNext: false }],
    ['what a family reserves', stun.RequestedAddressFamily, '03 ffffff', 3],
    ['what ICMP reserves', stun.Icmp, 'ffff 0604 00000000', { type: 3, code: 4, errorData: 0 }],
    ['other flags of CHANGE-REQUEST', stun.ChangeRequest, 'fffffff9', { changeIp: false, changePort: false }],
    ['the bytes of PADDING', stun.Padding, 'ffee', 2],
  ] as readonly (readonly [string, StunAttribute<unknown>, string, unknown])[])(
    '%s: ignored when read',
    (_name, attribute, bytes, value) => {
      expect(read(attribute, hex(bytes))).toEqual(value);
    },
  );

  it('a response port of two bytes is one too', () => {
    expect(read(stun.ResponsePort, hex('8055'))).toBe(32853);
  });

  it('what is written is never longer than what must be read', () => {
    const builder = (): stun.MessageBuilder => new stun.MessageBuilder(stun.StunClass.error, stun.StunMethod.binding);
    expect(() => builder().add(stun.Username, 'u'.repeat(508))).not.toThrow();
    expect(() => builder().add(stun.Username, 'u'.repeat(509))).toThrow(RangeError);
    expect(() => builder().add(stun.Realm, 'é'.repeat(255))).toThrow(RangeError);
    expect(() => builder().add(stun.ErrorCode, { code: 400, reason: 'r'.repeat(510) })).toThrow(RangeError);
    expect(() => builder().add(stun.ErrorCode, { code: 299, reason: '' })).toThrow(RangeError);
    expect(() => builder().add(stun.ReservationToken, Buffer.alloc(7))).toThrow(RangeError);
    expect(() => builder().add(stun.MappedAddress, { ...ipv4, address: '::1' })).toThrow(RangeError);
    expect(() => builder().add(stun.MappedAddress, { ...ipv4, address: 'localhost' })).toThrow(RangeError);
    expect(() => builder().add(stun.Data, Buffer.alloc(0x10000))).toThrow(RangeError);
    expect(() => builder().add(stun.Data, Buffer.alloc(0xffff)).build()).toThrow(RangeError);
  });
});
