// Which tracks have a place in CMAF, and as what: the box of the sample entry and that of the configuration.
import { Codec, FrameFlag, FrameKind } from '@millrace/domain';
import { readTrack, rulesOf, trackWithoutRecord } from '@millrace/media';
import { expect, it } from 'vitest';
import { cmafMapOf, isCarriedInCmaf } from './cmaf.ts';

const track = (codec: number, record: string) =>
  readTrack(
    {
      kind: rulesOf(codec)!.kind,
      codec,
      payload: Buffer.from(record, 'hex'),
      flags: FrameFlag.configuration,
      epoch: 1,
      sequence: 1,
      dts90k: 0,
      compositionOffset90k: 0,
    },
    undefined,
  )!;

it.each([
  ['AAC', Codec.aac, '1190', 'mp4a', 'esds'],
  ['AV1', Codec.av1, '81040c000a0b00000024cf7f0dbfff3008', 'av01', 'av1C'],
  ['VP9', Codec.vp9, '000b820202020000014000b4', 'vp09', 'vpcC'],
  ['Opus', Codec.opus, '4f707573486561640102380180bb0000000000', 'Opus', 'dOps'],
  ['FLAC', Codec.flac, `120012000000000000000bb800f000000000${'00'.repeat(16)}`, 'fLaC', 'dfLa'],
  ['AC-3', Codec.ac3, '101100', 'ac-3', 'dac3'],
  ['E-AC-3', Codec.eac3, '0600200f00', 'ec-3', 'dec3'],
])('%s has a place in CMAF', (_name, codec, record, entry, box) => {
  const one = track(codec, record);
  const map = cmafMapOf(one, Buffer.alloc(0))!;
  const text = Buffer.from(map.bytes).toString('latin1');
  expect(text).toContain(entry);
  expect(text.indexOf(box)).toBeGreaterThan(text.indexOf(entry));
  expect(map.contentType).toBe(one.kind === FrameKind.video ? 'video/mp4' : 'audio/mp4');
  expect(cmafMapOf(one, Buffer.alloc(0))).toBe(map);
  expect(isCarriedInCmaf(one)).toBe(true);
});

it('sound has a map for each language, and the map is kept where that is the same', () => {
  const aac = track(Codec.aac, '1190');
  const [none, german, french] = [undefined, 'de', 'fr'].map((language) => cmafMapOf(aac, Buffer.alloc(0), language)!);
  expect(new Set([none, german, french].map((map) => map!.name)).size).toBe(3);
  expect(cmafMapOf(aac, Buffer.alloc(0), 'fr')).toBe(french);
  const mp3 = trackWithoutRecord(Codec.mp3)!;
  const first = Buffer.from('fffb9064', 'hex');
  expect(cmafMapOf(mp3, first, 'de')!.name).not.toBe(cmafMapOf(mp3, first)!.name);
});

it('pictures whose configuration describes colours say so in CMAF too', () => {
  // As x264 writes `colorprim=bt2020:transfer=arib-std-b67:colormatrix=bt2020nc`.
  const sps = '6764000aacd94426c05a848904a0000003002000000641e244b2c0';
  const hlg = track(Codec.h264, `0164000affe1001b${sps}01000668ebe3cb22c0fdf8f800`);
  const { bytes } = cmafMapOf(hlg, Buffer.alloc(0))!;
  expect(Buffer.from(bytes).toString('hex')).toContain(`${Buffer.from('colrnclx').toString('hex')}00090012000900`);
});

// ISO/IEC 14496-12 section 12.2.3: channels and rate of the sample entry; 14496-1 table 5: 6b is MPEG-1 audio, 69 MPEG-2 audio.
it.each([
  ['MPEG-1, 44.1 kHz, joint stereo', 'fffb9064', 2, 44_100, 0x6b],
  ['MPEG-1, 48 kHz, mono', 'fffa14c0', 1, 48_000, 0x6b],
  ['MPEG-2, 22.05 kHz', 'fff38000', 2, 22_050, 0x69],
])('MP3 has a place in CMAF with what its first frame says: %s', (_name, header, channels, rate, objectType) => {
  const mp3 = trackWithoutRecord(Codec.mp3)!;
  const map = cmafMapOf(mp3, Buffer.from(header, 'hex'))!;
  const bytes = Buffer.from(map.bytes);
  const entry = bytes.indexOf('mp4a');
  expect([bytes.readUInt16BE(entry + 20), bytes.readUInt16BE(entry + 28)]).toEqual([channels, rate]);
  // Behind `esds`: version and flags, ES_Descriptor (tag, length, id, flags), DecoderConfigDescriptor (tag, length).
  expect(bytes[bytes.indexOf('esds') + 4 + 4 + 5 + 2]).toBe(objectType);
  expect(cmafMapOf(mp3, Buffer.from(header, 'hex'))).toBe(map);
  expect(cmafMapOf(mp3, Buffer.from('garbage'))).toBeUndefined();
});
