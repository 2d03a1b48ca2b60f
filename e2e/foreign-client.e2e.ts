// The call page and a client that is not ours, written from docs/signaling.md alone: whichever comes first, both get media.
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { launchCallBrowser } from './support/call-browser.ts';
import { CallPage } from './support/call-page.ts';
import { eventually } from './support/eventually.ts';
import { ForeignClient } from './support/foreign-client.ts';
import type { Manners } from './support/foreign-client.ts';
import { startStandalone } from './support/start-standalone.ts';
import type { Standalone } from './support/start-standalone.ts';
import { TenantApi } from './support/tenant-api.ts';
import type { TestRoom } from './support/tenant-api.ts';

let millrace: Standalone;
let api: TenantApi;
let browser: Browser;
const cleanups: (() => Promise<void>)[] = [];

beforeAll(async () => {
  millrace = await startStandalone();
  api = TenantApi.of(millrace.quickstart);
  browser = await launchCallBrowser();
});
afterEach(async ({ task }) => {
  if (task.result?.state === 'fail') console.error(`the server's last lines:\n${millrace.logs.tail()}`);
  await Promise.all(cleanups.splice(0).map((cleanup) => cleanup()));
});
afterAll(async () => {
  await browser?.close();
  await millrace?.stop();
});

async function openPage(room: TestRoom): Promise<CallPage> {
  const page = await CallPage.open(browser, await room.callUrl());
  cleanups.push(() => page.close());
  await page.join('Ada');
  await page.untilText(/Leave/);
  return page;
}

async function enterForeign(room: TestRoom, manners?: Manners): Promise<ForeignClient> {
  const token = new URL(await room.callUrl()).hash.replace('#token=', '');
  const url = `ws://127.0.0.1:${millrace.ports.signaling}/v1/rooms`;
  const client = await ForeignClient.join(url, token, 'Stranger', manners);
  cleanups.push(() => client.close());
  return client;
}

const room = () => api.createRoom('Strangers', { type: 'one_to_one' });

async function bothGetMedia(page: CallPage, foreign: ForeignClient): Promise<void> {
  const { microphone, camera } = foreign.received;
  await Promise.all([
    page.untilFlowGrows(),
    eventually(
      'the page is seen and heard',
      () => foreign.received.microphone > microphone + 20 && foreign.received.camera > camera + 20,
    ),
  ]);
}

describe('the call page and a foreign client', () => {
  it('that comes in offers audio and video; the page adds a section for its screen when it is shared', async () => {
    const call = await room();
    const page = await openPage(call);
    const foreign = await enterForeign(call);
    await bothGetMedia(page, foreign);
    expect([foreign.offers, await page.sentCount('offer')]).toEqual([1, 0]);
    expect(foreign.sections).toEqual([['audio', 'video']]);
    expect(await page.bitrateLimits()).toEqual([undefined, 1_500_000]);

    await page.press('Share screen');
    await eventually('the screen is seen', () => foreign.received.screen > 10);
    expect([foreign.offers, await page.sentCount('offer')]).toEqual([1, 1]);
    expect(foreign.sections).toEqual([['audio', 'video', 'video']]);
    await page.press('Stop sharing');
    await bothGetMedia(page, foreign);
    expect(page.errors).toEqual([]);
  });

  it('that was there answers the offer of the page', async () => {
    const call = await room();
    const foreign = await enterForeign(call);
    const page = await openPage(call);
    await bothGetMedia(page, foreign);
    expect([foreign.offers, await page.sentCount('offer')]).toEqual([0, 1]);
    expect(foreign.sections).toEqual([['audio', 'video', 'video']]);
    await page.press('Share screen');
    await eventually('the screen is seen', () => foreign.received.screen > 10);
    expect(await page.sentCount('offer')).toBe(1);
    expect(page.errors).toEqual([]);
  });

  it('that comes in and offers nothing is offered to by the page', async () => {
    const call = await room();
    const page = await openPage(call);
    const foreign = await enterForeign(call, 'silent');
    await bothGetMedia(page, foreign);
    expect([foreign.offers, await page.sentCount('offer')]).toEqual([0, 1]);
    expect(await page.text()).not.toContain('No network path');
  });

  it('that was there and offers at the same time as the page is given way to', async () => {
    const call = await room();
    const foreign = await enterForeign(call, 'hasty');
    const page = await openPage(call);
    await bothGetMedia(page, foreign);
    expect(await page.sentCount('answer')).toBeGreaterThanOrEqual(1);
    await page.press('Share screen');
    await eventually('the screen is seen', () => foreign.received.screen > 10);
    // At most the one that was taken back, and the one for the section that is missing: nothing asks for more.
    expect(await page.sentCount('offer')).toBeLessThanOrEqual(2);
    expect(page.errors).toEqual([]);
  });
});
