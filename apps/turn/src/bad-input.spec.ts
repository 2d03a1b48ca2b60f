// What no client should send: each is dropped or refused by its name, and the server is as it was before.
import { randomBytes } from 'node:crypto';
import { MessageBuilder, RequestedTransport, StunClass, StunMethod, XorPeerAddress } from '@millrace/protocol/stun';
import { describe, expect, it } from 'vitest';
import { TestServer } from './testing/test-server.ts';
import { errorOf } from './testing/turn-client.ts';

const TXID = '0102030405060708090a0b0c';
const header = (type: string, length: string, cookie = '2112a442'): string => type + length + cookie + TXID;
const silent: Record<string, string> = {
  'nothing at all': '',
  'one byte': '00',
  'nineteen bytes': header('0001', '0000').slice(0, 38),
  'a length that is no multiple of four': `${header('0001', '0001')}00`,
  'a length beyond the datagram': header('0001', '0004'),
  'a length short of the datagram': `${header('0001', '0000')}00000000`,
  'the greatest length': header('0001', 'fffc'),
  'first bits 11': header('c001', '0000'),
  'first bits 10': header('8001', '0000'),
  'a wrong cookie, as of RFC 3489': header('0001', '0000', '12345678'),
  'type 0xffff': header('ffff', '0000'),
  'an unassigned method': header('0fff', '0000'),
  'a success response': header('0101', '0000'),
  'an error response': header('0111', '0000'),
  'a Data indication, which is for clients': header('0017', '0000'),
  'an attribute that ends behind the message': `${header('0001', '0008')}0006000800000000`,
  'a wrong fingerprint': `${header('0001', '0008')}8028000400000000`,
  'a fingerprint that is not the last': `${header('0001', '0010')}80280004000000008022000400000000`,
  'a TLS hello': '16030100a5010000a10303',
  HTTP: Buffer.from('GET / HTTP/1.1\r\n\r\n').toString('hex'),
};

const thousandAttributes = (type: string): Buffer =>
  Buffer.from(header(type, '0fa0') + '80220000'.repeat(1_000), 'hex');

describe('more attributes than are read', () => {
  it.each([
    ['a Binding request', '0001'],
    ['an Allocate request', '0003'],
  ])('in %s are answered: it is no request that could be carried out', (_, type) => {
    const test = new TestServer();
    const answer = test.client().ask(thousandAttributes(type))!;
    expect(errorOf(answer)).toBe(400);
    expect(answer.transactionId.toString('hex')).toBe(TXID);
  });

  it.each([
    ['an indication', '0016'],
    ['a response', '0101'],
    ['an unassigned method', '0fff'],
  ])('in %s are not', (_, type) => {
    expect(new TestServer().client().ask(thousandAttributes(type))).toBeUndefined();
  });

  it('are not those of a permission for as many peers as there may be', () => {
    const test = new TestServer();
    const client = test.client();
    client.allocate();
    const peers = Array.from({ length: 256 }, (_, i) => `1.2.${i >> 6}.${i & 63}`);
    expect(client.permit(...peers)).toBe(0);
    expect(test.counters.read('permissions')).toBe(256);
  });
});

describe('is dropped without an answer', () => {
  it.each(Object.entries(silent))('%s', (_, hex) => {
    const test = new TestServer();
    const client = test.client();
    expect(client.put(Buffer.from(hex, 'hex'))).toBeUndefined();
    expect(client.elsewhere).toEqual([]);
  });

  it.each(Object.entries(silent))('%s, from who has an allocation', (_, hex) => {
    const test = new TestServer();
    const client = test.client();
    client.relay();
    expect(client.put(Buffer.from(hex, 'hex'))).toBeUndefined();
    expect(client.allocation).toBeDefined();
  });
});

describe('is refused', () => {
  const peer = (value: string) => (builder: MessageBuilder) =>
    void builder.addRaw(XorPeerAddress.type, Buffer.from(value, 'hex'));

  it.each([
    ['a family of 0', '000000015e12a443', 400],
    ['a third family', '000300015e12a443', 400],
    ['an IPv6 address of eight bytes', '0002000121122112aabbccdd', 400],
    ['four bytes', '00010001', 400],
    ['127.0.0.1 on the wire', '000121425e12a443', 403],
    ['169.254.169.254 on the wire', '00012142 88ec0dbc'.replace(' ', ''), 403],
    ['0.0.0.0 on the wire', '000121422112a442', 403],
  ])('a peer with %s', (_, value, code) => {
    const client = new TestServer().client();
    client.relay();
    expect(client.code(StunMethod.createPermission, peer(value))).toBe(code);
  });

  it.each([
    ['of 19 bytes', 0x0008, 19, undefined],
    ['of 21 bytes', 0x0008, 21, undefined],
    ['of 0 bytes', 0x0008, 0, undefined],
    ['of SHA-256 with 12 bytes', 0x001c, 12, undefined],
    ['of SHA-256 with 33 bytes', 0x001c, 33, undefined],
    ['of 20 wrong bytes', 0x0008, 20, 401],
    ['of SHA-256 with 32 wrong bytes', 0x001c, 32, 401],
    ['of SHA-256 that was cut short', 0x001c, 16, undefined],
  ])('an integrity %s', (_, type, size, code) => {
    const test = new TestServer();
    const client = test.client();
    client.relay();
    const signed = client.signed(StunMethod.refresh);
    const attribute = Buffer.alloc(4 + ((size + 3) & ~3));
    attribute.writeUInt16BE(type, 0);
    attribute.writeUInt16BE(size, 2);
    const request = Buffer.concat([signed.subarray(0, signed.length - 24), attribute]);
    request.writeUInt16BE(request.length - 20, 2);
    const answer = client.ask(request);
    expect(answer && errorOf(answer)).toBe(code);
    expect(client.allocation).toBeDefined();
  });

  it.each([
    ['USERNAME of no bytes', 0x0006, 0],
    ['USERNAME of 764 bytes', 0x0006, 764],
    ['REALM of no bytes', 0x0014, 0],
    ['REALM of 764 bytes', 0x0014, 764],
    ['NONCE of no bytes', 0x0015, 0],
    ['NONCE of 764 bytes', 0x0015, 764],
  ])('or dropped: %s', (_, type, size) => {
    const test = new TestServer();
    const client = test.client();
    const builder = new MessageBuilder(StunClass.request, StunMethod.allocate).add(RequestedTransport, 17);
    for (const each of [0x0006, 0x0014, 0x0015]) builder.addRaw(each, Buffer.alloc(each === type ? size : 30, 'x'));
    const answer = client.ask(builder.addIntegrity(Buffer.from('key'), 'sha1').build());
    expect([undefined, 400, 401, 438]).toContain(answer && errorOf(answer));
    expect(test.counters.read('asked')).toBe(0);
  });
});

describe('a flood without proof', () => {
  it('leaves nothing behind: ten thousand addresses, with and without made-up proof', () => {
    const test = new TestServer();
    for (let i = 0; i < 10_000; i++) {
      const client = test.client(undefined, 'udp', `1.${i >> 16}.${(i >> 8) & 255}.${i & 255}`);
      client.nonce = i % 2 === 0 ? '' : randomBytes(22).toString('base64').slice(0, 29);
      client.put(client.signed(StunMethod.allocate, (builder) => builder.add(RequestedTransport, 17)));
    }
    expect(test.control.asked).toEqual([]);
    expect(test.credentials.size).toBe(0);
    expect(test.ports.taken).toBe(0);
    expect(test.server.allocations.size).toBe(0);
    expect(test.counters.read('waiting')).toBe(0);
  });

  it('of noise never throws', () => {
    const test = new TestServer();
    const client = test.client();
    client.relay();
    client.bind(0x4001, '1.2.3.4', 5);
    for (let i = 0; i < 20_000; i++) {
      const noise = randomBytes(i % 97);
      if (noise.length > 20 && i % 3 === 0) {
        noise.writeUInt16BE([0x0001, 0x0003, 0x0016, 0x0008, 0x4001][i % 5]!, 0);
        noise.writeUInt16BE((noise.length - 20) & ~3, 2);
        noise.writeUInt32BE(0x2112a442, 4);
      }
      client.put(noise);
    }
    expect(client.allocation).toBeDefined();
  });
});
