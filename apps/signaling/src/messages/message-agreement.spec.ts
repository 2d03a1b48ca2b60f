// The schema of this server and the types of the client say the same: held by the compiler, and by samples of every message.
import type { ClientMessage, ServerMessage } from '@millrace/rooms-client';
import { newId } from '@millrace/domain';
import { describe, expect, expectTypeOf, it } from 'vitest';
import type { z } from 'zod';
import { clientMessages } from './client-messages.ts';
import type { CheckedMessage } from './client-messages.ts';
import { parseClientMessage } from './parse-client-message.ts';
import { serverMessages } from './server-messages.ts';
import { CLIENT_SAMPLES, SERVER_SAMPLES } from '../docs/sample-messages.ts';

type CheckedServerMessage = z.output<(typeof serverMessages)[keyof typeof serverMessages]>;

const to = newId('par');

describe('what clients send', () => {
  it('has one schema for each type, which gives just that type', () => {
    expectTypeOf<CheckedMessage['type']>().toEqualTypeOf<ClientMessage['type']>();
    expectTypeOf<CheckedMessage>().toExtend<ClientMessage>();
    expectTypeOf<ClientMessage>().toExtend<DeepReadonly<CheckedMessage>>();
    expectTypeOf<keyof typeof clientMessages>().toEqualTypeOf<ClientMessage['type']>();
  });

  it.each(Object.entries(CLIENT_SAMPLES))('passes unchanged: %s', (_type, message) => {
    expect(parseClientMessage(JSON.stringify(message))).toEqual({ message });
  });

  it.each([
    ['a candidate with the end of its line', { candidate: 'candidate:1 1 udp 1 192.0.2.1 9 typ host \t\r\n' }, {}],
    ['a line index as a text', { candidate: '', sdpMLineIndex: '2' }, { candidate: '', sdpMLineIndex: 2 }],
  ])('is taken as it is meant: %s', (_name, sent, passed) => {
    const candidate = { candidate: 'candidate:1 1 udp 1 192.0.2.1 9 typ host', ...passed };
    const parsed = parseClientMessage(JSON.stringify({ type: 'candidate', to, candidate: sent }));
    expect(parsed).toEqual({ message: { type: 'candidate', to, candidate } });
  });

  it('may carry fields that this server does not know: they are dropped', () => {
    const text = JSON.stringify({ type: 'ping', id: 'a', later: { x: 1 } });
    expect(parseClientMessage(text)).toEqual({ message: { type: 'ping', id: 'a' } });
  });
});

describe('what the server sends', () => {
  it('has one schema for each type, which gives just that type', () => {
    expectTypeOf<CheckedServerMessage['type']>().toEqualTypeOf<ServerMessage['type']>();
    expectTypeOf<CheckedServerMessage>().toExtend<ServerMessage>();
    expectTypeOf<ServerMessage>().toExtend<DeepReadonly<CheckedServerMessage>>();
  });

  it.each(Object.entries(SERVER_SAMPLES))('passes unchanged: %s', (type, message) => {
    expect(serverMessages[type as keyof typeof serverMessages].parse(message)).toEqual(message);
  });
});

type DeepReadonly<T> = T extends object ? { readonly [K in keyof T]: DeepReadonly<T[K]> } : T;

describe('what is no message', () => {
  it.each<[string, unknown, string]>([
    ['a type of its own', { type: 'shutdown' }, 'unknown_type'],
    ['a type of the prototype', { type: 'constructor' }, 'unknown_type'],
    ['__proto__ as a type', { type: '__proto__' }, 'unknown_type'],
    ['no type', { id: 'x' }, 'bad_message'],
    ['a type that is no text', { type: ['join'] }, 'bad_message'],
    ['an array', [{ type: 'ping' }], 'bad_message'],
    ['null', null, 'bad_message'],
    ['a number', 5, 'bad_message'],
    ['an id that is too long', { type: 'ping', id: 'x'.repeat(65) }, 'bad_message'],
    ['an id that is no text', { type: 'ping', id: 5 }, 'bad_message'],
    ['a receiver with a wildcard', { type: 'end_of_candidates', to: 'par_*' }, 'bad_message'],
    ['a receiver that is a room', { type: 'end_of_candidates', to: newId('room') }, 'bad_message'],
    ['an empty token', { type: 'join', version: 1, token: '' }, 'bad_message'],
    ['an endless token', { type: 'join', version: 1, token: 'x'.repeat(4_097) }, 'bad_message'],
    ['a name with a line break', { type: 'join', version: 1, token: 'x', name: 'a\nb' }, 'bad_message'],
    ['a name with an escape', { type: 'update', name: '\u001b[2J' }, 'bad_message'],
    ['a lone surrogate', { type: 'chat', text: '\ud800' }, 'bad_message'],
    ['NUL in a chat', { type: 'chat', text: 'a\u0000b' }, 'bad_message'],
    ['an empty chat', { type: 'chat', text: '' }, 'bad_message'],
    ['metadata with a bad key', { type: 'update', metadata: { 'a b': 'x' } }, 'bad_message'],
    ['metadata that nests', { type: 'update', metadata: { a: { b: 'c' } } }, 'bad_message'],
    [
      'too much metadata',
      { type: 'update', metadata: Object.fromEntries(Array.from({ length: 33 }, (_, i) => [`k${i}`, ''])) },
      'bad_message',
    ],
    ['half a mute state', { type: 'update', muted: { audio: true } }, 'bad_message'],
    ['a candidate with CRLF', { type: 'candidate', to, candidate: { candidate: 'candidate:1\r\na=x' } }, 'bad_message'],
    [
      'a negative line index',
      { type: 'candidate', to, candidate: { candidate: '', sdpMLineIndex: -1 } },
      'bad_message',
    ],
    ...['-1', '1e1', ' 1', '', '65536', '99999'].map((sdpMLineIndex): [string, unknown, string] => [
      `a line index that is ${JSON.stringify(sdpMLineIndex)}`,
      { type: 'candidate', to, candidate: { candidate: '', sdpMLineIndex } },
      'bad_message',
    ]),
    ['a negative sequence', { type: 'ping', last_sequence: -1 }, 'bad_message'],
    ['a sequence beyond integers', { type: 'ping', last_sequence: 1e300 }, 'bad_message'],
  ])('%s', (_name, message, code) => {
    const parsed = parseClientMessage(JSON.stringify(message));
    expect('error' in parsed && parsed.error.code).toBe(code);
  });

  it.each(['', '{', 'null', 'NaN', '{"type":"ping"} x', '\u0000', '['.repeat(60_000), `${'{"type":'.repeat(20_000)}`])(
    'text that is no JSON object, or no end of it (%#)',
    (text) => {
      const parsed = parseClientMessage(text);
      expect('error' in parsed && parsed.error.code).toBe('bad_message');
    },
  );

  it('changes no prototype, however its metadata is called', () => {
    const parsed = parseClientMessage('{"type":"update","metadata":{"__proto__":"x","constructor":"y"}}');
    expect('message' in parsed && parsed.message).toMatchObject({ type: 'update' });
    expect(({} as Record<string, unknown>)['x']).toBeUndefined();
  });

  it('says where, in a text that repeats nothing of the sender', () => {
    const parsed = parseClientMessage(JSON.stringify({ type: 'update', metadata: { '<script>\u2028': 'x' } }));
    expect('error' in parsed && parsed.error.message).toMatch(/^bad message: [\w :.?()A-Z]+$/);
  });
});
