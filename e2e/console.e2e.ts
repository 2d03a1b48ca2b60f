// The console as people use it: from the link that the start prints to the first picture, what they do when things go wrong, and
// each page as it looks on a desk and on a phone.
import { mkdirSync } from 'node:fs';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, resolve } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { launchCallBrowser } from './support/call-browser.ts';
import { ConsolePage, DESKTOP, PHONE } from './support/console-page.ts';
import { eventually } from './support/eventually.ts';
import { publishWithFfmpeg } from './support/publish-with-ffmpeg.ts';
import { SOURCE_FILE } from './support/source.ts';
import { startStandalone } from './support/start-standalone.ts';
import type { Standalone } from './support/start-standalone.ts';
import { TenantApi } from './support/tenant-api.ts';
import type { TestStream } from './support/tenant-api.ts';

const screenshots = resolve(import.meta.dirname, '../test-results/console');
/** What the first page may load, compressed. */
const FIRST_LOAD_BYTES = 200 * 1024;

let millrace: Standalone;
let browser: Browser;
let api: TenantApi;
let origin: string;
let console_: ConsolePage;
let pages: ConsolePage[] = [];

beforeAll(async () => {
  mkdirSync(screenshots, { recursive: true });
  millrace = await startStandalone({ env: { MILLRACE_WEBHOOK_ALLOWED_ADDRESSES: '127.0.0.0/8' } });
  api = TenantApi.of(millrace.quickstart);
  origin = api.gatewayUrl;
  browser = await launchCallBrowser();
  console_ = await ConsolePage.open(browser, String(millrace.quickstart.console_url));
  await console_.heading('Streams');
});
afterEach(async ({ task }) => {
  if (task.result?.state === 'fail') {
    console.error(`the server's last lines:\n${millrace.logs.tail()}`);
    await console_.page.screenshot({ path: join(screenshots, 'failed.png'), fullPage: true });
  }
  await Promise.all(pages.map((page) => page.close()));
  pages = [];
});
afterAll(async () => {
  await browser?.close();
  await millrace?.stop();
});

async function open(path: string): Promise<ConsolePage> {
  const page = await ConsolePage.open(browser, `${origin}${path}`);
  pages.push(page);
  return page;
}

describe('an operator', () => {
  it('comes from the printed link to the first picture, and sees why it stops when the key is revoked', async () => {
    const { page } = console_;
    expect(new URL(page.url()).hash).toBe('');
    await console_.press('New stream');
    await console_.fill('Name', 'Morning show');
    await console_.pressInDialog('Create');
    await console_.heading('Morning show');
    const server = await page.getByLabel('Server', { exact: true }).inputValue();
    const key = await page.getByLabel('Stream key', { exact: true }).inputValue();
    await console_.untilText('Start your encoder: the picture appears here by itself.');
    await console_.look(join(screenshots, 'new-stream-desktop.png'), DESKTOP, 'light');

    const encoder = await publishWithFfmpeg(`${server}/${key}`, SOURCE_FILE);
    await page.waitForFunction(() => (document.querySelector('video')?.currentTime ?? 0) > 0.5);
    await eventually('a picture with colours in it', async () => (await console_.videoColors()) > 100);
    // The place to paste the key is gone: it has been pasted.
    await page.getByLabel('Stream key', { exact: true }).waitFor({ state: 'detached' });
    await page.getByRole('img', { name: /^Frame rate \(fps\): \d/ }).waitFor();
    await console_.look(join(screenshots, 'live-stream-desktop.png'), DESKTOP, 'dark');
    await console_.look(join(screenshots, 'live-stream-phone.png'), PHONE, 'light');

    await console_.press('Revoke');
    await console_.pressInDialog('Revoke');
    await console_.untilText('The stream key was revoked');
    await console_.untilText('Create a new key and paste it into the encoder.');
    await encoder.ended();
    await page.setViewportSize(DESKTOP);
    await console_.look(join(screenshots, 'key-revoked-desktop.png'), DESKTOP, 'light');
    expect(console_.errors).toEqual([]);
  });

  it('sees a webhook fail, mends the receiver and delivers the event again', async () => {
    const receiver = await startReceiver();
    const { page } = console_;
    await console_.goTo('Webhooks');
    await console_.press('New endpoint');
    await console_.fill('URL', receiver.url);
    await console_.pressInDialog('Create');
    expect(await page.getByLabel('Secret', { exact: true }).inputValue()).toMatch(/^whsec_/);
    await console_.pressInDialog('Done');
    await page.getByRole('link', { name: receiver.url }).click();
    await console_.press('Send a test');
    await page.getByRole('cell', { name: /500/ }).first().waitFor();
    await console_.look(join(screenshots, 'webhook-failing-phone.png'), PHONE, 'dark');
    await page.setViewportSize(DESKTOP);
    await console_.press('Details');
    await console_.untilText('out of order');

    receiver.mend();
    await console_.pressInDialog('Deliver again');
    await page.getByRole('cell', { name: 'Delivered' }).first().waitFor();
    await receiver.stop();
  });

  it('invites a person, who chooses a password, logs in and sees what a viewer may', async () => {
    const { page } = console_;
    await page.setViewportSize(DESKTOP);
    await console_.goTo('Users');
    await console_.press('Invite');
    await console_.fill('Email', 'ann@example.com');
    await page.getByLabel('Role', { exact: true }).selectOption('viewer');
    await console_.pressInDialog('Invite');
    const link = await page.getByLabel('Link', { exact: true }).inputValue();
    await console_.pressInDialog('Done');
    await page.getByRole('cell', { name: 'Invited' }).waitFor();

    const guest = await open(new URL(link).pathname + new URL(link).hash);
    await guest.untilText('ann@example.com');
    await guest.fill('Your name', 'Ann');
    await guest.fill('New password', 'short');
    await guest.press('Save password');
    await guest.untilText(/password: /);
    await guest.look(join(screenshots, 'invitation-phone.png'), PHONE, 'light');
    await guest.fill('New password', 'seven green rivers sing');
    await guest.press('Save password');
    await guest.heading('Log in');
    expect(await guest.page.getByLabel('Email', { exact: true }).inputValue()).toBe('ann@example.com');
    await guest.fill('Password', 'seven green rivers sing');
    await guest.press('Log in');
    await guest.heading('Streams');
    await guest.page.setViewportSize(DESKTOP);
    expect(await guest.page.getByRole('button', { name: 'New stream' }).count()).toBe(0);
    await guest.page.getByRole('link', { name: /Ann/ }).click();
    await guest.heading('Account');
    await guest.untilText('This one');
    await guest.look(join(screenshots, 'account-desktop.png'), DESKTOP, 'dark');
    expect(guest.errors).toEqual([]);
  });

  it('works without a mouse', async () => {
    const { page } = console_;
    await page.goto(`${origin}/console/streams`);
    await console_.heading('Streams');
    await page.keyboard.press('Tab');
    expect(await console_.focused()).toBe('Skip to content');
    await page.keyboard.press('Enter');
    await page.keyboard.press('Tab');
    expect(await console_.focused()).toBe('New stream');
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').waitFor();
    await page.keyboard.type('By hand');
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    expect(await console_.focused()).toBe('New stream');
  });
});

describe('pages', () => {
  let stream: TestStream;
  let roomId: string;
  beforeAll(async () => {
    stream = await api.createStream('A stream with a rather long name, as people give them');
    roomId = (await api.createRoom('Interview')).id;
    const receiver = { url: 'http://127.0.0.1:9/', events: ['live_stream.*'], description: 'Studio lights' };
    await api.ok('POST', '/v1/webhook_endpoints', receiver);
  });

  const looked: readonly (readonly [name: string, title: string | RegExp, path: () => string])[] = [
    ['streams', 'Streams', () => '/console/streams'],
    ['stream', /rather long/, () => `/console/streams/${stream.id}`],
    ['rooms', 'Rooms', () => '/console/rooms'],
    ['room', 'Interview', () => `/console/rooms/${roomId}`],
    ['events', 'Events', () => '/console/events'],
    ['webhooks', 'Webhooks', () => '/console/webhooks'],
    ['api-keys', 'API keys', () => '/console/api-keys'],
    ['users', 'Users', () => '/console/users'],
    ['usage', 'Usage', () => '/console/usage'],
    ['audit', 'Audit', () => '/console/audit'],
    ['tenants', 'Tenants', () => '/console/tenants'],
    ['account', 'Account', () => '/console/account'],
  ];

  it.each(looked)(
    '%s: fits a desk and a phone, dark and light, and has no fault of accessibility',
    async (name, title, path) => {
      await console_.page.goto(`${origin}${path()}`);
      await console_.heading(title);
      await console_.settled();
      await console_.look(join(screenshots, `${name}-desktop.png`), DESKTOP, 'light');
      await console_.look(join(screenshots, `${name}-phone.png`), PHONE, 'dark');
      expect(console_.errors).toEqual([]);
    },
  );
});

describe('a tenant', () => {
  it('logs in with a key, sees what the key may read, and logs out', async () => {
    const { data } = (await api.ok('GET', '/v1/live_streams')) as { data?: readonly { tenant_id: string }[] };
    const made = await TenantApi.operator(millrace.quickstart).ok('POST', '/v1/api_keys', {
      tenant_id: data![0]!.tenant_id,
      name: 'viewer',
      scopes: ['live_streams:read'],
    });
    const visitor = await open('/console/streams');
    await visitor.heading('Log in');
    await visitor.look(join(screenshots, 'log-in-desktop.png'), DESKTOP, 'light');
    await visitor.look(join(screenshots, 'log-in-phone.png'), PHONE, 'dark');
    await visitor.page.getByText('API key', { exact: true }).first().click();
    await visitor.fill('API key', 'mr_sk_wrong');
    await visitor.press('Log in');
    await visitor.untilText('That did not work');
    await visitor.fill('API key', String(made['key']));
    await visitor.press('Log in');
    await visitor.heading('Streams');
    await visitor.page.setViewportSize(DESKTOP);
    expect(await visitor.page.getByRole('navigation').getByRole('link').allInnerTexts()).toEqual(['Streams']);
    expect(await visitor.page.getByRole('button', { name: 'New stream' }).count()).toBe(0);
    await visitor.page.reload();
    await visitor.heading('Streams');
    await visitor.press('Log out');
    await visitor.heading('Log in');
    await visitor.page.reload();
    await visitor.heading('Log in');
    expect(visitor.errors).toEqual([]);
  });

  it('loads less than 200 KiB to see the first page, and keeps it for ever', async () => {
    const visitor = await open('/console');
    await visitor.heading('Log in');
    const loaded = await visitor.page.evaluate(() =>
      [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')].map((entry) => ({
        name: entry.name,
        bytes: (entry as PerformanceResourceTiming).encodedBodySize,
      })),
    );
    const files = loaded.filter(({ name }) => /\/console\/assets\//.test(name));
    expect(files.map(({ name }) => new URL(name).pathname)).toEqual(
      files.map((): unknown => expect.stringMatching(/^\/console\/assets\/[\w-]+-[\w-]{8}\.(js|css)$/)),
    );
    expect(files.length).toBeGreaterThanOrEqual(2);
    expect(loaded.reduce((sum, { bytes }) => sum + bytes, 0)).toBeLessThan(FIRST_LOAD_BYTES);
    const answer = await fetch(files[0]!.name);
    expect(answer.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
    expect(answer.headers.get('content-encoding')).toBe('gzip');
  });
});

interface Receiver {
  readonly url: string;
  mend(): void;
  stop(): Promise<void>;
}

/** A webhook receiver that is out of order. */
async function startReceiver(): Promise<Receiver> {
  let status = 500;
  const server: Server = createServer((request, response) => {
    request.resume().on('end', () => response.writeHead(status).end(status === 200 ? 'thanks' : 'out of order'));
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    mend: () => {
      status = 200;
    },
    stop: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
}
