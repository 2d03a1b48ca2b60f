import { expect, it } from 'vitest';
import { MAX_WAITING_MESSAGES, Outbox } from './outbox.ts';

it('keeps the newest offer to each peer, in order with the rest', () => {
  const outbox = new Outbox();
  outbox.add({ type: 'offer', to: 'a', sdp: '1' });
  outbox.add({ type: 'offer', to: 'b', sdp: '2' });
  outbox.add({ type: 'chat', text: 'hello' });
  outbox.add({ type: 'offer', to: 'a', sdp: '3' });
  expect(outbox.waiting).toEqual([
    { type: 'offer', to: 'b', sdp: '2', id: 'm2' },
    { type: 'chat', text: 'hello', id: 'm3' },
    { type: 'offer', to: 'a', sdp: '3', id: 'm4' },
  ]);
});

it('lets go what was accepted', () => {
  const outbox = new Outbox();
  outbox.add({ type: 'chat', text: 'one' });
  outbox.add({ type: 'chat', text: 'two' });
  for (const id of ['m1', 'm1', undefined, 'r2']) outbox.settle(id);
  expect(outbox.waiting).toMatchObject([{ text: 'two' }]);
});

it('keeps after a new join only what still has a recipient', () => {
  const outbox = new Outbox();
  outbox.add({ type: 'end_of_candidates', to: 'a' });
  outbox.add({ type: 'chat', text: 'to one', to: 'a' });
  outbox.add({ type: 'chat', text: 'to all' });
  outbox.keepForWholeRoom();
  expect(outbox.waiting).toMatchObject([{ type: 'chat', text: 'to all' }]);
});

it('is bounded', () => {
  const outbox = new Outbox();
  for (let i = 0; i <= MAX_WAITING_MESSAGES; i++) outbox.add({ type: 'chat', text: String(i) });
  expect(outbox.waiting).toHaveLength(MAX_WAITING_MESSAGES);
  expect(outbox.waiting[0]).toMatchObject({ text: '1' });
});
