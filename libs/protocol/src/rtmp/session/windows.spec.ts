// RTMP 1.0 sections 5.4.3 to 5.4.5: acknowledgements and the windows they are asked for.
import { describe, expect, it } from 'vitest';
import { hex } from '../../testing/hex.ts';
import { ChunkDecoder } from '../chunk/chunk-decoder.ts';
import { decodeAcknowledgement } from '../message/acknowledgement.ts';
import { MessageType } from '../message/message-type.ts';
import { decodeWindowAcknowledgementSize } from '../message/window-acknowledgement-size.ts';
import { Acknowledger } from './acknowledger.ts';
import { ControlResponder } from './control-responder.ts';
import { MessageSender } from './message-sender.ts';
import { TokenBucket } from '../../rate/token-bucket.ts';

const MIN_BYTES = 1000;
const OWN_WINDOW = 0x10000;

/** One side's windows, and the acknowledgements and windows that it has sent. */
function side() {
  const acknowledgements: number[] = [];
  const windows: number[] = [];
  const sent = new ChunkDecoder({
    onMessage: (type, _stream, _timestamp, payload) => {
      if (type === MessageType.acknowledgement) acknowledgements.push(decodeAcknowledgement(payload));
      else windows.push(decodeWindowAcknowledgementSize(payload));
    },
  });
  const sender = new MessageSender((bytes) => sent.push(bytes));
  const acknowledger = new Acknowledger(sender, MIN_BYTES);
  const control = new ControlResponder(sender, acknowledger, new TokenBucket(0, 100, () => 0), OWN_WINDOW);
  const receive = (bytes: number): void => {
    acknowledger.received += bytes;
    acknowledger.acknowledge();
  };
  return { acknowledgements, windows, control, receive };
}

const window = (size: string): [number, Buffer] => [MessageType.windowAcknowledgementSize, hex(size)];
const bandwidth = (size: string, limit: string): [number, Buffer] => [MessageType.setPeerBandwidth, hex(size + limit)];

describe('acknowledgements', () => {
  it('come with the byte that fills the window, and not before', () => {
    const { acknowledgements, control, receive } = side();
    control.message(...window('00000bb8'));
    receive(2999);
    expect(acknowledgements).toEqual([]);
    receive(1);
    expect(acknowledgements).toEqual([3000]);
    receive(2999);
    expect(acknowledgements).toEqual([3000]);
    receive(5000);
    expect(acknowledgements).toEqual([3000, 10_999]);
  });

  it('come every 2.5 MB while the peer has named no window', () => {
    const { acknowledgements, receive } = side();
    receive(2_499_999);
    expect(acknowledgements).toEqual([]);
    receive(1);
    expect(acknowledgements).toEqual([2_500_000]);
  });

  it('come no more often than this side allows, and a window of 0 changes nothing', () => {
    const { acknowledgements, control, receive } = side();
    control.message(...window('00000001'));
    receive(999);
    expect(acknowledgements).toEqual([]);
    receive(1);
    expect(acknowledgements).toEqual([1000]);
    control.message(...window('00000000'));
    receive(1000);
    expect(acknowledgements).toEqual([1000, 2000]);
  });

  it('go on behind 2^32 bytes, counting from 0 again', () => {
    const { acknowledgements, control, receive } = side();
    control.message(...window('40000000'));
    for (let quarter = 0; quarter < 6; quarter++) receive(0x4000_0000);
    expect(acknowledgements).toEqual([0x4000_0000, 0x8000_0000, 0xc000_0000, 0, 0x4000_0000, 0x8000_0000]);
  });
});

describe('peer bandwidth', () => {
  it.each<[string, [number, Buffer][], number[]]>([
    ['hard: the window named', [bandwidth('00020000', '00')], [0x20000]],
    ['hard, but the window in force: no answer', [bandwidth('00010000', '00')], []],
    ['soft and smaller: the window named', [bandwidth('00008000', '01')], [0x8000]],
    ['soft and larger: the window in force', [bandwidth('00020000', '01')], []],
    ['dynamic: ignored', [bandwidth('00020000', '02')], []],
    ['dynamic behind soft: ignored', [bandwidth('00008000', '01'), bandwidth('00020000', '02')], [0x8000]],
    ['dynamic behind hard: hard', [bandwidth('00008000', '00'), bandwidth('00020000', '02')], [0x8000, 0x20000]],
    [
      'dynamic behind dynamic behind hard: hard',
      [bandwidth('00008000', '00'), bandwidth('00020000', '02'), bandwidth('00030000', '02')],
      [0x8000, 0x20000, 0x30000],
    ],
  ])('%s', (_name, messages, expected) => {
    const { windows, control } = side();
    for (const [type, payload] of messages) expect(control.message(type, payload)).toBe(true);
    expect(windows).toEqual(expected);
  });

  it('of an unknown type is broken', () => {
    const { windows, control } = side();
    expect(control.message(...bandwidth('00020000', '03'))).toBe(false);
    expect(windows).toEqual([]);
  });
});
