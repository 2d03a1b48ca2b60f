// The console as people use it: from the link that the start prints to the first picture, what they do when things go wrong, and
// each page as it looks on a desk and on a phone.
import { createHmac, generateKeyPairSync } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, resolve } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { launchCallBrowser } from './support/call-browser.ts';
import { ConsolePage, DESKTOP, PHONE } from './support/console-page.ts';
import { eventually } from './support/eventually.ts';
import { OidcAttempt } from './support/oidc-attempt.ts';
import { OIDC_CLIENT_ID, OIDC_CLIENT_SECRET, TestOidcProvider } from './support/oidc-provider.ts';
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
let provider: TestOidcProvider;
let browser: Browser;
let api: TenantApi;
let origin: string;
let console_: ConsolePage;
let pages: ConsolePage[] = [];

beforeAll(async () => {
  mkdirSync(screenshots, { recursive: true });
  provider = await TestOidcProvider.listen();
  millrace = await startStandalone({
    env: {
      MILLRACE_WEBHOOK_ALLOWED_ADDRESSES: '127.0.0.0/8',
      MILLRACE_SIMULCAST_ALLOWED_ADDRESSES: '127.0.0.0/8',
      MILLRACE_PULL_ALLOWED_ADDRESSES: '127.0.0.0/8',
      MILLRACE_LOGINS_PER_MINUTE_PER_ADDRESS: '1000',
      MILLRACE_OIDC_ISSUER: provider.issuer,
      MILLRACE_OIDC_CLIENT_ID: OIDC_CLIENT_ID,
      MILLRACE_OIDC_CLIENT_SECRET: OIDC_CLIENT_SECRET,
      MILLRACE_OIDC_NAME: 'Example ID',
      MILLRACE_OIDC_GRANTS: 'group:admins=operator',
    },
  });
  provider.serve(`${new URL(millrace.quickstart.console_url ?? '').origin}/console/oidc`);
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
  await provider?.close();
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

    // One that encrypts over SRT: the address names the key by its id.
    await console_.press('New key');
    await console_.fill('Name', 'Field encoder');
    await console_.fill('Passphrase for SRT', 'correct-horse-battery');
    await console_.pressInDialog('Create');
    const dialog = page.getByRole('dialog');
    await dialog.getByText('SRT', { exact: true }).click();
    expect(await dialog.getByLabel('Address', { exact: true }).inputValue()).toMatch(
      /^srt:\/\/localhost:\d+\?streamid=publish:skey_\w+$/,
    );
    expect(await dialog.getByLabel('Passphrase', { exact: true }).inputValue()).toBe('correct-horse-battery');
    await console_.look(join(screenshots, 'srt-key-desktop.png'), DESKTOP, 'dark');
    await console_.pressInDialog('Done');
    expect(console_.errors).toEqual([]);
  });

  it('sends a live stream to another server too, switches that off, and deletes it', async () => {
    const { page } = console_;
    await page.setViewportSize(DESKTOP);
    const { data } = (await api.ok('GET', '/v1/live_streams?limit=1')) as { data?: readonly { readonly id: string }[] };
    const streamId = data![0]!.id;
    const key = await api.ok('POST', `/v1/live_streams/${streamId}/stream_keys`, {});
    const elsewhere = await api.createStream('Elsewhere');
    const encoder = await publishWithFfmpeg(
      `rtmp://127.0.0.1:${millrace.ports.rtmp}/live/${String(key['key'])}`,
      SOURCE_FILE,
    );
    const create = async (name: string, address: string, streamKey = ''): Promise<void> => {
      await console_.press('New target');
      await console_.fill('Name', name);
      await console_.fill('Address', address);
      await console_.fill('Stream key there', streamKey);
      await console_.pressInDialog('Create');
      await page.getByRole('dialog').waitFor({ state: 'detached' });
    };
    const rowOf = (name: string) => page.getByRole('table', { name: 'Simulcast' }).getByRole('row', { name });
    await create('Our own server', `rtmp://127.0.0.1:${millrace.ports.rtmp}/live`, elsewhere.key);
    await create('A wrong key', `srt://127.0.0.1:${millrace.ports.srt}?streamid=publish:mr_st_wrong`);
    await rowOf('Our own server').getByText('Sending', { exact: true }).waitFor();
    await rowOf('A wrong key')
      .getByText(/Last error .*: the server refuses/)
      .waitFor();
    await rowOf('Our own server')
      .getByText(/\d MB$/)
      .waitFor();
    expect(await page.content()).not.toContain(elsewhere.key);
    await console_.look(join(screenshots, 'simulcast-desktop.png'), DESKTOP, 'light');
    await console_.look(join(screenshots, 'simulcast-phone.png'), PHONE, 'dark');
    await page.setViewportSize(DESKTOP);
    await rowOf('Our own server').getByRole('button', { name: 'Switch off' }).click();
    await rowOf('Our own server').getByText('Off', { exact: true }).waitFor();
    for (const name of ['Our own server', 'A wrong key']) {
      await rowOf(name).getByRole('button', { name: 'Delete' }).click();
      await console_.pressInDialog('Delete');
      await rowOf(name).waitFor({ state: 'detached' });
    }
    await console_.untilText('This stream is sent to no other server.');
    await encoder.stop();
    await api.ok('DELETE', `/v1/live_streams/${elsewhere.id}`);
    expect(console_.errors).toEqual([]);
  });

  it('pulls a stream from another server, sees why that fails, switches it off, and deletes it', async () => {
    const { page } = console_;
    const elsewhere = await api.createStream('Camera');
    const encoder = await publishWithFfmpeg(
      `rtmp://127.0.0.1:${millrace.ports.rtmp}/live/${elsewhere.key}`,
      SOURCE_FILE,
    );
    const create = async (name: string, address: string, mode: string, password = ''): Promise<void> => {
      await console_.press('New source');
      await console_.fill('Name', name);
      await console_.fill('Address', address);
      await page.getByLabel('Pulled', { exact: true }).selectOption(mode);
      await console_.fill('Password there', password);
      await console_.pressInDialog('Create');
      await page.getByRole('dialog').waitFor({ state: 'detached' });
    };
    const rowOf = (name: string) => page.getByRole('table', { name: 'Sources' }).getByRole('row', { name });
    await create('Another server', `rtmp://127.0.0.1:${millrace.ports.rtmp}/play/${elsewhere.playbackId}`, 'always');
    await rowOf('Another server').getByText('Live', { exact: true }).waitFor();
    await create('Reserve', `srt://127.0.0.1:${millrace.ports.srt}?streamid=x`, 'always', 'correct-horse-battery');
    await rowOf('Reserve').getByText('another publisher has the stream').waitFor();
    await rowOf('Another server').getByRole('button', { name: 'Switch off' }).click();
    await rowOf('Another server').getByText('Off', { exact: true }).waitFor();
    await rowOf('Reserve')
      .getByText(/Last error .*: the source refuses/)
      .waitFor();
    expect(await page.content()).not.toContain('correct-horse-battery');
    await console_.untilText('Not connected to its source');
    // Its key is the source's: nothing is done with it by itself.
    const keyOf = (name: string) => page.getByRole('table', { name: 'Stream keys' }).getByRole('row', { name });
    const keyOfSource = keyOf('Key of an ingest source');
    await expect.poll(() => keyOfSource.count()).toBe(2);
    expect(await keyOfSource.getByRole('button').count()).toBe(0);
    await rowOf('Reserve').waitFor();
    await console_.look(join(screenshots, 'sources-desktop.png'), DESKTOP, 'dark');
    await console_.look(join(screenshots, 'sources-phone.png'), PHONE, 'light');
    await page.setViewportSize(DESKTOP);
    for (const name of ['Another server', 'Reserve']) {
      await rowOf(name).getByRole('button', { name: 'Delete' }).click();
      await console_.pressInDialog('Delete');
      await rowOf(name).waitFor({ state: 'detached' });
    }
    await console_.untilText('This stream is pulled from nowhere');
    await expect.poll(() => keyOfSource.filter({ hasText: 'Active' }).count()).toBe(0);
    await encoder.stop();
    await api.ok('DELETE', `/v1/live_streams/${elsewhere.id}`);
    expect(console_.errors).toEqual([]);
  });

  it('edits a stream', async () => {
    const { page } = console_;
    await console_.press('Edit');
    await page.getByLabel('Encryption of segments', { exact: true }).selectOption('aes-128');
    await console_.fill('Segments with one key', '10');
    await console_.fill('Longest session (seconds)', '5');
    await console_.pressInDialog('Save');
    await console_.untilText(/max duration seconds: /);
    await console_.fill('Longest session (seconds)', '3600');
    await console_.look(join(screenshots, 'edit-stream-phone.png'), PHONE, 'light');
    await page.setViewportSize(DESKTOP);
    await console_.pressInDialog('Save');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    const { data } = (await api.ok('GET', '/v1/live_streams?limit=1')) as { data?: readonly object[] };
    expect(data![0]).toMatchObject({ encryption: 'aes-128', key_rotation_segments: 10, max_duration_seconds: 3600 });
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

    await guest.press('Turn on');
    await guest.fill('Password', 'seven green rivers sing');
    await guest.pressInDialog('Next');
    const secret = await guest.page.getByLabel('Secret', { exact: true }).inputValue();
    await guest.fill('Code', totpCode(secret));
    await guest.look(join(screenshots, 'second-factor-phone.png'), PHONE, 'light');
    await guest.pressInDialog('Turn on');
    const [recoveryCode = ''] = (await guest.page.getByRole('dialog').locator('pre').innerText()).split('\n');
    await guest.pressInDialog('Done');
    await guest.fill('Current password', 'seven green rivers sing');
    await guest.fill('New password', 'eight red mountains hum');
    await guest.press('Change password');
    await guest.untilText('The password is changed.');
    await guest.page.setViewportSize(DESKTOP);
    await guest.press('Log out');
    await guest.fill('Email', 'ann@example.com');
    await guest.fill('Password', 'eight red mountains hum');
    await guest.press('Log in');
    await guest.fill('Code from your authenticator app', recoveryCode);
    await guest.press('Log in');
    await guest.heading('Account');

    // She has lost the phone: the operator removes the second factor and logs her out.
    await page
      .getByRole('row', { name: /ann@example.com/ })
      .getByRole('button', { name: 'Log-ins' })
      .click();
    await page
      .getByRole('dialog')
      .getByRole('cell', { name: /Chrome/ })
      .waitFor();
    await console_.look(join(screenshots, 'user-log-ins-desktop.png'), DESKTOP, 'light');
    await console_.pressInDialog('End');
    await console_.untilText('Not logged in anywhere.');
    await console_.pressInDialog('Remove second factor');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await guest.page.reload();
    await guest.heading('Log in');
    expect(guest.errors).toEqual([]);
  });

  it('makes and imports playback keys, restricts playback, and revokes a viewer and a key', async () => {
    const { page } = console_;
    const dialog = page.getByRole('dialog');
    await console_.goTo('Playback');
    await console_.untilText('No playback keys yet');
    await console_.look(join(screenshots, 'playback-empty-phone.png'), PHONE, 'light');
    await page.setViewportSize(DESKTOP);
    await console_.press('New key');
    await console_.fill('Name', 'backend');
    await console_.pressInDialog('Create');
    const privateKey = await page.getByLabel('Private key', { exact: true }).inputValue();
    expect(privateKey).toMatch(/^-----BEGIN PRIVATE KEY-----/);
    await console_.look(join(screenshots, 'playback-key-desktop.png'), DESKTOP, 'dark');
    await console_.pressInDialog('Done');
    await console_.press('Import');
    await console_.fill('Name', 'from elsewhere');
    const jwk = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' });
    await page.getByLabel('Public key', { exact: true }).fill(JSON.stringify(jwk));
    await console_.pressInDialog('Import');
    await console_.untilText(/public jwk: /);
    await page.getByLabel('Public key', { exact: true }).fill(JSON.stringify({ ...jwk, d: undefined }));
    await console_.pressInDialog('Import');
    await dialog.getByLabel('Key id', { exact: true }).waitFor();
    await console_.pressInDialog('Done');
    await page
      .getByRole('row', { name: /from elsewhere.*imported/ })
      .getByRole('button', { name: 'Revoke' })
      .click();
    await console_.pressInDialog('Revoke');
    await page.getByRole('row', { name: /from elsewhere.*Revoked/ }).waitFor();

    await console_.press('New restriction');
    await console_.fill('Name', 'our site');
    await page.getByLabel('Allowed sites', { exact: true }).fill('https://example.com\nhttps://*.example.org');
    await page.getByLabel('What is checked', { exact: true }).selectOption('true');
    await console_.pressInDialog('Create');
    await console_.untilText('Every request is checked');
    await console_.untilText('Allowed sites: https://example.com, https://*.example.org');
    await page
      .getByRole('row', { name: /our site/ })
      .getByRole('button', { name: 'Edit' })
      .click();
    await page.getByLabel('Denied countries', { exact: true }).fill('AQ');
    const { data } = (await api.ok('GET', '/v1/playback_restrictions')) as { data?: readonly { id: string }[] };
    await api.ok('PATCH', `/v1/playback_restrictions/${data![0]!.id}`, { name: 'our own site' });
    await console_.pressInDialog('Save');
    await console_.untilText('Changed in the meantime');
    await console_.look(join(screenshots, 'changed-in-the-meantime-phone.png'), PHONE, 'dark');
    await console_.pressInDialog('Cancel');
    await page.setViewportSize(DESKTOP);
    await page.reload();
    await page
      .getByRole('row', { name: /our own site/ })
      .getByRole('button', { name: 'Edit' })
      .click();
    await page.getByLabel('Denied countries', { exact: true }).fill('AQ');
    await console_.pressInDialog('Save');
    await console_.untilText('Denied countries: AQ');

    await console_.press('Revoke a viewer');
    await console_.fill('Viewer id', 'v-1029');
    await console_.pressInDialog('Revoke');
    await console_.untilText('v-1029 is revoked');
    await dialog.getByRole('button', { name: 'Close' }).last().click();
    await console_.goTo('Events');
    await page.getByLabel('Type', { exact: true }).selectOption({ label: 'Viewer session: revoked' });
    await page.getByRole('row', { name: /Stream key/ }).waitFor({ state: 'detached' });
    await page.getByRole('row', { name: /Viewer session: revoked/ }).waitFor();
    expect(await page.getByRole('row').count()).toBe(2);
    expect(console_.errors).toEqual([]);
  });

  it('changes quotas, and exports and deletes the data of a tenant', async () => {
    const { page } = console_;
    const operator = TenantApi.operator(millrace.quickstart);
    await operator.ok('POST', '/v1/tenants', { name: 'Leaving (soon)' });
    await page.goto(`${origin}/console/data`);
    await page.getByLabel('Tenant', { exact: true }).selectOption({ label: 'Leaving (soon)' });
    await console_.goTo('Usage');
    await console_.press('Change limits');
    await console_.fill('Rooms', '7');
    await console_.pressInDialog('Save');
    await page.getByRole('row', { name: /^Rooms 0 7/ }).waitFor();
    await console_.goTo('Playback');
    await console_.press('Allow only signed links');
    await console_.untilText('Only signed links play.');
    await console_.goTo('Data');
    const download = page.waitForEvent('download');
    await page.getByRole('link', { name: 'Download the export' }).click();
    const lines = readFileSync(await (await download).path(), 'utf8')
      .trim()
      .split('\n');
    expect(lines[0]).toContain('Leaving (soon)');
    expect(JSON.parse(lines.at(-1)!)).toEqual({ complete: true, rows: lines.length - 1 });
    await console_.press('Delete this tenant');
    await console_.fill('Enter the name to confirm', 'Leaving');
    await console_.pressInDialog('Delete');
    await console_.look(join(screenshots, 'delete-tenant-phone.png'), PHONE, 'light');
    await page.setViewportSize(DESKTOP);
    await console_.fill('Enter the name to confirm', 'Leaving (soon)');
    await console_.pressInDialog('Delete');
    await console_.heading('Tenants');
    await page.getByRole('row', { name: /Leaving/ }).waitFor({ state: 'detached' });
    expect(await page.getByLabel('Tenant', { exact: true }).inputValue()).toBe('');

    await page.getByLabel('State', { exact: true }).selectOption('deleted');
    const deleted = page.getByRole('row', { name: /Leaving.*Deleted/ });
    await deleted.waitFor();
    await console_.look(join(screenshots, 'deleted-tenant-phone.png'), PHONE, 'dark');
    await page.setViewportSize(DESKTOP);
    await deleted.getByRole('button', { name: 'Restore' }).click();
    await deleted.waitFor({ state: 'detached' });
    await page.getByLabel('State', { exact: true }).selectOption('');
    await page.getByRole('row', { name: /Leaving.*Suspended/ }).waitFor();
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
    ['playback', 'Playback', () => '/console/playback'],
    ['rooms', 'Rooms', () => '/console/rooms'],
    ['room', 'Interview', () => `/console/rooms/${roomId}`],
    ['events', 'Events', () => '/console/events'],
    ['webhooks', 'Webhooks', () => '/console/webhooks'],
    ['api-keys', 'API keys', () => '/console/api-keys'],
    ['users', 'Users', () => '/console/users'],
    ['usage', 'Usage', () => '/console/usage'],
    ['audit', 'Audit', () => '/console/audit'],
    ['data', 'Data', () => '/console/data'],
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
    await visitor.page.goto(`${origin}/console/tenants`);
    await visitor.untilText('You may not see this');
    await visitor.look(join(screenshots, 'not-allowed-phone.png'), PHONE, 'light');
    await visitor.page.setViewportSize(DESKTOP);
    await visitor.press('Go to the streams');
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

describe('a person with an account at the identity provider', () => {
  const account = { sub: 'u-1', email: 'Ida@example.com', email_verified: true, name: 'Ida' };
  const outcomeOf = async (attempt: OidcAttempt): Promise<unknown> => {
    const { status, body } = await attempt.finish();
    return [status, body.code ?? body.role];
  };
  let operator: TenantApi;
  let tenantId: string;
  beforeAll(async () => {
    operator = TenantApi.operator(millrace.quickstart);
    const { data } = (await api.ok('GET', '/v1/live_streams')) as { data?: readonly { tenant_id: string }[] };
    tenantId = data![0]!.tenant_id;
  });

  it('is let in once invited, by the button of the log-in page, and can log out of both', async () => {
    provider.account = account;
    const visitor = await open('/console/');
    await visitor.press('Log in with Example ID');
    await visitor.untilText('You have no account here');
    await visitor.untilText('ida@example.com has no account here: ask for an invitation.');
    await visitor.look(join(screenshots, 'no-account-phone.png'), PHONE, 'light');
    await visitor.page.setViewportSize(DESKTOP);
    const invited = { tenant_id: tenantId, email: 'ida@example.com', role: 'member' };
    await operator.ok('POST', '/v1/users', invited);
    await visitor.press('Log in with Example ID');
    await visitor.heading('Streams');
    expect(visitor.page.url()).toBe(`${origin}/console/streams`);
    await visitor.page.getByRole('link', { name: /ida@example.com/ }).click();
    await visitor.heading('Account');
    await visitor.untilText('You log in at your identity provider, and have no password here.');
    await visitor.press('Log out');
    await visitor.untilText('You may still be logged in at Example ID.');
    await visitor.look(join(screenshots, 'log-in-provider-desktop.png'), DESKTOP, 'dark');
    const link = visitor.page.getByRole('link', { name: 'Log out of Example ID too' });
    expect(await link.getAttribute('href')).toBe(`${provider.issuer}/session/end`);
    expect(visitor.errors).toEqual([]);
  });

  it('is refused with another nonce, state, verifier, issuer or signature, and the second time', async () => {
    provider.account = account;
    expect(await outcomeOf(await OidcAttempt.begin(origin))).toEqual([201, 'member']);
    const failed = [401, 'login_failed'];
    for (const name of ['nonce', 'state', 'code_challenge']) {
      const attempt = await OidcAttempt.begin(origin);
      attempt.authorizationUrl.searchParams.set(name, 'A'.repeat(43));
      expect([name, await outcomeOf(attempt)]).toEqual([name, failed]);
    }
    const elsewhere = await OidcAttempt.begin(origin);
    await elsewhere.visitProvider();
    elsewhere.response.set('iss', 'https://accounts.example.org');
    expect(await outcomeOf(elsewhere)).toEqual(failed);
    for (const forged of [{}, { iss: 'https://accounts.example.org' }, { email: 'ann@example.com' }]) {
      provider.forged = forged;
      expect([forged, await outcomeOf(await OidcAttempt.begin(origin))]).toEqual([forged, failed]);
    }
    provider.forged = undefined;

    const once = await OidcAttempt.begin(origin);
    expect(await outcomeOf(once)).toEqual([201, 'member']);
    expect(await outcomeOf(once)).toEqual(failed);
    const [mine, theirs] = [await OidcAttempt.begin(origin), await OidcAttempt.begin(origin)];
    await theirs.visitProvider();
    theirs.cookie = mine.cookie;
    expect(await outcomeOf(theirs)).toEqual(failed);
    theirs.cookie = '';
    expect(await outcomeOf(theirs)).toEqual(failed);
  });

  it('is refused with an address that is unknown, not verified, or now belongs to another person', async () => {
    const outcomeFor = async (changes: object): Promise<unknown> => {
      provider.account = { ...account, ...changes };
      return outcomeOf(await OidcAttempt.begin(origin));
    };
    const refused = [403, 'no_account'];
    expect(await outcomeFor({ sub: 'u-2', email: 'eve@example.com' })).toEqual(refused);
    expect(await outcomeFor({ email_verified: false })).toEqual(refused);
    expect(await outcomeFor({ sub: 'u-2' })).toEqual(refused);
    expect(await outcomeFor({ email: 'ida.new@example.com' })).toEqual([201, 'member']);
    const { data } = await operator.ok('GET', `/v1/users?tenant_id=${tenantId}`);
    const { id } = (data as { id: string; email: string }[]).find(({ email }) => email === 'ida@example.com')!;
    await operator.ok('PATCH', `/v1/users/${id}`, { status: 'disabled' });
    expect(await outcomeFor({})).toEqual(refused);
  });

  it('has the rights of a group for as long as it is in it', async () => {
    const admin = { sub: 'u-3', email: 'root@example.com', email_verified: true, name: 'Root', groups: ['admins'] };
    provider.account = admin;
    const attempt = await OidcAttempt.begin(origin);
    expect(await outcomeOf(attempt)).toEqual([201, 'operator']);
    expect(await attempt.isLoggedIn()).toBe(true);
    provider.account = { ...admin, groups: [] };
    expect(await outcomeOf(await OidcAttempt.begin(origin))).toEqual([403, 'no_account']);
    expect(await attempt.isLoggedIn()).toBe(false);
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

/** What an authenticator app shows now (RFC 6238). */
function totpCode(secret: string): string {
  const bits = [...secret.replaceAll(' ', '')].map((digit) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(digit));
  const key = Buffer.from(
    bits
      .map((value) => value.toString(2).padStart(5, '0'))
      .join('')
      .match(/.{8}/g)!
      .map((byte) => parseInt(byte, 2)),
  );
  const step = Buffer.alloc(8);
  step.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000)));
  const mac = createHmac('sha1', key).update(step).digest();
  const offset = mac[19]! & 15;
  return String((mac.readUInt32BE(offset) & 0x7fffffff) % 1_000_000).padStart(6, '0');
}
