import { createServer as createHttpServer } from 'node:http';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { sendWebhook } from './webhook-sender.ts';
import { NameServer } from '../testing/name-server.ts';
import { WebhookTargets } from './webhook-targets.ts';

const strict = new WebhookTargets([]);

const REFUSED_HOSTS = [
  '127.0.0.1',
  '127.1',
  '2130706433',
  '0x7f000001',
  '0177.0.0.1',
  '0x7f.1',
  '127.0.0.1.',
  '%31%32%37.0.0.1',
  '１２７.0.0.1',
  '0.0.0.0',
  '0',
  '10.1.2.3',
  '100.64.0.1',
  '169.254.169.254',
  '0xa9fea9fe',
  '172.31.255.255',
  '192.168.0.1',
  '198.18.0.1',
  '224.0.0.1',
  '255.255.255.255',
  '[::1]',
  '[::]',
  '[::ffff:127.0.0.1]',
  '[::ffff:7f00:1]',
  '[::127.0.0.1]',
  '[64:ff9b::7f00:1]',
  '[64:ff9b:1::a9fe:a9fe]',
  '[2002:7f00:1::]',
  '[2001:0:53aa:64c:0:0:80ff:fffe]',
  '[2001:db8::1]',
  '[fe80::1]',
  '[fc00::1]',
  '[fd00:ec2::254]',
  '[fec0::1]',
  '[ff02::1]',
  'localhost',
  'LOCALHOST',
  'localhost.',
  'a.localhost',
];

describe('WebhookTargets', () => {
  it.each(REFUSED_HOSTS)('refuses https://%s/', (host) => {
    expect(() => strict.check(`https://${host}/hook`)).toThrow(/not a public address|must not name this server/);
  });

  it.each([
    ['ftp://example.com/', 'must begin with https://'],
    ['http://example.com/', 'must begin with https://'],
    ['https://user:password@example.com/', 'must not contain a user name or password'],
    ['https://example.com/#x', 'must not contain a fragment'],
    ['//example.com', 'must be a URL'],
    ['https://', 'must name a host'],
    ['https://example.com:0/', 'must have a port of 1 to 65535'],
    ['https://example.com/\ud800', 'must not contain half of a surrogate pair in its path'],
    ['https://a..b/', 'must have a host name or an IP address as its host'],
    [`https://example.com/${'x'.repeat(2_000)}`, 'must be a URL of at most 2000 characters'],
  ])('refuses %s', (url, words) => {
    expect(() => strict.check(url)).toThrow(words);
  });

  it.each([
    'https://example.com/',
    'https://example.com:8443/a?b=c',
    'https://93.184.216.34/',
    'https://[2606:4700::1]/',
  ])('takes %s', (url) => {
    expect(strict.check(url).href).toBe(url);
  });

  it('looks names up by itself: what stands for an address inside is refused, what is public is taken', async () => {
    const names = await NameServer.start({
      'inside.example': ['10.0.0.1', '::1'],
      'public.example': ['93.184.216.34', '2606:4700::1'],
      'both.example': ['127.0.0.1', '93.184.216.34'],
      'nothing.example': [],
    });
    const targets = new WebhookTargets([], names.resolver);
    const resolve = (host: string) => targets.resolve(new URL(`https://${host}/`));
    try {
      await expect(resolve('inside.example')).rejects.toThrow('inside.example has no public address');
      expect(await resolve('public.example')).toEqual([
        { address: '93.184.216.34', family: 4 },
        { address: '2606:4700::1', family: 6 },
      ]);
      expect(await resolve('both.example')).toEqual([{ address: '93.184.216.34', family: 4 }]);
      await expect(resolve('nothing.example')).rejects.toThrow('ENODATA');
    } finally {
      await names.close();
    }
  });

  it('takes what the operator allows, also without TLS, and nothing beside it', async () => {
    const targets = new WebhookTargets(['127.0.0.0/8']);
    expect(targets.check('http://127.0.0.2:1/').href).toBe('http://127.0.0.2:1/');
    expect(await targets.resolve(new URL('http://127.0.0.2:1/'))).toEqual([{ address: '127.0.0.2', family: 4 }]);
    expect(() => targets.check('http://10.0.0.1/')).toThrow(
      '10.0.0.1 is not a public address; the operator can allow ranges of addresses with MILLRACE_WEBHOOK_ALLOWED_ADDRESSES',
    );
    expect(() => targets.check('http://93.184.216.34/')).toThrow('must begin with https://');
  });
});

describe('sendWebhook', () => {
  it('connects to nothing that is refused', async () => {
    let connections = 0;
    const server = createServer((socket) => {
      connections++;
      socket.destroy();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const sent = { headers: {}, body: '{}', timeoutMs: 5_000, signal: new AbortController().signal };
    for (const host of ['127.0.0.1', 'localhost', '[::ffff:127.0.0.1]', '0', '2130706433']) {
      const attempt = await sendWebhook(strict, { ...sent, url: `https://${host}:${port}/` });
      expect(attempt, host).toMatchObject({ statusCode: null, address: null });
      expect(attempt.error, host).toMatch(/^the URL .*(not a public address|must not name this server)/);
    }
    expect(connections).toBe(0);
    await new Promise((resolve) => server.close(resolve));
  });

  it('takes a response that arrived while the gateway did not run', async () => {
    const server = createHttpServer((_request, response) => response.end('ok'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const targets = new WebhookTargets(['127.0.0.0/8']);
    const { signal } = new AbortController();
    const sent = { url: `http://127.0.0.1:${port}/`, headers: {}, body: '{}', timeoutMs: 1_000, signal };
    const attempt = sendWebhook(targets, sent);
    // As where all processors are busy with other work.
    for (const end = performance.now() + 1_100; performance.now() < end;);
    expect(await attempt).toMatchObject({ statusCode: 200, error: null });
    await new Promise((resolve) => server.close(resolve));
  });
});
