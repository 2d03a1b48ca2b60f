import { expect, it } from 'vitest';
import { parseServerMessage } from './server-message.ts';

it('passes over what it does not know', () => {
  for (const text of ['', '{', 'null', '[]', '7', '{}', '{"type":7}', '{"type":"toString"}', '{"type":"chat"}'])
    expect(parseServerMessage(text), text).toBeUndefined();
  expect(parseServerMessage('{"type":"pong","sequence":1}')).toBeUndefined();
});

it('reads events and direct messages', () => {
  expect(parseServerMessage('{"type":"pong"}')).toEqual({ type: 'pong' });
  expect(parseServerMessage('{"type":"end_of_candidates","sequence":1,"from":"p"}')).toMatchObject({ from: 'p' });
});
