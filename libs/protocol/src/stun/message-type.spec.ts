import { describe, expect, it } from 'vitest';
import { classOfType, messageType, methodOfType, StunClass, StunMethod } from './index.ts';

describe('message type', () => {
  // RFC 8489 section 5 and RFC 8656: types as they are seen on the wire.
  it.each([
    [0x0001, 'request', 'binding'],
    [0x0011, 'indication', 'binding'],
    [0x0101, 'success', 'binding'],
    [0x0111, 'error', 'binding'],
    [0x0003, 'request', 'allocate'],
    [0x0113, 'error', 'allocate'],
    [0x0104, 'success', 'refresh'],
    [0x0016, 'indication', 'send'],
    [0x0017, 'indication', 'data'],
    [0x0008, 'request', 'createPermission'],
    [0x0109, 'success', 'channelBind'],
    [0x000a, 'request', 'connect'],
    [0x000b, 'request', 'connectionBind'],
    [0x001c, 'indication', 'connectionAttempt'],
  ] as const)('%i is a %s of %s', (type, stunClass, method) => {
    expect([classOfType(type), methodOfType(type)]).toEqual([StunClass[stunClass], StunMethod[method]]);
    expect(messageType(StunClass[stunClass], StunMethod[method])).toBe(type);
  });

  it('every method has a type of its own in each class, and all of them fit 14 bits', () => {
    const types = new Set<number>();
    for (let method = 0; method < 0x1000; method++) {
      for (const stunClass of Object.values(StunClass)) {
        const type = messageType(stunClass, method);
        expect([classOfType(type), methodOfType(type)]).toEqual([stunClass, method]);
        types.add(type);
      }
    }
    expect([types.size, Math.max(...types)]).toEqual([0x4000, 0x3fff]);
  });
});
