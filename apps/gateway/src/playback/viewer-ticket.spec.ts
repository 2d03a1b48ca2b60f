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
