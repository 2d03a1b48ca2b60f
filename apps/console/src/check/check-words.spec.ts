import { describe, expect, it } from 'vitest';
import type { HopResult } from '@millrace/rooms-client';
import { HOPS, hopWords, natWords, verdictWords } from './check-words.ts';
import type { Hop } from './check-words.ts';

const good: HopResult = { ok: true, ms: 1 };
const bad: HopResult = { ok: false, ms: 1, problem: 'no_answer', detail: '' };
const only = (...hops: Hop[]) =>
  Object.fromEntries(HOPS.map((hop) => [hop, hops.includes(hop) ? good : bad])) as Record<Hop, HopResult>;

describe('verdictWords', () => {
  it.each([
    [['websocket', 'stun', 'udp', 'tcp', 'tls'], 'All is well'],
    [
      ['websocket', 'tls'],
      'not over UDP, which is slower. What failed: STUN over UDP, TURN relay over UDP and TURN relay over TCP',
    ],
    [['websocket', 'stun', 'udp', 'tcp'], 'Calls work from here. What failed: TURN relay over TLS'],
    [['websocket', 'stun', 'udp', 'tls'], 'Calls work from here. What failed: TURN relay over TCP'],
    [['websocket', 'stun'], 'may work'],
    [['websocket'], 'do not work'],
    [['stun', 'udp', 'tcp', 'tls'], 'do not work'],
  ] as const)('%j: %s', (hops, words) => {
    expect(verdictWords(only(...hops))).toContain(words);
  });

  it('does not hold against a network what the server does not offer', () => {
    const notOffered: HopResult = { ok: false, ms: 0, problem: 'not_offered', detail: '' };
    expect(verdictWords({ ...only('websocket', 'stun', 'udp', 'tcp'), tls: notOffered })).toContain('All is well');
  });
});

describe('natWords', () => {
  it('names mapping and filtering, and what they mean for calls', () => {
    const words = (mapping: 'endpoint_independent' | 'dependent', filtering: 'open' | 'address_and_port_dependent') =>
      natWords({ kind: 'nat', mapping, filtering });
    expect(words('endpoint_independent', 'open')).toMatch(/endpoint-independent mapping.*nearly every other/);
    expect(words('endpoint_independent', 'address_and_port_dependent')).toMatch(/port-dependent filtering.*most other/);
    expect(words('dependent', 'open')).toMatch(/symmetric.*some other/);
    expect(words('dependent', 'address_and_port_dependent')).toMatch(/symmetric.*through the relay/);
    expect(natWords({ kind: 'none' })).toMatch(/^No NAT/);
    expect(natWords({ kind: 'unknown' })).toContain('could not be determined');
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
