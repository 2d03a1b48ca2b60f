import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  ensureQuickstart,
  formatQuickstart,
  operatorKeyOf,
  otherEncoders,
  quickstartFile,
  readQuickstart,
} from './index.ts';
import type { Quickstart } from './index.ts';

/** Answers as the gateway does, with a number for every thing that is made. */
let asked: string[];
/** Addresses that are refused, by what they begin with, and the status of the answer. */
let refusals: [string, number][];
/** How often a link that logs in to the console was made. */
let logins: number;
let server: Server;
let folder: string;
let apiUrl: string;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-quickstart-'));
  asked = [];
  refusals = [];
  logins = 0;
  server = createServer((request, response) => {
    request.resume();
    response.setHeader('content-type', 'application/json');
    if (request.url === '/v1/console_logins') {
      const url = `http://localhost/console/#login=${++logins}-${request.headers.authorization}`;
      response.end(JSON.stringify({ url }));
      return;
    }
    asked.push(`${request.url} ${request.headers.authorization}`);
    const id = `id${asked.length}`;
    const [refused, status] = refusals.find(([path]) => request.url?.startsWith(path)) ?? [];
    if (refused !== undefined) response.statusCode = status ?? 500;
    response.end(
      JSON.stringify({
        id,
        key: `key${asked.length}`,
        playback_ids: [{ id: `pbk_of_${id}` }],
        call_url: `http://localhost${request.url}#${id}`,
      }),
    );
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  apiUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(() => {
  server.close();
  rmSync(folder, { recursive: true, force: true });
});

const ensure = (publicUrl = 'http://localhost:8080', demo = false) =>
  ensureQuickstart({ folder, apiUrl, publicUrl, publicRtmpUrl: 'rtmp://localhost/live', operatorKey: 'mr_op_x', demo });
const block = (quickstart: Quickstart, demo = false) =>
  formatQuickstart(quickstart, 'clip.flv', { demo, secrets: 'shown' });

describe('the quickstart', () => {
  it('is made once, with the keys that the API gave', async () => {
    const made = await ensure();
    expect(made).toMatchObject({ api_key: 'key2', stream_key: 'key4', operator_key: 'mr_op_x' });
    expect(asked).toEqual([
      '/v1/tenants Bearer mr_op_x',
      '/v1/api_keys Bearer mr_op_x',
      '/v1/live_streams Bearer key2',
      '/v1/live_streams/id3/stream_keys Bearer key2',
      '/v1/rooms Bearer key2',
      '/v1/rooms/id5/tokens Bearer key2',
    ]);
    expect(made).toMatchObject({ room_id: 'id5', call_url: 'http://localhost/v1/rooms/id5/tokens#id6' });
    // The links are made anew, and nothing else.
    expect(await ensure()).toEqual({
      ...made,
      call_url: 'http://localhost/v1/rooms/id5/tokens#id7',
      console_url: 'http://localhost/console/#login=2-Bearer mr_op_x',
    });
    expect(asked).toHaveLength(7);
    expect(operatorKeyOf(folder)).toBe('mr_op_x');
  });

  it('makes a new room where the old one was ended, or where there was none', async () => {
    await ensure();
    refusals = [['/v1/rooms/id5/', 409]];
    expect((await ensure()).room_id).toBe('id8');
    const kept = readQuickstart(quickstartFile(folder));
    writeFileSync(quickstartFile(folder), JSON.stringify({ ...kept, room_id: undefined, call_url: undefined }));
    expect((await ensure()).room_id).toBe('id10');
  });

  it('starts without a room when the demo tenant has been deleted', async () => {
    await ensure();
    refusals = [['/v1/rooms', 401]];
    const quickstart = await ensure();
    expect(quickstart.call_url).toBeUndefined();
    expect(block(quickstart)).not.toContain('Talk');
  });

  it('moves with the addresses', async () => {
    await ensure();
    const moved = await ensure('https://live.example');
    expect(moved.watch_url).toBe('https://live.example/watch/pbk_of_id3');
    expect(moved.playback_url).toBe('https://live.example/hls/pbk_of_id3/index.m3u8');
    expect(readQuickstart(quickstartFile(folder))).toEqual(moved);
    expect(block(moved)).toContain(`    ${moved.call_url}\n`);
  });

  it('is for its owner alone, and leaves no draft', async () => {
    await ensure();
    expect(statSync(quickstartFile(folder)).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder)).toEqual(['quickstart.json']);
  });

  it.each(['{}', '{', ''])('says what to do when it is damaged: %j', (text) => {
    writeFileSync(quickstartFile(folder), text);
    expect(() => readQuickstart(quickstartFile(folder))).toThrow(/delete it/);
  });

  it('says what the API refused', async () => {
    server.removeAllListeners('request');
    server.on('request', (_, response) => {
      response.statusCode = 401;
      response.end('{"code":"unauthenticated"}');
    });
    await expect(ensure()).rejects.toThrow(/POST \/v1\/tenants was answered 401.*unauthenticated/);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('gives the demo clip a stream of its own, once, so that the printed key is free for an encoder', async () => {
    const without = await ensure();
    expect(without.demo_stream_key).toBeUndefined();
    const made = await ensure(undefined, true);
    expect(made.stream_key).toBe(without.stream_key);
    expect(made.demo_stream_key).toMatch(/^key/);
    expect(made.demo_stream_key).not.toBe(made.stream_key);
    const { demo_stream_key, demo_watch_url } = await ensure('https://live.example', true);
    expect(demo_stream_key).toBe(made.demo_stream_key);
    expect(demo_watch_url).toBe(made.demo_watch_url?.replace('http://localhost:8080', 'https://live.example'));
    expect(block(made)).not.toContain('Demo clip');
    expect(block(made, true)).toContain(`  Demo clip      ${made.demo_watch_url}\n`);
    expect(block(made, true)).not.toContain(made.demo_stream_key);
  });

  it('starts without the clip when the demo tenant has been deleted', async () => {
    await ensure();
    refusals = [
      ['/v1/live_streams', 401],
      ['/v1/rooms', 401],
    ];
    expect((await ensure(undefined, true)).demo_stream_key).toBeUndefined();
  });

  it('begins with a link that logs in to the console as the operator', async () => {
    const quickstart = await ensure();
    expect(quickstart.console_url).toBe('http://localhost/console/#login=1-Bearer mr_op_x');
    expect(block(quickstart)).toContain(`    ${quickstart.console_url}\n`);
  });

  it('is printed without the operator’s key', async () => {
    const printed = block({ ...(await ensure()), console_url: 'http://localhost/console/#login=mr_lc_x' });
    expect(printed).toContain('-i clip.flv -c copy -f flv rtmp://localhost/live/key4');
    expect(printed).not.toContain('mr_op_x');
  });

  it('shows no secret in a log, and names the file that has them', async () => {
    const quickstart = await ensure(undefined, true);
    const format = { demo: true, secrets: { keptIn: 'data/quickstart.json' } };
    const printed = formatQuickstart(quickstart, 'clip.flv', format);
    const { stream_key, api_key, operator_key, call_url = '', demo_stream_key = '', console_url = '' } = quickstart;
    for (const secret of [stream_key, api_key, operator_key, call_url, demo_stream_key, console_url]) {
      expect(secret).not.toBe('');
      expect(printed).not.toContain(secret);
    }
    expect(printed).toContain('data/quickstart.json');
    expect(printed).toContain('rtmp://localhost/live/<stream_key>');
  });

  it('has addresses to copy for other encoders, where the server takes them', async () => {
    const encoders = otherEncoders('rtsp://localhost:8554/live', 'srt://localhost:8890');
    const printed = formatQuickstart(await ensure(), 'clip.flv', { encoders, secrets: 'shown' });
    expect(printed).toContain(
      '  RTSP:  rtsp://localhost:8554/live/key4\n  SRT:   srt://localhost:8890?streamid=publish:key4\n',
    );
    expect(otherEncoders(undefined, undefined)).toEqual({});
  });
});
