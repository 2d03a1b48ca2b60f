import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { parsePushUrl } from '@millrace/protocol/rtmp';
import type { PushUrl } from '@millrace/protocol/rtmp';
import { expect, it, onTestFinished } from 'vitest';
import { pushForms, RtmpPush } from './rtmp-push.ts';

it('connects to the address that was checked, not to what the name means by then', async () => {
  const server = createServer((socket) => socket.on('error', () => undefined));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const connected = once(server, 'connection');
  // No resolver knows such a name (RFC 6761 section 6.4).
  const url = parsePushUrl(`rtmp://push.invalid:${(server.address() as AddressInfo).port}/live`) as PushUrl;
  const addresses = [{ address: '127.0.0.1', family: 4 }] as const;
  const push = new RtmpPush({ url, streamKey: 'key', addresses, formOf: pushForms(), onDrained: () => undefined });
  onTestFinished(() => push.fail(undefined));
  expect(await Promise.race([connected.then(() => 'connected'), push.closed])).toBe('connected');
});

it('keeps what is written for the message stream of nearly all servers, and nothing for others that servers choose', () => {
  const formOf = pushForms();
  expect(formOf(1)).toBe(formOf(1));
  expect(formOf(7)).not.toBe(formOf(7));
});
