import { describe, expect, it } from 'vitest';
import { PlaylistError } from './index.ts';
import { AttributeList, AttributeWriter } from './testing/index.ts';

const parse = (text: string): AttributeList => new AttributeList(text, 'test', 7);

/** RFC 8216 section 4.2. */
describe('attribute list', () => {
  it('reads every type of value', () => {
    const list = parse('A=1,B=0xAF,C=1.25,D=-1.5,E="a,b=c",F=NONE,G=1920x1080,H="",I-2=YES');
    expect(list.integer('A')).toBe(1);
    expect(list.hexadecimal('B')).toBe('0xAF');
    expect(list.float('C')).toBe(1.25);
    expect(list.signedFloat('D')).toBe(-1.5);
    expect(list.quoted('E')).toBe('a,b=c');
    expect(list.enumerated('F')).toBe('NONE');
    expect(list.resolution('G')).toEqual({ width: 1920, height: 1080 });
    expect(list.quoted('H')).toBe('');
    expect(list.yes('I-2')).toBe(true);
    expect(list.names).toEqual(['A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'I-2']);
  });

  it('has nothing under other names', () => {
    const list = parse('A=1');
    expect([list.integer('B'), list.quoted('B'), list.enumerated('B'), list.resolution('B')]).toEqual(
      new Array<undefined>(4).fill(undefined),
    );
    expect(list.yes('B')).toBe(false);
    expect(() => list.required('B', list.integer('B'))).toThrow('line 7: B is missing');
  });

  it.each([
    '',
    'A',
    'A=',
    '=1',
    'a=1',
    'A=1,',
    ',A=1',
    'A=1,,B=2',
    'A=1, B=2',
    'A="b',
    'A=b"',
    'A="b"c',
    'A=1,A=2',
    'A= 1',
  ])('refuses %j', (text) => {
    expect(() => parse(text)).toThrow(expect.objectContaining({ code: 'hls.attribute', line: 7 }) as Error);
  });

  it.each<[string, string, (list: AttributeList) => unknown]>([
    ['a quoted integer', 'A="1"', (list) => list.integer('A')],
    ['an integer with a fraction', 'A=1.5', (list) => list.integer('A')],
    ['an integer that is too large', 'A=99999999999999999999', (list) => list.integer('A')],
    ['a bare string', 'A=b', (list) => list.quoted('A')],
    ['a negative float', 'A=-1.5', (list) => list.float('A')],
    ['an exponent', 'A=1e5', (list) => list.signedFloat('A')],
    ['hexadecimal without 0x', 'A=AF', (list) => list.hexadecimal('A')],
    ['a resolution with one side', 'A=1920', (list) => list.resolution('A')],
    ['a word that is neither YES nor NO', 'A=yes', (list) => list.yes('A')],
    ['white space in a word', 'A=a b', (list) => list.enumerated('A')],
  ])('refuses %s', (_name, text, read) => {
    expect(() => read(parse(text))).toThrow(PlaylistError);
  });

  it('is written in order, without what is undefined', () => {
    const list = new AttributeWriter()
      .integer('A', 1)
      .integer('B', undefined)
      .quoted('C', 'x,y')
      .float('D', 0.1 + 0.2)
      .yes('E', false)
      .yes('F', true)
      .resolution('G', { width: 2, height: 1 })
      .enumerated('H', 'NONE');
    expect(list.toString()).toBe('A=1,C="x,y",D=0.3,F=YES,G=2x1,H=NONE');
  });

  it.each<[string, () => unknown]>([
    ['a fraction as integer', () => new AttributeWriter().integer('A', 1.5)],
    ['a negative integer', () => new AttributeWriter().integer('A', -1)],
    ['infinity', () => new AttributeWriter().float('A', Infinity)],
    ['an exponent', () => new AttributeWriter().float('A', 1e21)],
  ])('refuses to write %s', (_name, write) => {
    expect(write).toThrow(RangeError);
  });

  it.each(['a,b', 'a b', '"a"', '', 'a\n'])('refuses to write %j as a word', (text) => {
    expect(() => new AttributeWriter().enumerated('A', text)).toThrow(PlaylistError);
  });
});
