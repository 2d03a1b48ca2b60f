import { describe, expect, it } from 'vitest';
import { record } from '../../testing/amf-record.ts';
import { hex } from '../../testing/hex.ts';
import { faultOf } from '../../testing/protocol-fault.ts';
import { amfBody } from './amf-body.ts';
import { decodeCommand, encodeCommand } from './command.ts';
import type { Command } from './command.ts';
import { decodeData, encodeData } from './data.ts';

const commands: readonly [name: string, bytes: string, command: Command][] = [
  [
    'createStream',
    '02 000c 63726561746553747265616d 00 4000000000000000 05',
    { name: 'createStream', transactionId: 2, object: null, args: [] },
  ],
  [
    'publish',
    '02 0007 7075626c697368 00 0000000000000000 05 02 0001 6b 02 0004 6c697665',
    { name: 'publish', transactionId: 0, object: null, args: ['k', 'live'] },
  ],
  [
    'connect',
    '02 0007 636f6e6e656374 00 3ff0000000000000 03 0003 617070 02 0004 6c697665 000009',
    { name: 'connect', transactionId: 1, object: record({ app: 'live' }), args: [] },
  ],
];

describe('commands', () => {
  it.each(commands)('%s is read', (_name, bytes, command) => {
    expect(decodeCommand(hex(bytes))).toEqual(command);
  });

  it.each(commands)('%s is written', (_name, bytes, command) => {
    expect(encodeCommand(command).toString('hex')).toBe(hex(bytes).toString('hex'));
  });

  it.each(commands)('%s fails cleanly at every truncation, or is a shorter command', (_name, bytes, command) => {
    const whole = hex(bytes);
    for (let length = 0; length < whole.length; length++) {
      const fault = faultOf(() => expect(decodeCommand(whole.subarray(0, length)).name).toBe(command.name));
      expect([undefined, 'ended-early']).toContain(fault);
    }
  });

  it('a name alone is a command that asks for no answer', () => {
    expect(decodeCommand(hex('02 0001 61'))).toEqual({ name: 'a', transactionId: 0, object: null, args: [] });
  });

  it.each([
    ['NaN', '00 7ff8000000000000', 0],
    ['Infinity', '00 7ff0000000000000', 0],
    ['a text', '02 0001 31', 0],
    ['-1', '00 bff0000000000000', -1],
    ['1e308', '00 7fe1ccf385ebc8a0', 1e308],
  ])('a transaction id of %s', (_name, bytes, transactionId) => {
    expect(decodeCommand(hex(`02 0001 61 ${bytes} 05`)).transactionId).toBe(transactionId);
  });

  it('a body that begins with anything but a name is refused', () => {
    expect(faultOf(() => decodeCommand(hex('05')))).toBe('rtmp.command.no-name');
    expect(faultOf(() => decodeCommand(hex('')))).toBe('ended-early');
  });
});

describe('data messages', () => {
  it('is read and written', () => {
    const bytes = hex('02 000a 6f6e4d65746144617461 08 00000001 0005 7769647468 00 4094000000000000 000009');
    const data = decodeData(bytes);
    expect(data.name).toBe('onMetaData');
    expect(data.values).toEqual([expect.objectContaining({ entries: record({ width: 1280 }) })]);
    expect(encodeData(data).equals(bytes)).toBe(true);
  });

  it('looks through @setDataFrame, once', () => {
    const set = '02 000d 40736574446174614672616d65';
    expect(decodeData(hex(`${set} 02 0001 61 05`))).toEqual({ name: 'a', values: [null] });
    expect(decodeData(hex(`${set} ${set} 05`))).toEqual({ name: '@setDataFrame', values: [null] });
    expect(decodeData(hex(set))).toEqual({ name: '@setDataFrame', values: [] });
    expect(faultOf(() => decodeData(hex(`${set} 05`)))).toBe('rtmp.data.no-name');
  });
});

describe('the bodies of AMF3 messages', () => {
  const amf0 = '02 0001 61 05';
  it.each([
    [17, `00 ${amf0}`],
    [15, `00 ${amf0}`],
    [17, amf0],
    [15, amf0],
    [20, amf0],
    [18, amf0],
  ])('type %i: %s holds AMF0', (type, bytes) => {
    expect(amfBody(type, hex(bytes)).toString('hex')).toBe(hex(amf0).toString('hex'));
  });

  it('an empty one ends early', () => {
    expect(faultOf(() => amfBody(17, hex('')))).toBe('ended-early');
  });

  it('AMF3 values inside come out of the switch', () => {
    expect(
      decodeCommand(amfBody(17, hex('00 02 0001 61 00 3ff0000000000000 11 0a 0b 01 03 62 04 05 01'))),
    ).toMatchObject({
      object: record({ b: 5 }),
    });
  });
});
