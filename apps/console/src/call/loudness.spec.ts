import { expect, it } from 'vitest';
import { loudness } from './loudness.ts';

const tone = (amplitude: number): Float32Array =>
  Float32Array.from({ length: 480 }, (_, i) => amplitude * Math.sin((2 * Math.PI * i) / 48));

it('is by decibels', () => {
  expect(loudness(tone(0))).toBe(0);
  expect(loudness(new Float32Array())).toBe(0);
  expect(loudness(tone(0.0001))).toBe(0);
  // Half the power of a full tone is 3 dB down by definition; a tenth of the amplitude 20 dB more.
  expect(loudness(tone(1))).toBeCloseTo(57 / 60, 2);
  expect(loudness(tone(0.1))).toBeCloseTo(37 / 60, 2);
  expect(loudness(tone(5))).toBe(1);
});
