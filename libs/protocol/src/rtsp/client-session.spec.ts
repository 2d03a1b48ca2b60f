import { describe, expect, it } from 'vitest';
import { RtspClientSession } from './client-session.ts';
import type { RtspClientEvent, RtspClientOptions } from './client-session.ts';
import { encodeInterleaved } from './interleaved.ts';
import { DEFAULT_RTSP_READER_LIMITS, RtspReader } from './rtsp-reader.ts';
import type { RtspRequest } from './rtsp-message.ts';

const URL = 'rtsp://camera.example/door';
const CREDENTIALS = { username: 'admin', password: 'secret' };

/** A server that answers what a test says, and the events that it brings about. */
class Server {
  readonly client: RtspClientSession;
  readonly asked: RtspRequest[] = [];
  readonly events: Exclude<RtspClientEvent, { kind: 'send' }>[] = [];
  readonly #reader = new RtspReader();

  constructor(options: Partial<RtspClientOptions> = {}) {
    const limits = DEFAULT_RTSP_READER_LIMITS;
    this.client = new RtspClientSession({ url: URL, credentials: undefined, userAgent: 'test', limits, ...options });
    this.client.start();
    this.take();
  }

  get last(): RtspRequest {
    return this.asked.at(-1)!;
  }

  /** The lines of an answer to the last request, without its CSeq. */
  answer(first: string, headers: readonly string[] = [], body = ''): this {
    const cSeq = `CSeq: ${this.last.headers.get('cseq')}`;
    const length = body === '' ? [] : [`Content-Length: ${body.length}`];
    return this.send(`${[`RTSP/1.0 ${first}`, cSeq, ...headers, ...length].join('\r\n')}\r\n\r\n${body}`);
  }

  send(bytes: string | Buffer): this {
    this.client.push(Buffer.from(bytes));
    return this.take();
  }

  take(): this {
    for (let event = this.client.next(); event !== undefined; event = this.client.next()) {
      if (event.kind !== 'send') {
        this.events.push(event);
        continue;
      }
      this.#reader.push(event.bytes);
      for (let item = this.#reader.next(); item !== undefined; item = this.#reader.next())
        if (item.kind === 'request') this.asked.push(item.request);
    }
    return this;
  }

  described(headers: readonly string[] = []): this {
    return this.answer('200 OK').answer('200 OK', headers, 'v=0');
  }

  setUp(controls: readonly (string | undefined)[], aggregate?: string): this {
    this.client.setUp(controls, aggregate);
    return this.take();
  }

  get asks(): string[] {
    return this.asked.map(({ method, uri }) => `${method} ${uri}`);
  }
}

const failure = (server: Server): string | undefined => {
  const last = server.events.at(-1);
  return last?.kind === 'failed' ? last.fault.message : undefined;
};

describe('a session that records', () => {
  const announced = Buffer.from('v=0\r\ns=x\r\n');

  it('announces, also behind an answer to a challenge, sets each track up, and records', () => {
    const server = new Server({ announced, peer: 'the server', credentials: CREDENTIALS }).answer('200 OK');
    server.answer('401 Unauthorized', ['WWW-Authenticate: Digest realm="r", nonce="n"']);
    for (const { method, headers, body } of server.asked.slice(1)) {
      expect([method, headers.get('content-type'), body]).toEqual(['ANNOUNCE', 'application/sdp', announced]);
    }
    expect(server.last.headers.get('authorization')).toMatch(/^Digest username="admin"/);
    server.answer('200 OK', ['Session: abc']).setUp(['trackID=0', 'trackID=1']);
    expect(server.events).toEqual([{ kind: 'announced' }]);
    expect(server.last.headers.get('transport')).toBe('RTP/AVP/TCP;unicast;interleaved=0-1;mode=record');
    server.answer('200 OK').answer('200 OK', ['Transport: RTP/AVP/TCP;unicast;interleaved=4-5;mode=record']);
    server.client.record();
    server.take().answer('200 OK');
    expect(server.events.slice(1)).toEqual([
      {
        kind: 'set-up',
        channels: [
          [0, 1],
          [4, 5],
        ],
      },
      { kind: 'recording' },
    ]);
    expect(server.asks).toEqual([
      `OPTIONS ${URL}`,
      `ANNOUNCE ${URL}`,
      `ANNOUNCE ${URL}`,
      `SETUP ${URL}/trackID=0`,
      `SETUP ${URL}/trackID=1`,
      `RECORD ${URL}`,
    ]);
  });

  it('fails with what the server says', () => {
    const server = new Server({ announced, peer: 'the server' }).answer('200 OK').answer('403 Forbidden');
    expect(failure(server)).toBe('the server answers ANNOUNCE with 403: "Forbidden"');
    const telltale = new Server({ credentials: CREDENTIALS }).answer('200 OK');
    telltale.answer('401 Unauthorized', ['WWW-Authenticate: Basic realm="r"']);
    telltale.answer(`403 no ${telltale.last.headers.get('authorization')} with secret`);
    expect(failure(telltale)).toBe('the source answers DESCRIBE with 403: "no Basic *** with ***"');
    const prover = new Server({ credentials: CREDENTIALS }).answer('200 OK');
    prover.answer('401 Unauthorized', [
      'WWW-Authenticate: Digest realm="r", nonce="n0nce", opaque="0paque", qop="auth", algorithm=SHA-256',
    ]);
    const proof = prover.last.headers.get('authorization')!;
    expect(proof).toMatch(/response="[0-9a-f]{64}".*cnonce="[0-9a-f]{16}"/);
    // One after the other: of what is said, no more is shown than fits.
    const proofs = ['response', 'cnonce', 'nonce', 'opaque'].map(
      (name) => new RegExp(` ${name}="([^"]*)"`).exec(proof)![1]!,
    );
    prover.answer(`403 ${proofs[0]!.toUpperCase()} ${proofs.join(' ')}`);
    expect(failure(prover)).toBe('the source answers DESCRIBE with 403: "*** *** *** *** ***"');
    const key = 'k'.repeat(40);
    const long = new Server({ announced, secrets: [key] }).answer('200 OK').answer(`404 ${'x'.repeat(100)} ${key}`);
    expect(failure(long)).toBe(`the source answers ANNOUNCE with 404: "${'x'.repeat(100)} ***"`);
  });

  it('calls the server as it calls itself, without what it was shown', () => {
    const server = new Server({ credentials: CREDENTIALS }).answer('200 OK');
    server.answer('401 Unauthorized', ['WWW-Authenticate: Basic realm="r"', 'Server: cam for secret']);
    expect(server.client.server).toBe('cam for ***');
  });
});

describe('a session that plays', () => {
  it('asks, sets each track up, plays, and shows that it is there', () => {
    const server = new Server().described([`Content-Base: ${URL}/`]).setUp(['trackID=0', 'trackID=1'], '*');
    expect(server.events).toEqual([{ kind: 'described', description: Buffer.from('v=0') }]);
    expect(server.last.headers.get('transport')).toBe('RTP/AVP/TCP;unicast;interleaved=0-1');
    server.answer('200 OK', ['Session: abc;timeout=30', 'Transport: RTP/AVP/TCP;unicast;interleaved=0-1']);
    expect(server.last.headers.get('session')).toBe('abc');
    server.answer('200 OK', ['Session: abc;timeout=30', 'Transport: RTP/AVP/TCP;unicast;interleaved=6-7']);
    expect(server.events.at(-1)).toEqual({
      kind: 'set-up',
      channels: [
        [0, 1],
        [6, 7],
      ],
    });
    server.client.play();
    // Another order than that of the tracks, and one address that is relative.
    server.take().answer('200 OK', [`RTP-Info: url=trackID=1;seq=1;rtptime=7,url=${URL}/trackID=0;seq=2;rtptime=9`]);
    expect(server.events.at(-1)).toEqual({ kind: 'playing', rtpTimes: [9, 7] });
    expect(server.client.keepAliveMs).toBe(10_000);
    server.client.keepAlive();
    expect(server.take().asks).toEqual([
      `OPTIONS ${URL}`,
      `DESCRIBE ${URL}`,
      `SETUP ${URL}/trackID=0`,
      `SETUP ${URL}/trackID=1`,
      `PLAY ${URL}/`,
      `GET_PARAMETER ${URL}/`,
    ]);
    server.answer('200 OK').send(encodeInterleaved(6, Buffer.from('rtp')));
    expect(server.events.at(-1)).toEqual({ kind: 'frame', channel: 6, packet: Buffer.from('rtp') });
    server.client.teardown();
    expect(server.take().last.method).toBe('TEARDOWN');
  });

  it('shows that it is there by OPTIONS where the server does not say that it knows anything else', () => {
    const server = new Server().answer('200 OK', ['Public: OPTIONS, DESCRIBE, SETUP, PLAY']);
    server.answer('200 OK', [], 'v=0').setUp(['a']).answer('200 OK', ['Session: s']);
    server.client.keepAlive();
    expect(server.take().last.method).toBe('OPTIONS');
    const other = new Server().described().setUp(['a']).answer('200 OK', ['Session: s']);
    other.client.keepAlive();
    other.take().answer('501 Not Implemented');
    other.client.keepAlive();
    expect(other.take().last.method).toBe('OPTIONS');
    other.answer('454 Session Not Found');
    expect(failure(other)).toContain('has ended the session');
  });

  it.each([
    ['trackID=1', `${URL}/trackID=1`],
    ['/trackID=1', `${URL}/trackID=1`],
    ['rtsp://other.example/track', 'rtsp://other.example/track'],
    ['*', URL],
    [undefined, URL],
  ])('sets up the track %s at %s', (control, address) => {
    expect(new Server().described().setUp([control]).last.uri).toBe(address);
  });

  it.each(['a b', 'a\r\nX: y', 'ä', 'x'.repeat(1_025)])('does not ask for the track %j', (control) => {
    expect(failure(new Server().described().setUp([control]))).toBe('the description has no address of a track');
  });

  it('asks whether the server is there once at a time', () => {
    const server = new Server().described().setUp(['a']).answer('200 OK', ['Session: s']);
    const asks = () => server.asked.filter(({ method }) => method === 'GET_PARAMETER').length;
    for (let i = 0; i < 3; i++) server.client.keepAlive();
    expect(server.take() && asks()).toBe(1);
    server.answer('200 OK').client.keepAlive();
    expect(server.take() && asks()).toBe(2);
  });

  it('answers what a server asks', () => {
    const server = new Server();
    server.client.push(Buffer.from('OPTIONS * RTSP/1.0\r\nCSeq: 7\r\n\r\nREDIRECT * RTSP/1.0\r\nCSeq: 8\r\n\r\n'));
    const answers = [server.client.next(), server.client.next()];
    expect(answers.map((event) => event?.kind === 'send' && event.bytes.toString().split('\r\n', 2))).toEqual([
      ['RTSP/1.0 200 OK', 'CSeq: 7'],
      ['RTSP/1.0 501 Not Implemented', 'CSeq: 8'],
    ]);
    expect(failure(server.send('TEARDOWN * RTSP/1.0\r\nCSeq: 9\r\n\r\n'))).toBe('the source has ended the session');
  });
});

describe('a session with credentials', () => {
  const challenge = (nonce: string, more = '') => [`WWW-Authenticate: Digest realm="r", nonce="${nonce}"${more}`];

  it('shows them when it is asked, and from then on', () => {
    const server = new Server({ credentials: CREDENTIALS });
    expect(server.last.headers.get('authorization')).toBeUndefined();
    server.answer('200 OK').answer('401 Unauthorized', challenge('n1'));
    expect(server.last.method).toBe('DESCRIBE');
    expect(server.last.headers.get('authorization')).toContain('nonce="n1"');
    server.answer('200 OK', [], 'v=0').setUp(['a']);
    expect(server.last.headers.get('authorization')).toContain(`uri="${URL}/a"`);
    // Later the nonce is out of date.
    server.answer('401 Unauthorized', challenge('n2', ', stale=true'));
    expect(server.last.headers.get('authorization')).toContain('nonce="n2"');
    server.answer('200 OK');
    expect(server.events.at(-1)?.kind).toBe('set-up');
    expect(server.asked.every(({ headers }) => !headers.get('authorization')?.includes(CREDENTIALS.password))).toBe(
      true,
    );
  });

  it('says a name of any characters in UTF-8, which ends no header', () => {
    const sent: Buffer[] = [];
    const server = new Server({ credentials: { username: 'ü\u010d\u010aX: y', password: 'p' } });
    server.answer('200 OK');
    server.client.push(
      Buffer.from(`RTSP/1.0 401 No\r\nCSeq: 2\r\nWWW-Authenticate: Digest realm="Tür", nonce="n"\r\n\r\n`),
    );
    for (let event = server.client.next(); event !== undefined; event = server.client.next())
      if (event.kind === 'send') sent.push(event.bytes);
    const lines = Buffer.concat(sent).toString('utf8').split('\r\n');
    expect(lines.find((line) => line.startsWith('Authorization'))).toContain(
      'username="ü\u010d\u010aX: y", realm="Tür"',
    );
    expect(lines.filter((line) => line.startsWith('X:'))).toEqual([]);
  });

  it.each([
    ['without any', undefined, challenge('n'), 'the source asks for a user name and a password (401)'],
    ['with wrong ones', CREDENTIALS, challenge('n'), 'the source refuses the user name or the password (401)'],
    ['where the server is never content', CREDENTIALS, challenge('n', ', stale=true'), 'the source refuses'],
    ['where nothing is known that it asks for', CREDENTIALS, [], 'a proof of the password that is not supported'],
  ])('ends %s', (_, credentials, headers, words) => {
    const server = new Server({ credentials }).answer('200 OK');
    for (let i = 0; i < 5 && failure(server) === undefined; i++) server.answer('401 Unauthorized', headers);
    expect(failure(server)).toContain(words);
    expect(server.asked.length).toBeLessThan(6);
  });
});

describe('a session that is refused', () => {
  it.each([
    ['302 Moved', 'redirects are not followed'],
    ['404 Not Found', 'the source answers DESCRIBE with 404: "Not Found"'],
    ['503 \u0007bad\u001b[1m', 'the source answers DESCRIBE with 503: "bad [1m"'],
  ])('says so: %s', (line, words) => {
    expect(failure(new Server().answer('200 OK').answer(line, ['Location: rtsp://10.0.0.1/']))).toContain(words);
  });

  it.each([
    [['Transport: RTP/AVP;unicast;client_port=1-2'], 'does not carry media over its TCP connection'],
    [['Transport: RTP/AVP/TCP;unicast;interleaved=0-1'], 'two tracks on one channel'],
  ])('says what is wrong with an answer to SETUP: %s', (headers, words) => {
    const server = new Server().described().setUp(['a', 'b']).answer('200 OK', headers);
    if (failure(server) === undefined) server.answer('200 OK', headers);
    expect(failure(server)).toContain(words);
  });

  it('ends at what is not RTSP, and at what is too large', () => {
    expect(failure(new Server().send('\0\0'))).toContain('not RTSP');
    expect(failure(new Server().send(`RTSP/1.0 200 OK\r\nX: ${'x'.repeat(20_000)}`))).toContain('not RTSP');
    const server = new Server().send('\0\0');
    server.client.push(Buffer.from('more'));
    expect(server.client.next()).toBeUndefined();
  });
});
