import { expect, it } from 'vitest';
import { readLinkToken } from './link-token.ts';

it.each([
  ['', undefined],
  ['#login=', undefined],
  ['#content', undefined],
  ['#login=mr_lc_1', { kind: 'login', token: 'mr_lc_1' }],
  ['#invitation=mr_ul_1', { kind: 'invitation', token: 'mr_ul_1' }],
  ['#x=1&reset=mr_ul_2', { kind: 'reset', token: 'mr_ul_2' }],
])('the token in "%s"', (fragment, link) => {
  expect(readLinkToken(fragment)).toEqual(link);
});
