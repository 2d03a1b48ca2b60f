import { describe, expect, it } from 'vitest';
import { decodeH264Configuration, H264_PARAMETER_SETS } from '../h264/index.ts';
import { hex } from '../testing/hex.ts';
import { ParameterSetStore } from './index.ts';

const SPS = hex('6742c01ed900a02ff97011000003000100000300320f162e48');
const OTHER_SPS = hex('6742c01fd900a02ff97011000003000100000300320f162e48');
/** seq_parameter_set_id 1: the bits 010. */
const SECOND_SPS = hex('6742c01e50');
const PPS = hex('68cb83cb20');

describe('ParameterSetStore', () => {
  const store = (...sets: Buffer[]) => {
    const made = new ParameterSetStore(H264_PARAMETER_SETS);
    for (const set of sets) made.add(set);
    return made;
  };

  it('writes a record of what it was given, in the order of the ids', () => {
    const made = store(SECOND_SPS, PPS, SPS);
    expect(made.isComplete).toBe(true);
    expect(decodeH264Configuration(made.toRecord(2))).toMatchObject({
      nalLengthSize: 2,
      profileIndication: 0x42,
      levelIndication: 30,
      sps: [SPS, SECOND_SPS],
      pps: [PPS],
    });
  });

  it('replaces the set of an id, and notes what is new', () => {
    const made = store(SPS, PPS);
    const { version } = made;
    for (const same of [SPS, PPS, Buffer.concat([SPS, hex('0000')])]) made.add(same);
    expect(made.version).toBe(version);
    made.add(OTHER_SPS);
    expect(made.version).toBe(version + 1);
    expect(decodeH264Configuration(made.toRecord(4))).toMatchObject({ sps: [OTHER_SPS], levelIndication: 31 });
  });

  it('forgets what a record replaces, and keeps what it leaves out', () => {
    const made = store(SPS, SECOND_SPS, PPS);
    made.replace([OTHER_SPS]);
    expect(decodeH264Configuration(made.toRecord(4))).toMatchObject({ sps: [OTHER_SPS], pps: [PPS] });
  });

  it('passes over what is none, and is bounded', () => {
    const made = store(hex('6588'), hex(''), hex('67'), hex('68'), Buffer.alloc(5_000, 0x67));
    expect([made.isComplete, made.version]).toEqual([false, 0]);
    for (let id = 0; id < 1_000; id++) made.add(hex(`68${(0x0080 + id).toString(16).padStart(4, '0')}ff`));
    made.add(SPS);
    expect(decodeH264Configuration(made.toRecord(4)).pps.length).toBeLessThanOrEqual(255);
  });
});
