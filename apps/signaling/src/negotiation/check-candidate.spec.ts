import { expect, it } from 'vitest';
import { CandidateBudget } from './candidate-budget.ts';
import { isCandidate } from './check-candidate.ts';

it.each([
  '',
  'candidate:842163049 1 udp 1677729535 203.0.113.5 46154 typ srflx raddr 0.0.0.0 rport 0 generation 0 ufrag Tc8p network-cost 999',
  'candidate:1 1 UDP 2122252543 4f1b2c3d-aaaa-bbbb-cccc-0123456789ab.local 50000 typ host',
  'candidate:2 1 tcp 1518280447 192.0.2.1 9 typ host tcptype active',
  'candidate:3 1 udp 41885439 2001:db8::1 50001 typ relay raddr 2001:db8::2 rport 1',
  'candidate:4 2 udp 1 ::ffff:192.0.2.1 0 typ host',
  'candidate:5 1 udp 1 192.0.2.1 9 typ host ufrag a-b_c=d generation 0',
])('a candidate: %s', (text) => expect(isCandidate(text)).toBe(true));

it.each([
  ' ',
  'candidate:',
  'candidate:1 1 udp 1 192.0.2.1 65536 typ host',
  'candidate:1 1 udp 1 192.0.2.1 -1 typ host',
  'candidate:1 0 udp 1 192.0.2.1 1 typ host',
  'candidate:1 1 sctp 1 192.0.2.1 1 typ host',
  'candidate:1 1 udp x 192.0.2.1 1 typ host',
  'candidate:1 1 udp 1 192.0.2.1 1 host',
  `candidate:1 1 udp 1 ${'a'.repeat(256)} 1 typ host`,
  'candidate:1 1 udp 1 192.0.2.1 1 typ host\r\na=x',
  '<script>',
])('no candidate: %j', (text) => expect(isCandidate(text)).toBe(false));

it('so many go to each peer until the next description for it', () => {
  const budget = new CandidateBudget(2);
  expect([budget.spend('a'), budget.spend('a'), budget.spend('a'), budget.spend('b')]).toEqual([
    true,
    true,
    false,
    true,
  ]);
  budget.renew('a');
  expect(budget.spend('a')).toBe(true);
});
