// The constants of this library, held against the registry (testing/iana/README.md says where the files come from).
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  isComprehensionRequired,
  STUN_ATTRIBUTES,
  STUN_ERROR_REASONS,
  stunAttributeOf,
  StunErrorCode,
  StunMethod,
} from './index.ts';

interface Entry {
  readonly value: number;
  readonly name: string;
  readonly reference: string;
}

/** The entries with one number that stand for something, or did. */
function entriesOf(file: string): Entry[] {
  const lines = readFileSync(join(import.meta.dirname, 'testing/iana', file), 'utf8')
    .trim()
    .split('\n')
    .slice(1);
  return lines
    .map((line) => line.split(','))
    .map(([value = '', name = '', reference = '']) => ({ value: Number(value), name, reference }))
    .filter(({ value, name }) => !Number.isNaN(value) && !['Reserved', 'Unassigned'].includes(name));
}

const isAssigned = ({ name }: Entry): boolean => !name.startsWith('Reserved');
const camelCase = (name: string): string => name.charAt(0).toLowerCase() + name.slice(1);
const methods = entriesOf('stun-methods.csv');
const attributes = entriesOf('stun-attributes.csv');
const errorCodes = entriesOf('stun-error-codes.csv');

/** What a server that follows these reads and writes. */
const IMPLEMENTED = ['RFC8489', 'RFC8656', 'RFC5780', 'RFC6062', 'RFC8445', 'RFC8016'];
/** Registered by RFC 5780, which says nowhere what it is; only its drafts did. */
const WITHOUT_FORMAT = ['CACHE-TIMEOUT'];

describe('IANA registry of STUN', () => {
  it('the files are whole', () => {
    expect([methods.length, attributes.length, errorCodes.length]).toEqual([12, 65, 18]);
  });

  it('methods are those that are assigned by an RFC', () => {
    const assigned = methods.filter(isAssigned).filter(({ reference }) => reference.startsWith('RFC'));
    expect(Object.entries(StunMethod)).toEqual(assigned.map(({ name, value }) => [camelCase(name), value]));
  });

  it.each(Object.entries(STUN_ATTRIBUTES))(
    'attribute %i has the number and the name that are registered',
    (key, own) => {
      const entry = attributes.find(({ value }) => value === own.type);
      expect(Number(key)).toBe(own.type);
      // RFC 5780 took the number of RFC 3489 up again; the registry says so by its reference only (erratum 4233).
      const name = entry?.name.replace(/^Reserved; was (CHANGE-REQUEST) .*/, '$1');
      expect(name).toBe(own.name);
      expect(IMPLEMENTED).toContain(entry?.reference);
    },
  );

  it('every attribute of these RFCs is there', () => {
    const wanted = attributes
      .filter(isAssigned)
      .filter(({ name, reference }) => IMPLEMENTED.includes(reference) && !WITHOUT_FORMAT.includes(name));
    expect(wanted.length).toBe(39);
    for (const { value, name } of wanted) expect(stunAttributeOf(value)?.name).toBe(name);
  });

  it('what is not there is nothing', () => {
    for (const { value, reference } of attributes.filter(isAssigned)) {
      if (!IMPLEMENTED.includes(reference)) expect(stunAttributeOf(value)).toBeUndefined();
    }
  });

  it('numbers below 0x8000 must be understood', () => {
    expect([0, 0x7fff, 0x8000, 0xffff].map(isComprehensionRequired)).toEqual([true, true, false, false]);
  });

  it('error codes and reasons are those that are registered', () => {
    const registered = errorCodes.map(({ value, name }) => [String(value), name]);
    expect(Object.entries(STUN_ERROR_REASONS)).toEqual(registered);
    expect(Object.values(StunErrorCode).sort()).toEqual(errorCodes.map(({ value }) => value));
  });

  it.each(Object.entries(StunErrorCode))('error %s is called as its reason says', (name, code) => {
    const words = STUN_ERROR_REASONS[code].toLowerCase().split(' ');
    expect(name.toLowerCase()).toBe(words.join(''));
  });
});
