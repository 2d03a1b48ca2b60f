import { createHmac } from 'node:crypto';
import { newId } from '@millrace/domain';
import { expect, it } from 'vitest';
import { ViewerTickets } from './viewer-ticket.ts';
import type { ViewerTicket } from './viewer-ticket.ts';

const PEPPER = 'a pepper of at least thirty-two characters';
const ticket: ViewerTicket = {
  playbackId: newId('pbk'),
  tokenId: 'token',
  keyId: newId('pky'),
  endsAtMs: 1_790_000_000_000,
  viewerId: 'ada',
  version: 2,
  origins: ['https://example.com'],
  restrictionId: newId('prs'),
};
const tickets = new ViewerTickets(PEPPER);
const text = tickets.write(ticket);

it('a ticket is read by every gateway, with all that it says', () => {
  expect(new ViewerTickets(PEPPER).read(text, ticket.playbackId)).toEqual(ticket);
  const plain: ViewerTicket = { ...ticket, viewerId: undefined, origins: undefined, restrictionId: undefined };
  expect(tickets.read(tickets.write(plain), ticket.playbackId)).toEqual(plain);
  expect(encodeURIComponent(text)).toBe(text);
});

it('a ticket of another playback id, of another installation, or one that was changed is none', () => {
  expect(tickets.read(text, newId('pbk'))).toBeUndefined();
  expect(new ViewerTickets(`${PEPPER}!`).read(text, ticket.playbackId)).toBeUndefined();
  const [body = '', mac = ''] = text.split('.');
  const forged = Buffer.from(body, 'base64url').toString('utf8').replace('"v":2', '"v":3');
  for (const wrong of [
    `${Buffer.from(forged).toString('base64url')}.${mac}`,
    body,
    `${body}.`,
    `${text}.x`,
    `${body}.${mac.slice(0, -2)}`,
    `${body}.${mac}AAAA`,
    '',
    '.',
    'x'.repeat(10_000),
  ])
    expect(tickets.read(wrong, ticket.playbackId), wrong.slice(0, 40)).toBeUndefined();
});

it('of 10,000 forged tickets, which playlists, segments and keys would be given for, none is read', () => {
  const [body = '', mac = ''] = text.split('.');
  const fields = JSON.parse(Buffer.from(body, 'base64url').toString('utf8')) as object;
  let state = 11;
  // Numbers that look random and are the same in every run (a linear congruential generator).
  const next = (below: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state % below;
  };
  const written = (changes: object): string =>
    Buffer.from(JSON.stringify({ ...fields, ...changes })).toString('base64url');
  const secrets = ['', PEPPER.slice(1), ticket.playbackId, ticket.keyId, 'millrace viewer tickets 1', body];
  const signedBy = (secret: string, message: string): string =>
    createHmac('sha256', secret).update(message).digest().subarray(0, 16).toString('base64url');
  const forgers: (() => string)[] = [
    () => `${written({ e: ticket.endsAtMs + 1 + next(1e9) })}.${mac}`,
    () => `${written({ i: `viewer ${next(1_000)}` })}.${mac}`,
    () => `${written({ v: next(2) })}.${mac}`,
    () => `${written({ o: undefined, r: undefined })}.${mac}`,
    () => {
      const forged = written({ e: ticket.endsAtMs + next(1e9) });
      return `${forged}.${signedBy(secrets[next(secrets.length)]!, forged)}`;
    },
    () => `${body}.${signedBy(secrets[next(secrets.length)]!, body)}`,
    () => `${body}.${Buffer.from(Array.from({ length: next(40) }, () => next(256))).toString('base64url')}`,
    () => `${body}.${mac.slice(0, next(mac.length - 1))}`,
    () => `${body}.${mac}`.slice(1 + next(20)),
    () => {
      const bytes = Buffer.from(next(2) === 0 ? body : mac, 'base64url');
      const bit = next(bytes.length * 8);
      const isBody = bytes.length !== 16;
      bytes[bit >> 3]! ^= 1 << (bit & 7);
      const flipped = bytes.toString('base64url');
      return isBody ? `${flipped}.${mac}` : `${body}.${flipped}`;
    },
  ];
  const passed: string[] = [];
  for (let i = 0; i < 10_000; i++) {
    const forged = forgers[i % forgers.length]!();
    if (tickets.read(forged, ticket.playbackId) !== undefined) passed.push(forged);
  }
  expect(passed).toEqual([]);
  expect(tickets.read(text, ticket.playbackId)).toEqual(ticket);
});
