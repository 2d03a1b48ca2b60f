import { SrtCaller } from './srt-caller.ts';
import { decodeHandshake, encodeHandshake } from './handshake.ts';
import type { Handshake } from './handshake.ts';
import { decodeKeyMaterial } from './key-material.ts';
import { readLossReport } from './loss-report.ts';
import { SrtListener } from './srt-listener.ts';
import type { SrtConnection } from './srt-connection.ts';
import { SrtKeys } from './srt-keys.ts';
import { parseStreamId } from './stream-id.ts';
import { SynCookies } from './syn-cookie.ts';

const PEER = { address: '192.0.2.7', port: 5_000 };
const LIMITS = { delayMs: 120, receivePackets: 64, sendPackets: 64, idleUs: 5_000_000 };
const MESSAGE = Buffer.alloc(64, 1);

/** Datagrams, each behind a byte with its length. */
function datagramsOf(bytes: Uint8Array): Buffer[] {
  const datagrams: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += 1 + bytes[at]!)
    datagrams.push(Buffer.from(bytes.subarray(at + 1, at + 1 + bytes[at]!)));
  return datagrams;
}

/** A caller that is connected, and whose peer then receives whatever there is. */
function throughConnection(bytes: Uint8Array): void {
  let nowUs = 1;
  let delivered = 0;
  let connection: SrtConnection | undefined;
  let own: SrtConnection | undefined;
  const handlers = { data: () => void delivered++, lost: () => undefined, ended: () => undefined };
  const clock = (): number => nowUs;
  let isFuzzed = false;
  const listener = new SrtListener({
    ...LIMITS,
    cookies: new SynCookies(),
    clock,
    send: (packet) => void (isFuzzed || caller?.push(Buffer.from(packet))),
    requested: (request) => void (connection = request.accept(handlers, undefined)),
    maxUndecided: 2,
    maxUndecidedPerNetwork: 2,
    networkOf: (address) => address,
    maxDelayMs: 5_000,
  });
  const toListener: Buffer[] = [];
  const caller: SrtCaller | undefined = new SrtCaller({
    ...LIMITS,
    peer: PEER,
    send: (packet) => void toListener.push(Buffer.from(packet)),
    clock,
    handlers,
    connected: (made) => void (own = made),
    refused: () => undefined,
    streamId: 'publish:key',
    timeoutUs: 3_000_000,
  });
  for (let packet = toListener.shift(); packet !== undefined; packet = toListener.shift()) listener.push(packet, PEER);
  if (connection === undefined || own === undefined) throw new Error('they did not connect');
  isFuzzed = true;
  connection.write(MESSAGE);
  const datagrams = datagramsOf(bytes);
  for (const datagram of datagrams) {
    nowUs += 10_000;
    connection.push(datagram);
    connection.tick();
  }
  nowUs += 1_000_000;
  connection.tick();
  if (delivered > datagrams.length) throw new Error('more came out than went in');
}

const READERS: readonly ((bytes: Buffer) => unknown)[] = [
  (bytes) => {
    const handshake = decodeHandshake(Buffer.concat([Buffer.alloc(16), bytes]));
    decodeHandshake(encodeHandshake(handshake, 1, 0, false));
  },
  (bytes) => decodeKeyMaterial(bytes),
  (bytes) => {
    let ranges = 0;
    readLossReport(bytes, () => void ranges++);
    if (ranges * 4 > bytes.length) throw new Error('more ranges than words');
  },
  (bytes) => parseStreamId(bytes.toString()),
  throughConnection,
  (bytes) => {
    const keys = SrtKeys.make('a passphrase', 16, 1_456);
    keys.take(decodeKeyMaterial(bytes));
  },
];

const seed = (choice: number, bytes: Uint8Array): Buffer => Buffer.concat([Buffer.from([choice]), bytes]);
const withLength = (packet: Uint8Array): Buffer => Buffer.concat([Buffer.from([packet.length]), packet]);
const CONCLUSION: Handshake = {
  version: 5,
  encryption: 0,
  extension: 5,
  initialSequence: 7,
  mtu: 1_500,
  flowWindow: 8_192,
  type: 0xffff_ffff,
  socketId: 9,
  cookie: 1,
  peerAddress: Buffer.alloc(16),
  capabilities: { version: 0x01_05_00, flags: 0xbf, receiveDelayMs: 120, sendDelayMs: 120 },
  streamId: 'publish:key',
};
const MATERIAL = SrtKeys.make('a passphrase', 16, 1_456).material;
const DATA = Buffer.from('00000007c0000007000000010000000101020304', 'hex');
const NAK = Buffer.from('800300000000000000000001000000018000000300000009', 'hex');

/** Good inputs, one for each reader. */
export const seeds: readonly Uint8Array[] = [
  seed(0, encodeHandshake(CONCLUSION, 0, 0, false).subarray(16)),
  seed(1, MATERIAL),
  seed(2, NAK.subarray(16)),
  seed(3, Buffer.from('#!::r=key,m=publish')),
  seed(4, Buffer.concat([DATA, NAK].map(withLength))),
  seed(5, MATERIAL),
];

/** The first byte chooses the reader, the rest is its input. */
export function fuzz(data: Uint8Array): void {
  READERS[(data[0] ?? 0) % READERS.length]?.(Buffer.from(data.subarray(1)));
}
