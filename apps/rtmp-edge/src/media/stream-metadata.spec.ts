import { AmfEcmaArray, newRecord } from '@millrace/protocol/amf3';
import type { AmfValue } from '@millrace/protocol/amf3';
import { describe, expect, it } from 'vitest';
import { readStreamMetadata } from './stream-metadata.ts';

const record = (properties: Record<string, AmfValue>) => Object.assign(newRecord(), properties);
const onMetaData = (value: AmfValue) => readStreamMetadata({ name: 'onMetaData', values: [value] });

describe('readStreamMetadata', () => {
  it('keeps what people want to know', () => {
    const properties = { encoder: 'obs', width: 1920, height: 1080, framerate: 29.97, other: 'x' };
    expect(onMetaData(record(properties))).toEqual({
      encoder: 'obs',
      width: 1920,
      height: 1080,
      frameRate: 29.97,
      hasVideo: undefined,
    });
  });

  it.each([NaN, Infinity, -Infinity, -1, 0, 1e308, 16_385, '1920', null, undefined])(
    'takes %s for no width',
    (width) => {
      expect(onMetaData(record({ width }))).toMatchObject({ width: undefined });
    },
  );

  it.each([
    [{ videocodecid: 7, audiocodecid: 10 }, true],
    [{ videocodecid: 'avc1' }, true],
    [{ audiocodecid: 10 }, false],
    [{ audiocodecid: 'mp4a', videocodecid: null }, false],
    [{ width: 640 }, undefined],
  ])('knows of %j whether there is video', (properties, hasVideo) => {
    expect(onMetaData(record(properties))).toMatchObject({ hasVideo });
  });

  it('bounds the encoder’s name', () => {
    const { encoder } = onMetaData(record({ encoder: `${'x'.repeat(127)}😀` }))!;
    expect(encoder).toHaveLength(128);
    expect(encoder!.isWellFormed()).toBe(true);
  });

  it.each([null, undefined, 5, 'text', [], true])('takes %s for no metadata', (value) => {
    expect(onMetaData(value as AmfValue)).toBeUndefined();
  });

  it('takes an ECMA array as well', () => {
    expect(onMetaData(new AmfEcmaArray(record({ width: 640 })))).toMatchObject({ width: 640 });
  });

  it('reads nothing but onMetaData', () => {
    expect(readStreamMetadata({ name: 'onCuePoint', values: [record({ width: 5 })] })).toBeUndefined();
  });
});
