import { expect, it } from 'vitest';
import { MAX_WAITING_MESSAGES, Outbox } from './outbox.ts';

it('keeps the newest offer to each peer, in order with the rest', () => {
  const outbox = new Outbox();
  outbox.push({ type: 'offer', to: 'a', sdp: '1' });
  outbox.push({ type: 'offer', to: 'b', sdp: '2' });
  outbox.push({ type: 'chat', text: 'hello' });
  outbox.push({ type: 'offer', to: 'a', sdp: '3' });
  expect(outbox.takeAll()).toEqual([
    { type: 'offer', to: 'b', sdp: '2' },
    { type: 'chat', text: 'hello' },
    { type: 'offer', to: 'a', sdp: '3' },
  ]);
  expect(outbox.takeAll()).toEqual([]);
});

it('keeps for a new stay only what has somebody to go to', () => {
  const outbox = new Outbox();
  outbox.push({ type: 'end_of_candidates', to: 'a' });
  outbox.push({ type: 'chat', text: 'to one', to: 'a' });
  outbox.push({ type: 'chat', text: 'to all' });
  expect(outbox.takeForWholeRoom()).toEqual([{ type: 'chat', text: 'to all' }]);
});

it('is bounded', () => {
  const outbox = new Outbox();
  for (let i = 0; i <= MAX_WAITING_MESSAGES; i++) outbox.push({ type: 'chat', text: String(i) });
  const waiting = outbox.takeAll();
  expect(waiting).toHaveLength(MAX_WAITING_MESSAGES);
  expect(waiting[0]).toEqual({ type: 'chat', text: '1' });
});
