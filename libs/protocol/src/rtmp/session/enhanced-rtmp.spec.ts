// Enhanced RTMP v2: what connect negotiates, and the request to reconnect.
import { describe, expect, it } from 'vitest';
import type { AmfValue } from '../../amf0/index.ts';
import { propertiesOf } from '../../amf0/index.ts';
import { record } from '../../testing/amf-record.ts';
import { ServerHarness } from '../testing/server-harness.ts';
import {
  capabilityProperties,
  CapsEx,
  fourCcInfo,
  FourCcInfo,
  readCapabilities,
  VideoFunction,
} from './capabilities.ts';
import { connectInfo } from './connect-info.ts';
import type { ConnectInfo } from './connect-info.ts';
import { DEFAULT_SERVER_SESSION_LIMITS } from './server-session-options.ts';

function infoOf(object: Readonly<Record<string, AmfValue>>): ConnectInfo {
  const command = { name: 'connect', transactionId: 1, object: record(object), args: [] };
  const info = connectInfo(command, DEFAULT_SERVER_SESSION_LIMITS);
  if (typeof info === 'string') throw new Error(info);
  return info;
}

function answerTo(object: Readonly<Record<string, AmfValue>>): Readonly<Record<string, AmfValue>> {
  const harness = new ServerHarness().handshake().command('connect', 1, [record({ app: 'live', ...object })]);
  return propertiesOf(harness.commands[0]?.object) ?? {};
}

describe('connect with Enhanced RTMP', () => {
  it.each([
    [{}, 0, false],
    [{ capsEx: 0 }, 0, false],
    [{ capsEx: 1 }, 1, true],
    [{ capsEx: 2 }, 2, false],
    [{ capsEx: 15 }, 15, true],
    [{ capsEx: NaN }, 0, false],
    [{ capsEx: 1e308 }, 0, false],
    [{ capsEx: -1 }, 0, false],
    [{ capsEx: 'x' }, 0, false],
  ])('%j has the capabilities %i and reconnects: %s', (object, capsEx, reconnectSupported) => {
    expect(infoOf(object)).toMatchObject({ capsEx, reconnectSupported, enhanced: 'capsEx' in object });
  });

  it('reads lists and maps of FourCCs, and only those', () => {
    const info = infoOf({
      fourCcList: ['av01', 'hvc1', '*', 5, 'toolong', null],
      videoFourCcInfoMap: record({ av01: 1, '*': 4, bad: 1, hvc1: 'x' }),
      audioFourCcInfoMap: 'none',
    });
    expect(info.fourCcList).toEqual(['av01', 'hvc1', '*']);
    expect(info.videoFourCcInfoMap).toEqual(
      new Map([
        ['av01', 1],
        ['*', 4],
        ['hvc1', 0],
      ]),
    );
    expect(info.audioFourCcInfoMap).toEqual(new Map());
  });

  it('writes what it reads', () => {
    const capabilities = {
      capsEx: CapsEx.reconnect | CapsEx.multitrack,
      fourCcList: ['*'],
      videoFourCcInfoMap: new Map([['av01', FourCcInfo.canDecode | FourCcInfo.canEncode]]),
      audioFourCcInfoMap: new Map([['*', FourCcInfo.canForward]]),
      videoFunction: VideoFunction.hdr | VideoFunction.metadata,
    };
    expect(readCapabilities(capabilityProperties(capabilities))).toEqual(capabilities);
    expect(infoOf(capabilityProperties(capabilities))).toMatchObject(capabilities);
    expect(capabilityProperties({})).toEqual(record({}));
  });

  it('takes the wildcard for any codec, whatever else is said of it', () => {
    expect(fourCcInfo(new Map([['av01', 1]]), 'av01')).toBe(1);
    expect(fourCcInfo(new Map([['av01', 1]]), 'vp09')).toBe(0);
    const any = new Map([
      ['av01', 1],
      ['*', 4],
    ]);
    expect([fourCcInfo(any, 'av01'), fourCcInfo(any, 'vp09')]).toEqual([4, 4]);
  });

  it('holds lists of FourCCs to a length', () => {
    expect(infoOf({ fourCcList: new Array<string>(1000).fill('av01') }).fourCcList).toHaveLength(64);
  });

  it('tells what the server supports only to who asked', () => {
    expect(answerTo({})).not.toHaveProperty('capsEx');
    expect(answerTo({ capsEx: 3 })).toMatchObject({
      capsEx: 13,
      videoFourCcInfoMap: record({ avc1: 4 }),
      audioFourCcInfoMap: record({ mp4a: 4, '.mp3': 4 }),
    });
    expect(answerTo({ capsEx: 3 })).not.toHaveProperty('fourCcList');
  });

  it('answers a list with what of it the server supports', () => {
    expect(answerTo({ fourCcList: ['av01', 'avc1', 'mp4a'] })['fourCcList']).toEqual(['avc1', 'mp4a']);
    expect(answerTo({ fourCcList: ['*'] })['fourCcList']).toEqual(['avc1', 'mp4a', '.mp3']);
  });

  it('answers the object encoding that was asked for', () => {
    for (const [asked, given] of [
      [0, 0],
      [3, 3],
      [1, 0],
      ['3', 0],
    ] as const) {
      const harness = new ServerHarness()
        .handshake()
        .command('connect', 1, [record({ app: 'live', objectEncoding: asked })]);
      expect(propertiesOf(harness.commands[0]?.args[0])).toMatchObject({ objectEncoding: given });
    }
  });
});

describe('the request to reconnect', () => {
  it.each<[string | undefined, object]>([
    [undefined, {}],
    ['rtmp://other/live', { tcUrl: 'rtmp://other/live' }],
  ])('with the address %s', (tcUrl, expected) => {
    const harness = new ServerHarness().publishing();
    harness.session.sendReconnectRequest(tcUrl, 'draining');
    expect(harness.commands.at(-1)).toEqual({
      name: 'onStatus',
      transactionId: 0,
      object: null,
      stream: 0,
      args: [
        record({
          level: 'status',
          code: 'NetConnection.Connect.ReconnectRequest',
          description: 'draining',
          ...expected,
        }),
      ],
    });
    // The client goes on until it has a new connection.
    expect(harness.session.stateName).toBe('publishing');
  });

  it('is not sent before connect, nor after the end', () => {
    const early = new ServerHarness().handshake();
    early.session.sendReconnectRequest(undefined, 'draining');
    expect(early.answers).toEqual([]);
    const late = new ServerHarness().publishing();
    late.session.end();
    late.answers.length = 0;
    late.session.sendReconnectRequest(undefined, 'draining');
    expect(late.answers).toEqual([]);
  });
});
