import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { expect, it } from 'vitest';
import { PortsTaken, requireFreePorts } from './ports-free.ts';

it('names each port that is taken and the setting that moves it', async () => {
  const holder = createServer().listen(0, '127.0.0.1');
  await once(holder, 'listening');
  const { port } = holder.address() as AddressInfo;
  const asked = requireFreePorts([
    { host: '127.0.0.1', port, variable: 'MILLRACE_RTMP_PORT' },
    { host: '127.0.0.1', port: 0, variable: 'MILLRACE_HTTP_PORT' },
    { host: '203.0.113.1', port: 0, variable: 'MILLRACE_METRICS_PORT' },
  ]);
  const error = await asked.catch((reason: unknown) => reason);
  holder.close();
  expect(error).toBeInstanceOf(PortsTaken);
  expect(String(error)).toContain(`Port ${port} is taken: stop the program that uses it, or set MILLRACE_RTMP_PORT`);
  expect(String(error)).not.toContain('MILLRACE_HTTP_PORT');
  expect(String(error)).toContain('MILLRACE_METRICS_PORT');
});

it.each(['127.0.0.1', '::1'])('notices a UDP port that is taken on %s', async (host) => {
  const holder = createSocket(host === '::1' ? 'udp6' : 'udp4').bind(0, host);
  await once(holder, 'listening');
  const { port } = holder.address();
  const asked = requireFreePorts([{ host, port, variable: 'MILLRACE_TURN_PORT', transport: 'udp' }]);
  await expect(asked).rejects.toThrow(
    `UDP port ${port} is taken: stop the program that uses it, or set MILLRACE_TURN_PORT`,
  );
  holder.close();
  await once(holder, 'close');
  await requireFreePorts([{ host, port, variable: 'MILLRACE_TURN_PORT', transport: 'udp' }]);
});

it('says nothing when all are free', async () => {
  await requireFreePorts([{ host: '127.0.0.1', port: 0, variable: 'MILLRACE_RTMP_PORT' }]);
});
