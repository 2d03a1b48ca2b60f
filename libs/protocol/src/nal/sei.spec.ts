import { describe, expect, it } from 'vitest';
import { hex } from '../testing/hex.ts';
import { AccessUnitFlag, addEmulationPrevention, flagsOfSei } from './index.ts';

const TRAILING = '80';
const read = (rbsp: string): number => {
  const nalUnit = addEmulationPrevention(6, hex(rbsp));
  return flagsOfSei(
    Buffer.concat([Buffer.from('ffff', 'hex'), nalUnit, Buffer.from('0606', 'hex')]),
    2,
    nalUnit.length,
    1,
  );
};

/** Captions as ATSC A/53 part 4 has them: three bytes for each pair. */
const captions = (...triples: string[]): string => {
  const data = `b500314741393403${(0xc0 | triples.length).toString(16)}ff${triples.join('')}ff`;
  return `04${(data.length / 2).toString(16).padStart(2, '0')}${data}`;
};

describe('what SEI says', () => {
  it.each([
    ['a recovery point', '0601c4', AccessUnitFlag.recoveryPoint],
    [
      'a recovery point behind timing and a message of 300 bytes',
      `010100 05ff2d${'00'.repeat(300)} 0601c4`,
      AccessUnitFlag.recoveryPoint,
    ],
    ['captions of CEA-608', captions('fc9420'), AccessUnitFlag.cea608],
    ['captions of CEA-608 in the second field', captions('fd9420'), AccessUnitFlag.cea608],
    ['captions of CEA-608 without anything in them', captions('fc8080', 'fd8080'), 0],
    ['pairs that are not valid', captions('f89420', 'fa0102'), 0],
    ['captions of both kinds', captions('fc9420', 'ff0221', 'fe2143'), AccessUnitFlag.cea608 | AccessUnitFlag.cea708],
    [
      'captions, then a recovery point',
      `${captions('fc9420')}0601c4`,
      AccessUnitFlag.cea608 | AccessUnitFlag.recoveryPoint,
    ],
    ['user data of another provider', '0408b5003c0102030405', 0],
    ['user data that ends early', '0403b50031', 0],
    ['nothing', '', 0],
  ])('%s', (_, messages, flags) => {
    expect(read(`${messages.replaceAll(' ', '')}${TRAILING}`)).toBe(flags);
  });

  it('is nothing where it is cut off, and nothing behind it is read', () => {
    const whole = hex(`06${captions('fc9420')}0601c480`);
    const { cea608, cea708, recoveryPoint } = AccessUnitFlag;
    for (let size = 0; size < whole.length; size++)
      expect(flagsOfSei(whole.subarray(0, size), 0, size, 1) & ~(cea608 | cea708 | recoveryPoint)).toBe(0);
    expect(flagsOfSei(hex('060601c480'), 0, 2, 1)).toBe(0);
  });
});
