import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { resolvePublishTarget } from './resolve-publish-target.ts';

const KEY = 'mr_st_0aZ';

it('takes as many parameters as the limit', () => {
  expect(resolvePublishTarget({ app: 'live?a', streamName: `${KEY}?${'a=1&'.repeat(31)}` })).toMatchObject({
    key: KEY,
  });
});

describe('resolvePublishTarget', () => {
  it.each<[app: string, streamName: string, expectedApp: string, query: Record<string, string>]>([
    ['live', KEY, 'live', {}],
    ['live', `${KEY}?`, 'live', {}],
    ['live', `${KEY}?bandwidthtest=true`, 'live', { bandwidthtest: 'true' }],
    ['live', `${KEY}?a=1?b=2`, 'live', { a: '1', b: '2' }],
    ['live', `?key=${KEY}`, 'live', {}],
    ['live', `?x=1&key=${KEY}&y`, 'live', { x: '1', y: '' }],
    ['live', `camera1?key=${KEY}`, 'live', {}],
    ['live', `/${KEY}/`, 'live', {}],
    ['live/', KEY, 'live', {}],
    ['/live/', KEY, 'live', {}],
    [`live/${KEY}`, '', 'live', {}],
    [`live/${KEY}/`, '', 'live', {}],
    [`live//${KEY}`, '/', 'live', {}],
    [`live?key=${KEY}`, '', 'live', {}],
    [`live/?key=${KEY}`, '', 'live', {}],
    [`live?key=${KEY}`, 'whatever', 'live', {}],
    [`live?key=other`, `?key=${KEY}`, 'live', {}],
    [`live?vhost=a`, `${KEY}?b=c`, 'live', { vhost: 'a', b: 'c' }],
    [KEY, '', 'live', {}],
    ['', KEY, 'live', {}],
    ['', `live/${KEY}`, 'live', {}],
    ['', `live?key=${KEY}`, 'live', {}],
    ['studio', KEY, 'studio', {}],
    ['studio/room-2', KEY, 'studio/room-2', {}],
    ['studio', `room/${KEY}`, 'studio/room', {}],
    ['my.app', KEY, 'my.app', {}],
    ['live', 'mr%5Fst%5F0aZ', 'live', {}],
    ['live', `?key=mr%5fst_0aZ`, 'live', {}],
    ['li%76e', KEY, 'live', {}],
    ['live', `${KEY}?note=a%20b%26c`, 'live', { note: 'a b&c' }],
    ['live', `${KEY}?key=`, 'live', {}],
    ['live', ` ${KEY}`, 'live', {}],
    ['live', `\t${KEY}\r\n`, 'live', {}],
    ['live', `\u00a0${KEY}\u200b`, 'live', {}],
    ['live', `%20${KEY}%20`, 'live', {}],
    ['live', `"${KEY}"`, 'live', {}],
    ['live ', KEY, 'live', {}],
    [' live/ ', ` ${KEY}`, 'live', {}],
    ['live', ` /${KEY}`, 'live', {}],
    ['live', `?key= ${KEY}`, 'live', {}],
    ['live', `key=${KEY}`, 'live', {}],
    ['live', `mp4:${KEY}`, 'live', {}],
    ['live', `flv:${KEY}.flv`, 'live', {}],
    ['live', `${KEY}.stream`, 'live', {}],
    ['live', `${KEY}.mp4?a=b`, 'live', { a: 'b' }],
    ['live', `${KEY}&bandwidthtest=true`, 'live', { bandwidthtest: 'true' }],
    ['live/_definst_', `mp4:${KEY}`, 'live', {}],
    ['live', `rtmp://host:1935/live/${KEY}`, 'live', {}],
    ['live', ` rtmps://[::1]/studio/${KEY}?a=b`, 'studio', { a: 'b' }],
  ])('finds the key in app %j with stream name %j', (app, streamName, expectedApp, query) => {
    expect(resolvePublishTarget({ app, streamName })).toEqual({
      app: expectedApp,
      key: KEY,
      query: new Map(Object.entries(query)),
    });
  });

  it.each<[app: string, streamName: string, fault: string]>([
    ['live', '', 'missing-key'],
    ['live/', '/', 'missing-key'],
    ['', '', 'missing-key'],
    ['live', '?', 'missing-key'],
    ['live', '?key=', 'missing-key'],
    ['live', '?keys=a', 'missing-key'],
    ['live', '../x', 'bad-app'],
    ['live/..', KEY, 'bad-app'],
    ['.', KEY, 'bad-app'],
    ['a/b/c/d/e', KEY, 'bad-app'],
    ['live app', KEY, 'bad-app'],
    ['li\nve', KEY, 'bad-app'],
    ['live', '..', 'bad-key'],
    ['live', '%2e%2e', 'bad-key'],
    ['live', 'a%2fb', 'bad-key'],
    ['live', 'a\0b', 'bad-key'],
    ['live', 'a%00b', 'bad-key'],
    ['live', 'a\r\nb', 'bad-key'],
    ['live', '#EXT-X-ENDLIST', 'bad-key'],
    ['live', '*', 'bad-key'],
    ['live', '>', 'bad-key'],
    ['live', 'a.b', 'bad-key'],
    ['live', '{x}', 'bad-key'],
    ['live', 'a b', 'bad-key'],
    ['live', 'é', 'bad-key'],
    ['live', '😀', 'bad-key'],
    ['live', 'a\u202eb', 'bad-key'],
    ['live', 'x'.repeat(129), 'bad-key'],
    ['live', '%', 'bad-encoding'],
    ['live', '%zz', 'bad-encoding'],
    ['live', '%ff', 'bad-encoding'],
    ['%', KEY, 'bad-encoding'],
    ['live', `${KEY}?a=%`, 'bad-encoding'],
    ['live', `${KEY}?${'a=1&'.repeat(1000)}`, 'too-many-parameters'],
    ['live?a', `${KEY}?${'a=1&'.repeat(32)}`, 'too-many-parameters'],
  ])('refuses app %j with stream name %j', (app, streamName, fault) => {
    expect(resolvePublishTarget({ app, streamName })).toMatchObject({ fault });
  });

  it('takes another default app, which is then no key', () => {
    expect(resolvePublishTarget({ app: 'ingest', streamName: '' }, 'ingest')).toMatchObject({ fault: 'missing-key' });
    expect(resolvePublishTarget({ app: '', streamName: KEY }, 'ingest')).toMatchObject({ app: 'ingest', key: KEY });
  });

  it.each<[app: string, streamName: string, expectedApp: string]>([
    ['live', `?token=${KEY}`, 'live'],
    ['live', `?x=1 2&streamkey= ${KEY}`, 'live'],
    ['live?token=' + KEY, '', 'live'],
    ['live', `camera1?token=${KEY}`, 'live'],
    ['live', `camera1?user=a&pass=${KEY}`, 'live'],
    ['live?token=' + KEY, 'camera1', 'live'],
    ['live', `camera1?${KEY}`, 'live'],
    ['live', `camera1?key=other&token=${KEY}`, 'live'],
    ['live', `${KEY}?token=other`, 'live'],
    ['live', `${KEY}?key=other`, 'live'],
    [KEY, 'camera1', 'live'],
    [`studio/${KEY}`, 'camera1', 'studio'],
    ['live', `mp4:${KEY}.stream/`, 'live'],
  ])(
    'takes what is known to be a key, wherever it is, in app %j with stream name %j',
    (app, streamName, expectedApp) => {
      const target = resolvePublishTarget({ app, streamName }, 'live', (text) => text === KEY);
      expect(target).toMatchObject({ key: KEY, app: expectedApp });
    },
  );

  it('keeps parameters out of every prototype', () => {
    const target = resolvePublishTarget({ app: 'live', streamName: `${KEY}?__proto__=1&constructor=2` });
    expect(target).toMatchObject({
      query: new Map([
        ['__proto__', '1'],
        ['constructor', '2'],
      ]),
    });
    expect(({} as Record<string, unknown>)['1']).toBeUndefined();
  });

  it('gives nothing but a safe key and a safe app, or a fault, for any text', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.webUrl(),
      fc.string({ unit: fc.constantFrom(...'a/.?=&%2eliv') }),
    );
    fc.assert(
      fc.property(text, text, (app, streamName) => {
        const target = resolvePublishTarget({ app, streamName });
        if ('fault' in target) return;
        expect(target.key).toMatch(/^[A-Za-z0-9_-]{1,128}$/);
        expect(target.app).toMatch(/^[A-Za-z0-9_-][A-Za-z0-9_.-]*(\/[A-Za-z0-9_-][A-Za-z0-9_.-]*){0,3}$/);
      }),
      { numRuns: 1000 },
    );
  });
});
