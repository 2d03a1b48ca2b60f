// Two people talk on the call page, over every way there is; what is shown is what happens.
import { mkdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { CallPage, PHONE } from './support/call-page.ts';
import { launchCallBrowser } from './support/call-browser.ts';
import { startStandalone } from './support/start-standalone.ts';
import type { Standalone } from './support/start-standalone.ts';
import { TenantApi } from './support/tenant-api.ts';
import type { TestRoom } from './support/tenant-api.ts';
import { trustCertificateFlag } from './support/trusted-certificate.ts';

const screenshots = resolve(import.meta.dirname, '../test-results/call-page');

/** So long relay credentials hold: the shortest that is allowed, so that a call can outlive them here. */
const CREDENTIALS_S = 60;

let millrace: Standalone;
let api: TenantApi;
let browser: Browser;
let pages: CallPage[] = [];

beforeAll(async () => {
  mkdirSync(screenshots, { recursive: true });
  millrace = await startStandalone({ env: { MILLRACE_ICE_TTL_MS: String(CREDENTIALS_S * 1_000) } });
  api = TenantApi.of(millrace.quickstart);
  // The process made this certificate for its TURN over TLS.
  browser = await launchCallBrowser([trustCertificateFlag(join(millrace.dataFolder, 'turn-certificate.pem'))]);
});
afterEach(async ({ task }) => {
  if (task.result?.state === 'fail') console.error(`the server's last lines:\n${millrace.logs.tail()}`);
  await Promise.all(pages.map((page) => page.close()));
  pages = [];
});
afterAll(async () => {
  await browser?.close();
  await millrace?.stop();
});

async function open(url: string, size?: { width: number; height: number }): Promise<CallPage> {
  const page = await CallPage.open(browser, url, size);
  pages.push(page);
  return page;
}

async function enter(room: TestRoom, name: string, query = ''): Promise<CallPage> {
  const page = await open((await room.callUrl()).replace('#', `${query}#`));
  await page.join(name);
  await page.untilText(/Leave/);
  return page;
}

/** Ada and Grace in a room of their own. */
async function call(query = ''): Promise<{ room: TestRoom; ada: CallPage; grace: CallPage }> {
  const room = await api.createRoom('A call', { type: 'one_to_one' });
  const ada = await enter(room, 'Ada', query);
  const grace = await enter(room, 'Grace', query);
  return { room, ada, grace };
}

it('a server that went away and came back is joined again by itself', async () => {
  const { ada, grace } = await call();
  await ada.untilFlowGrows();
  await millrace.restart();
  for (const page of [ada, grace]) await page.until('a new connection', async () => (await page.connectionCount()) > 1);
  await Promise.all([ada.untilFlowGrows(), grace.untilFlowGrows()]);
});

/** Goes on beside all the tests that follow, so that it outlives its credentials without a test that only waits for them. */
let lasting: { pages: readonly [CallPage, CallPage]; heard: number; port: number };

it('a relayed call begins that is to outlive its credentials', async () => {
  const { ada, grace } = await call('?relay=udp');
  pages = [];
  await Promise.all([ada.untilFlowGrows(), grace.untilFlowGrows()]);
  const [path] = await Promise.all([ada.path(), grace.path()]);
  expect(path).toMatchObject({ localType: 'relay', relayProtocol: 'udp' });
  lasting = { pages: [ada, grace], heard: (await ada.flow()).audioSeconds, port: path.localPort };
});

describe('a call of two', () => {
  it('shows and lets hear both to each other, and is full then', async () => {
    const { room, ada, grace } = await call();
    await Promise.all([ada.untilFlowGrows(), grace.untilFlowGrows()]);
    const { audioEnergy } = await ada.flow();
    expect(audioEnergy).toBeGreaterThan(0);
    expect(await ada.path()).not.toMatchObject({ localType: 'relay' });
    // Microphone, camera, screen: who answered keeps to the limits as well as who offered.
    for (const page of [ada, grace]) expect(await page.bitrateLimits()).toEqual([undefined, 1_500_000, 2_500_000]);

    for (const [name, page] of [
      ['ada', ada],
      ['grace', grace],
    ] as const) {
      for (const who of ['self', 'other'] as const) {
        const { brightness, colors, width } = await page.picture(who);
        expect(width, `${who} at ${name}`).toBeGreaterThan(0);
        expect(brightness, `${who} at ${name}`).toBeGreaterThan(10);
        expect(colors, `${who} at ${name}`).toBeGreaterThan(8);
      }
      const file = join(screenshots, `${name}.png`);
      await page.page.screenshot({ path: file });
      expect(statSync(file).size).toBeGreaterThan(10_000);
    }

    const third = await open(await room.callUrl());
    await third.join('Edsger');
    await third.untilText(/The room is full/);
    // A participant that leaves frees a place.
    await grace.press('Leave');
    await grace.untilText(/You have left the room/);
    await ada.untilText(/Grace has left/);
    await third.press('Join again');
    await third.join('Edsger');
    await Promise.all([third.untilFlowGrows(), ada.untilFlowGrows()]);
    for (const page of [ada, third]) expect(page.errors).toEqual([]);
  });

  it.each(['udp', 'tcp', 'tls'] as const)(
    'goes through the relay over %s when nothing else is allowed',
    async (relay) => {
      const { ada, grace } = await call(`?relay=${relay}`);
      await Promise.all([ada.untilFlowGrows(), grace.untilFlowGrows()]);
      for (const page of [ada, grace]) {
        const path = await page.path();
        expect(path).toMatchObject({ localType: 'relay', relayProtocol: relay });
        expect(path.url).toContain(relay === 'tls' ? `:${millrace.ports.turnTls}` : `:${millrace.ports.turn}`);
      }
      await ada.press('Figures');
      await ada.untilText(new RegExp(`relay over ${relay.toUpperCase()}`));
      await ada.untilText(/Round trip\s+[\d.]+ ms/);
      await ada.page.screenshot({ path: join(screenshots, `relay-${relay}.png`) });
    },
  );
});

describe('in a call', () => {
  it('chat arrives, mute and camera are seen, and none of it negotiates anything', async () => {
    const { ada, grace } = await call();
    await ada.untilFlowGrows();
    const offersBefore = await offers(ada, grace);
    expect(offersBefore).toBeGreaterThanOrEqual(1);

    await grace.press('Chat');
    await grace.page.getByLabel('Message to everybody').fill('Hello <b>Ada</b> 👋');
    await grace.page.keyboard.press('Enter');
    await ada.until('one message is unread', async () => (await ada.page.locator('#chat-unread').innerText()) === '1');
    await ada.press('Chat, 1 unread');
    await ada.untilText(/Hello <b>Ada<\/b> 👋/);
    await grace.untilText(/You[^]*Hello <b>Ada<\/b> 👋/);

    const tile = ada.page.locator('.tile:not([data-own])');
    const badge = tile.getByText('muted', { exact: true });
    await grace.press('Mute');
    await ada.until('Ada sees that Grace is muted', () => badge.isVisible());
    await ada.untilSilent();
    await grace.press('Unmute');
    await ada.until('no longer', async () => !(await badge.isVisible()));

    await grace.press('Camera off');
    await ada.until('the picture is gone', async () => (await tile.getAttribute('data-picture')) === null);
    await grace.press('Camera on');
    await ada.until('the picture is back', async () => (await tile.getAttribute('data-picture')) !== null);
    await ada.untilFlowGrows();

    await grace.press('Share screen');
    const screen = ada.page.getByLabel('The screen of Grace');
    await ada.until('the screen is seen', () =>
      screen.evaluate((video) => (video as HTMLVideoElement).getVideoPlaybackQuality().totalVideoFrames > 2),
    );
    await ada.page.screenshot({ path: join(screenshots, 'screen.png') });
    await grace.press('Stop sharing');
    await ada.until('the screen is gone', async () => (await screen.count()) === 0);

    await ada.press('People 2');
    await ada.untilText(/Grace\s+speaks, camera on/);
    expect(await offers(ada, grace)).toBe(offersBefore);
    for (const page of [ada, grace]) expect(page.errors).toEqual([]);
  });

  it('a dropped socket is resumed: the others stay, media goes on, and what was said meanwhile arrives', async () => {
    const { ada, grace } = await call();
    await ada.untilFlowGrows();
    const self = await ada.page.locator('.tile:not([data-own])').getAttribute('data-participant');
    const sockets = await grace.dropSocket();
    await ada.press('Chat');
    await ada.page.getByLabel('Message to everybody').fill('Are you there?');
    await ada.page.keyboard.press('Enter');
    await grace.until('there is a new socket', async () => (await grace.socketCount()) > sockets);
    await grace.press('Chat, 1 unread');
    await grace.untilText(/Are you there\?/);
    await grace.until('the banner is gone', async () => !(await grace.page.locator('#banner').isVisible()));
    // The same participant as before, with the same connection.
    expect(await ada.page.locator('.tile:not([data-own])').getAttribute('data-participant')).toBe(self);
    expect(await grace.connectionCount()).toBe(1);
    await Promise.all([ada.untilFlowGrows(), grace.untilFlowGrows()]);
  });

  it('a guest who reloads takes the seat again, and a network that is away when Join is pressed is waited for', async () => {
    const { ada, grace } = await call();
    await ada.untilFlowGrows();
    // As when a tab crashes: nothing is said to the server.
    await grace.page.evaluate(() =>
      globalThis.addEventListener('pagehide', (event) => event.stopImmediatePropagation(), true),
    );
    await grace.page.reload();
    await grace.page.context().setOffline(true);
    await grace.join('Grace again');
    await grace.untilText(/The server does not answer. Trying again…/);
    await grace.page.context().setOffline(false);
    await Promise.all([grace.untilFlowGrows(), ada.untilFlowGrows()]);
    await ada.untilText(/Grace again/);
    expect(await grace.text()).not.toContain('The room is full');
  });
});

describe('on a phone', () => {
  it('everything fits, before the call and in it', async () => {
    const room = await api.createRoom('Pocket', { type: 'one_to_one' });
    await enter(room, 'Ada');
    const phone = await open(await room.callUrl(), PHONE);
    await phone.until('the preview has a picture', () =>
      phone.page.evaluate(() => (document.querySelector<HTMLVideoElement>('#preview')?.videoWidth ?? 0) > 0),
    );
    expect(await overflow(phone)).toBe(0);
    await phone.page.screenshot({ path: join(screenshots, 'phone-lobby.png') });
    await phone.join('Grace');
    await phone.untilFlowGrows();
    for (const panel of [/^Chat/, /^People/, /^Figures/]) {
      await phone.page.getByRole('button', { name: panel }).click();
      expect(await overflow(phone)).toBe(0);
    }
    await phone.page.getByRole('button', { name: 'Close the panel' }).click();
    await phone.page.screenshot({ path: join(screenshots, 'phone-call.png') });
    const sizes = await phone.page
      .getByRole('toolbar')
      .getByRole('button')
      .evaluateAll((buttons) => buttons.map((button) => button.getBoundingClientRect().height));
    expect(Math.min(...sizes)).toBeGreaterThanOrEqual(44);
  });
});

describe('without devices', () => {
  it('says what is missing, and lets see and hear all the same', async () => {
    const room = await api.createRoom('Spectators', { type: 'one_to_one' });
    const ada = await enter(room, 'Ada');
    const bare = await launchCallBrowser([], { devices: false });
    try {
      const page = await CallPage.open(bare, await room.callUrl());
      await page.untilText(/No microphone was found[^]*No camera was found/);
      await page.press('Join');
      await page.untilFlowGrows();
      await page.press('Unmute');
      await page.untilText(/No microphone was found/);
      // A guest who sends nothing leaves nothing undone at the other side.
      expect((await ada.flow()).framesDecoded).toBe(0);
      await ada.untilText(/Guest[^]*muted/);
    } finally {
      await bare.close();
    }
  });

  it('says that they are blocked, and that the origin is not secure', async () => {
    const room = await api.createRoom('Shut', { type: 'one_to_one' });
    const url = await room.callUrl();
    const shut = await launchCallBrowser(['--host-resolver-rules=MAP insecure.example 127.0.0.1'], { blocked: true });
    try {
      const blocked = await CallPage.open(shut, url);
      await blocked.untilText(/The microphone is blocked for this page[^]*The camera is blocked for this page/);
      const insecure = await CallPage.open(shut, url.replace('localhost', 'insecure.example'));
      await insecure.untilText(/only on https:\/\/ addresses and on localhost/);
    } finally {
      await shut.close();
    }
  });
});

describe('links that lead nowhere', () => {
  it('are told from each other', async () => {
    const room = await api.createRoom('Nowhere', { type: 'one_to_one' });
    const url = await room.callUrl();
    const incomplete = await open(url.replace(/#.*/, ''));
    await incomplete.untilText(/This link is incomplete/);
    const wrong = await open(`${url.replace(/#.*/, '')}#token=nonsense`);
    await wrong.join('Ada');
    await wrong.untilText(/This link does not work/);
    await api.ok('POST', `/v1/rooms/${room.id}/end`);
    const ended = await open(url);
    await ended.join('Ada');
    await ended.untilText(/The room has ended/);
  });
});

describe('the network check', () => {
  const results = (page: CallPage): Promise<(string | undefined)[]> =>
    page.page.locator('#hops li').evaluateAll((lines) => lines.map((line) => (line as HTMLElement).dataset['result']));

  it('passes every hop, with words and milliseconds', async () => {
    const room = await api.createRoom('Check');
    const url = new URL(await room.callUrl());
    const page = await open(`${url.origin}/check${url.hash}`, PHONE);
    await page.untilText(/All is well/, 60_000);
    expect(await results(page)).toEqual(['ok', 'ok', 'ok', 'ok', 'ok']);
    expect((await page.text()).match(/\d+ ms/g)).toHaveLength(5);
    expect(await page.text()).toContain('No NAT: the server sees the address that this machine has');
    expect(await overflow(page)).toBe(0);
    expect(page.errors).toEqual([]);
    // A check is no stay.
    expect(await api.ok('GET', `/v1/rooms/${room.id}/participants`)).toMatchObject({ data: [] });
    await page.page.screenshot({ path: join(screenshots, 'check.png'), fullPage: true });
  });

  it('names the hop that fails: a certificate that is not trusted, a token that is none', async () => {
    const room = await api.createRoom('Check');
    const url = new URL(await room.callUrl());
    const suspicious = await launchCallBrowser();
    try {
      const page = await CallPage.open(suspicious, `${url.origin}/check${url.hash}`);
      await page.untilText(/Calls work from here. What failed: TURN relay over TLS/, 60_000);
      expect(await results(page)).toEqual(['ok', 'ok', 'ok', 'ok', 'failed']);
      expect(await page.text()).toContain('the certificate of the relay is not trusted here');
    } finally {
      await suspicious.close();
    }
    const page = await open(`${url.origin}/check#token=nonsense`);
    await page.untilText(/Calls do not work from here/);
    expect(await results(page)).toEqual(['failed', 'skipped', 'skipped', 'skipped', 'skipped']);
    expect(await page.text()).toContain('This link does not work');
  });
});

it('the relayed call has outlived the credentials that it began with', async () => {
  const [ada, grace] = lasting.pages;
  await ada.until(
    'more has been heard than the credentials last',
    async () => (await ada.flow()).audioSeconds > lasting.heard + CREDENTIALS_S + 5,
    120_000,
  );
  await Promise.all([ada.untilFlowGrows(), grace.untilFlowGrows()]);
  for (const page of lasting.pages) {
    expect(await page.sentCount('ice_servers')).toBeGreaterThanOrEqual(1);
    expect(await page.connectionCount()).toBe(1);
  }
  const after = await ada.path();
  expect(after).toMatchObject({ localType: 'relay', relayProtocol: 'udp' });
  expect(after.localPort).not.toBe(lasting.port);
});

/** How many offers these pages have sent, by what went over their sockets. */
async function offers(...all: readonly CallPage[]): Promise<number> {
  const counts = await Promise.all(all.map((page) => page.sentCount('offer')));
  return counts.reduce((sum, count) => sum + count, 0);
}

/** By how many pixels the page is wider than the window. */
const overflow = ({ page }: CallPage): Promise<number> =>
  page.evaluate(() => Math.max(0, document.documentElement.scrollWidth - document.documentElement.clientWidth));
