// Messages put together byte by byte, without the code under test. For tests.
import { hex } from '../../testing/hex.ts';

export const TRANSACTION_ID = hex('b7e7a701bc34d686fa87dfae');

/** An attribute with the length that it has, padded with `pad`; `length` lies about it. */
export function rawAttribute(type: number, value: Uint8Array, { length = value.length, pad = 0 } = {}): Buffer {
  const padding = Buffer.alloc((4 - (value.length % 4)) % 4, pad);
  return Buffer.concat([Buffer.of(type >> 8, type & 0xff, length >> 8, length & 0xff), value, padding]);
}

/** A Binding request (or another type) with the length that it has; `length` lies about it. */
export function rawMessage(
  attributes: readonly Uint8Array[] = [],
  { type = 0x0001, cookie = '2112a442', length }: { type?: number; cookie?: string; length?: number } = {},
): Buffer {
  const body = Buffer.concat(attributes);
  const size = length ?? body.length;
  const head = Buffer.of(type >> 8, type & 0xff, size >> 8, size & 0xff);
  return Buffer.concat([head, hex(cookie), TRANSACTION_ID, body]);
}
