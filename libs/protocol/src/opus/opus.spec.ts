import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { FlvDecoder, readAudioTag } from '../flv/index.ts';
import { hex } from '../testing/hex.ts';
import { faultOf } from '../testing/protocol-fault.ts';
import {
  decodeOpusHead,
  encodeDops,
  encodeOpusHead,
  opusChannelConfigCode,
  opusConfigurationOf,
  opusPacketSamples,
  silentOpusPacket,
} from './index.ts';

const MAGIC = Buffer.from('OpusHead').toString('hex');

describe('ID header', () => {
  // RFC 7845 section 5.1, written by hand.
  it.each<[string, string, object, string, number | undefined]>([
    [
      'stereo',
      '01 02 3801 80bb0000 0000 00',
      { channels: 2, preSkip: 312, inputSampleRate: 48_000, streams: 1, coupled: 1, mapping: [0, 1] },
      '00 02 0138 0000bb80 0000 00',
      2,
    ],
    [
      'mono with a gain of -1 dB',
      '01 01 0000 40af0000 00ff 00',
      { channels: 1, inputSampleRate: 44_864, outputGain: -256, streams: 1, coupled: 0 },
      '00 01 0000 0000af40 ff00 00',
      1,
    ],
    [
      '5.1',
      '01 06 3801 80bb0000 0000 01 04 02 000401020305',
      { mappingFamily: 1, streams: 4, coupled: 2, mapping: [0, 4, 1, 2, 3, 5] },
      '00 06 0138 0000bb80 0000 01 04 02 000401020305',
      6,
    ],
    [
      'an order of its own, with a channel that is silent',
      '01 03 0000 80bb0000 0000 ff 03 00 0201ff',
      { mappingFamily: 255, streams: 3, coupled: 0, mapping: [2, 1, 255] },
      '00 03 0000 0000bb80 0000 ff 03 00 0201ff',
      undefined,
    ],
  ])('%s', (_name, fields, expected, dops, code) => {
    const bytes = hex(MAGIC + fields);
    const configuration = decodeOpusHead(bytes);
    expect(configuration).toMatchObject(expected);
    expect(encodeOpusHead(configuration)).toEqual(bytes);
    expect(encodeDops(configuration)).toEqual(hex(dops));
    expect(opusChannelConfigCode(configuration)).toBe(code);
    for (let length = 0; length < bytes.length; length++)
      expect(faultOf(() => decodeOpusHead(bytes.subarray(0, length)))).toBe('ended-early');
  });

  it.each<[string, string, string]>([
    ['another magic', '4f707573546167730102000000000000000000', 'opus.magic'],
    ['a later version', `${MAGIC} 10 02 0000 00000000 0000 00`, 'opus.version'],
    ['three channels in family 0', `${MAGIC} 01 03 0000 00000000 0000 00`, 'opus.channels'],
    ['no channels', `${MAGIC} 01 00 0000 00000000 0000 01 01 00`, 'opus.channels'],
    ['nine channels in family 1', `${MAGIC} 01 09 0000 00000000 0000 01 09 00 ${'00'.repeat(9)}`, 'opus.channels'],
    ['no streams', `${MAGIC} 01 01 0000 00000000 0000 01 00 00 ff`, 'opus.mapping'],
    ['more pairs than streams', `${MAGIC} 01 01 0000 00000000 0000 01 01 02 00`, 'opus.mapping'],
    ['a channel of no stream', `${MAGIC} 01 01 0000 00000000 0000 01 01 00 01`, 'opus.mapping'],
  ])('refuses %s', (_name, bytes, code) => {
    expect(faultOf(() => decodeOpusHead(hex(bytes)))).toBe(code);
  });

  it('is made for a number of channels', () => {
    for (let channels = 1; channels <= 8; channels++) {
      const configuration = opusConfigurationOf(channels);
      expect(decodeOpusHead(encodeOpusHead(configuration))).toEqual(configuration);
      expect(opusChannelConfigCode(configuration)).toBe(channels);
    }
  });
});

describe('packet', () => {
  // RFC 6716 table 2.
  it.each<[string, string, number | undefined]>([
    ['SILK, 10 ms', '00', 480],
    ['SILK, 60 ms', '18', 2_880],
    ['hybrid, 20 ms', '68', 960],
    ['CELT, 2.5 ms', '80', 120],
    ['CELT, 20 ms, stereo', 'fc', 960],
    ['two frames', 'f9', 1_920],
    ['two frames of different sizes', 'fa', 1_920],
    ['six frames', 'fb 06', 5_760],
    ['seven frames, which is too long', 'fb 07', undefined],
    ['no frames', 'fb 00', undefined],
    ['a number of frames that is missing', 'fb', undefined],
    ['nothing', '', undefined],
  ])('%s', (_name, bytes, samples) => {
    expect(opusPacketSamples(hex(bytes))).toBe(samples);
  });

  it('lasts 20 ms in footage, all of it', () => {
    const tags = new FlvDecoder()
      .push(readFileSync(new URL('../../../../media/bbb-opus-enhanced.flv', import.meta.url)))
      .filter(({ type }) => type === 8)
      .map(({ data }) => ({ data, tag: readAudioTag(data) }));
    const packets = tags.filter(({ tag }) => tag.packetType === 1);
    expect(packets).toHaveLength(199);
    for (const { data, tag } of packets) expect(opusPacketSamples(data.subarray(tag.dataOffset))).toBe(960);
  });

  it('of silence is there for one stream', () => {
    expect(silentOpusPacket(opusConfigurationOf(2))).toEqual(hex('fcfffe'));
    expect(silentOpusPacket(opusConfigurationOf(1))).toEqual(hex('f8fffe'));
    expect(silentOpusPacket(opusConfigurationOf(6))).toBeUndefined();
  });
});

it('never fails but with a typed error, whatever the bytes', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      faultOf(() => encodeOpusHead(decodeOpusHead(Buffer.concat([hex(MAGIC), bytes]))));
      expect(opusPacketSamples(bytes) ?? 120).toBeGreaterThanOrEqual(120);
    }),
  );
});
