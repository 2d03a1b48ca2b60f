import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import { expect, it } from 'vitest';
import { isWhole, KnownFiles } from './known-files.ts';

const BEFORE = 'GET /hls/id/';
const BEHIND = ' HTTP/1.1\r\nHost: x\r\nAccept: */*\r\n\r\n';
const requestFor = (name: string): Buffer => Buffer.from(BEFORE + name + BEHIND, 'latin1');
const known = KnownFiles.of(requestFor('index.m3u8'), { method: 'GET', url: '/hls/id/index.m3u8' })!;
const NAME = 'segment-17.ts';
const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-';

it('knows a request by every byte but those of the name', () => {
  const bytes = requestFor(NAME);
  const nameAt = BEFORE.length;
  const nameEnd = nameAt + NAME.length;
  expect(known.nameIn(bytes)).toBe(NAME);
  for (let at = 0; at < bytes.length; at++) {
    const isName = at >= nameAt && at < nameEnd;
    const without = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1)]);
    expect(known.nameIn(without), `without ${at}`).toBe(
      isName ? NAME.slice(0, at - nameAt) + NAME.slice(at - nameAt + 1) : undefined,
    );
    for (let byte = 0; byte < 256; byte++) {
      const isLetter = LETTERS.includes(String.fromCharCode(byte));
      const changed = Buffer.from(bytes);
      changed[at] = byte;
      const isKnown = isName ? isLetter : byte === bytes[at];
      expect(known.nameIn(changed), `${byte} at ${at}`).toBe(
        isKnown ? changed.toString('latin1', nameAt, nameEnd) : undefined,
      );
      const added = Buffer.concat([bytes.subarray(0, at), Buffer.from([byte]), bytes.subarray(at)]);
      const canBeName = isLetter && at >= nameAt && at <= nameEnd;
      expect(known.nameIn(added), `${byte} before ${at}`).toBe(
        canBeName ? added.toString('latin1', nameAt, nameEnd + 1) : undefined,
      );
    }
  }
});

it('knows no beginning of a request, none that goes on, no two, and none without a name or with a long one', () => {
  const bytes = requestFor(NAME);
  for (let length = 0; length < bytes.length; length++) expect(known.nameIn(bytes.subarray(0, length))).toBeUndefined();
  for (const more of ['\r\n', ' ', 'G', bytes.toString()])
    expect(known.nameIn(Buffer.concat([bytes, Buffer.from(more)]))).toBeUndefined();
  expect(known.nameIn(requestFor('x'.repeat(64)))).toBe('x'.repeat(64));
  for (const name of ['', 'x'.repeat(65), 'a/b', '../a', 'a?b', '%61', 'a b', 'a\r\nb'])
    expect(known.nameIn(requestFor(name)), name).toBeUndefined();
});

it.each(['/hls/id/index.m3u8?a=b', '/hls/id/index.m3u8?a=/b', '/hls/id/', '/hls/id/%61', '*', 'index.m3u8~'])(
  'has nothing beside %s',
  (url) => {
    const bytes = Buffer.from(`GET ${url}${BEHIND}`);
    expect(KnownFiles.of(bytes, { method: 'GET', url })).toBeUndefined();
  },
);

it('what it knows is to the parser of the runtime the same request, with the name in its address', async () => {
  const seen: { readonly request: IncomingMessage; readonly isWhole: boolean }[] = [];
  let bytes: Buffer = Buffer.alloc(0);
  const server = createServer((request, response) => {
    request.resume().on('end', () => {
      seen.push({ request, isWhole: isWhole(bytes, request) });
      response.end('.');
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1').setNoDelay(true);
  const names = ['index.m3u8', LETTERS.slice(0, 40), LETTERS.slice(40), '..', '-', '_'];
  for (const name of names) {
    bytes = requestFor(name);
    expect(known.nameIn(bytes)).toBe(name);
    client.write(bytes);
    await once(client, 'data');
  }
  client.destroy();
  server.close();
  const headers = ['Host', 'x', 'Accept', '*/*'];
  expect(
    seen.map(({ request: { method, url, httpVersion, rawHeaders }, isWhole }) => ({
      method,
      url,
      httpVersion,
      rawHeaders,
      isWhole,
    })),
  ).toEqual(
    names.map((name) => ({
      method: 'GET',
      url: `/hls/id/${name}`,
      httpVersion: '1.1',
      rawHeaders: headers,
      isWhole: true,
    })),
  );
});
