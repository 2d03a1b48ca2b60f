import { describe, expect, it } from 'vitest';
import type { HopResult } from '@millrace/rooms-client';
import { HOPS, hopWords, verdictWords, type Hop } from './check-words.ts';

const good: HopResult = { ok: true, ms: 1 };
const bad: HopResult = { ok: false, ms: 1, problem: 'no_answer', detail: '' };
const only = (...hops: Hop[]) =>
  Object.fromEntries(HOPS.map((hop) => [hop, hops.includes(hop) ? good : bad])) as Record<Hop, HopResult>;

describe('verdictWords', () => {
  it.each([
    [['websocket', 'stun', 'udp', 'tcp', 'tls'], 'All is well'],
    [['websocket', 'tls'], 'roundabout'],
    [['websocket', 'stun', 'udp', 'tls'], 'roundabout'],
    [['websocket', 'stun'], 'may work'],
    [['websocket'], 'do not work'],
    [['stun', 'udp', 'tcp', 'tls'], 'do not work'],
  ] as const)('%j: %s', (hops, words) => {
    expect(verdictWords(only(...hops))).toContain(words);
  });
});

describe('hopWords', () => {
  it('has a sentence for every hop and every problem', () => {
    const problems = ['not_offered', 'no_answer', 'refused', 'no_passage'] as const;
    for (const hop of HOPS) {
      for (const problem of problems)
        expect(hopWords(hop, { ok: false, ms: 0, problem, detail: '486 quota' })).toMatch(/\.$/);
      expect(hopWords(hop, good)).toMatch(/\.$/);
    }
  });

  it('says the address that is seen', () => {
    expect(hopWords('stun', { ok: true, ms: 1, address: '203.0.113.9' })).toContain('203.0.113.9');
  });

  it('says what is wrong with the link', () => {
    const expired = { ok: false, ms: 1, problem: 'refused', detail: 'token_expired' } as const;
    expect(hopWords('websocket', expired)).toContain('This link has expired');
  });
});
