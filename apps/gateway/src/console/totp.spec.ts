import { describe, expect, it } from 'vitest';
import {
  newRecoveryCodes,
  newTotpSecret,
  otpauthUrl,
  plainRecoveryCode,
  stepOfCode,
  totpCode,
  totpStep,
} from './totp.ts';

/** RFC 6238 appendix B: the secret "12345678901234567890" in base 32; the last six of the eight digits given there. */
const SECRET = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ';

describe('codes of an authenticator app', () => {
  it.each([
    [59, '287082'],
    [1_111_111_109, '081804'],
    [1_111_111_111, '050471'],
    [1_234_567_890, '005924'],
    [2_000_000_000, '279037'],
    [20_000_000_000, '353130'],
  ])('are those of RFC 6238 at second %s', (second, code) => {
    const nowMs = second * 1_000;
    expect(totpCode(SECRET, totpStep(nowMs))).toBe(code);
    expect(stepOfCode(SECRET, code, nowMs, 0)).toBe(Math.floor(second / 30));
  });

  it('are accepted one step early and one late, and no more', () => {
    const now = 1_000_000 * 30_000;
    const accepted = [-2, -1, 0, 1, 2].map((step) => stepOfCode(SECRET, totpCode(SECRET, 1_000_000 + step), now, 0));
    expect(accepted).toEqual([undefined, 999_999, 1_000_000, 1_000_001, undefined]);
  });

  it('are not accepted again, nor any one before', () => {
    const now = 1_000_000 * 30_000;
    for (const step of [999_999, 1_000_000])
      expect(stepOfCode(SECRET, totpCode(SECRET, step), now, 1_000_000)).toBeUndefined();
    expect(stepOfCode(SECRET, totpCode(SECRET, 1_000_001), now, 1_000_000)).toBe(1_000_001);
  });

  it.each(['', '28708', '2870822', '28708x', '٢٨٧٠٨٢', '000000'])('are not %j', (code) => {
    expect(stepOfCode(SECRET, code, 59_000, 0)).toBeUndefined();
  });

  it('come from secrets of 160 bits that no one else has', () => {
    const secrets = Array.from({ length: 20 }, newTotpSecret);
    expect(new Set(secrets).size).toBe(20);
    for (const secret of secrets) expect(secret).toMatch(/^[A-Z2-7]{32}$/);
    expect(otpauthUrl(SECRET, 'a+b@c.example', 'Millrace')).toBe(
      `otpauth://totp/Millrace:a%2Bb%40c.example?secret=${SECRET}&issuer=Millrace`,
    );
  });
});

it('recovery codes are random, and taken as people type them', () => {
  const codes = newRecoveryCodes();
  expect(new Set(codes).size).toBe(10);
  for (const code of codes) expect(code).toMatch(/^[a-hj-km-np-z2-9]{5}-[a-hj-km-np-z2-9]{5}$/);
  expect(plainRecoveryCode(' ABcde 23456')).toBe('abcde23456');
  expect(plainRecoveryCode('abcde-23456')).toBe('abcde23456');
});
