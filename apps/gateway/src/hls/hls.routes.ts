// The addresses that players ask for. Plain Fastify routes rather than Nest controllers: they are public, need no pipes, and
// serve more requests than all others together (measured in apps/gateway/README.md).
import type { PlaybackMeter, Viewer, Watched } from '@millrace/playout';
import { peerNetwork } from '@millrace/service-kit';
import type { ClientAddresses } from '@millrace/service-kit';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { CROSS_ORIGIN_HEADERS } from '../http/cross-origin.ts';
import { sendProblem } from '../server/problem-filter.ts';
import type { AnswerAgain } from '../server/repeated-requests.ts';
import type { FaultLog } from '../server/problem-filter.ts';
import { PLAYBACK_CODE_LIMITS } from '../playback/playback-limits.ts';
import { ProblemError } from '../http/problem-error.ts';
import { addPublicRoute } from '../http/public-routes.ts';
import { MANIFEST_NAME } from '../dash/signed-manifest.ts';
import type { LiveViewers } from '../playback/live-viewers.ts';
import { isSigned } from '../playback/playback-gate.ts';
import type { PlaybackGate } from '../playback/playback-gate.ts';
import type { HlsMetrics, HoldReason, PlaybackKind } from './hls-metrics.ts';
import type { HlsRequest, HlsService } from './hls-service.ts';
import type { Representation } from './representation.ts';
import type { ResponseBytes } from './response-bytes.ts';
import { canPrepare, endOfHead, preparedParts } from './prepared-answer.ts';
import { sendRepresentation } from './send-representation.ts';

/** As usage and metrics name them. */
type Protocol = 'hls' | 'dash';
const HLS_PREFIX = '/hls/';
const HLS_PATH = '/hls/:playback_id/:file';
const KEY_PATH = '/hls/:playback_id/keys/:number';
const DASH_PATH = '/dash/:playback_id/:file';
/** What clients of MPEG-DASH set their clock by. */
const CLOCK_PATH = '/dash/:playback_id/time';
const CLOCK_CACHING = 'no-store';
const INFO_PATH = '/watch/:playback_id/info';
const SHORT_TOKEN_PATH = '/watch/:playback_id/short_token';
/** A cache in front may answer all viewers for this long. */
const INFO_CACHING = 'public, max-age=2, must-revalidate';
const OWN_INFO_CACHING = 'private, no-store';
const PREFLIGHT_HEADERS = {
  ...CROSS_ORIGIN_HEADERS,
  'access-control-allow-methods': 'GET, HEAD, OPTIONS',
  'access-control-allow-headers': 'If-None-Match, If-Range, Range, X-Request-Id',
  'access-control-max-age': '86400',
};

interface HlsParams {
  readonly playback_id: string;
  readonly file: string;
}

interface KeyParams {
  readonly playback_id: string;
  readonly number: string;
}

interface HlsRoutesOptions {
  readonly hls: HlsService;
  readonly gate: PlaybackGate;
  readonly viewers: LiveViewers;
  readonly metrics: HlsMetrics;
  readonly meter: PlaybackMeter;
  readonly egress: ResponseBytes;
  readonly log: FaultLog;
}

export class HlsRoutes {
  readonly #hls: HlsService;
  readonly #gate: PlaybackGate;
  readonly #viewers: LiveViewers;
  readonly #metrics: HlsMetrics;
  readonly #meter: PlaybackMeter;
  readonly #egress: ResponseBytes;
  readonly #log: FaultLog;

  constructor({ hls, gate, viewers, metrics, meter, egress, log }: HlsRoutesOptions) {
    this.#hls = hls;
    this.#gate = gate;
    this.#viewers = viewers;
    this.#metrics = metrics;
    this.#meter = meter;
    this.#egress = egress;
    this.#log = log;
  }

  register(server: FastifyInstance): void {
    server.connectionGuard.answerFirst((request, response) => this.#answerCached(request, response, server));
    addPublicRoute(server, {
      method: ['GET', 'HEAD'],
      url: HLS_PATH,
      handler: (request, reply) => this.#answer(request, reply, 'hls'),
    });
    addPublicRoute(server, {
      method: ['GET', 'HEAD'],
      url: DASH_PATH,
      handler: (request, reply) => this.#answer(request, reply, 'dash'),
    });
    addPublicRoute(server, {
      method: ['GET', 'HEAD'],
      url: CLOCK_PATH,
      handler: (_request, reply) =>
        reply
          .headers({ ...CROSS_ORIGIN_HEADERS, 'cache-control': CLOCK_CACHING })
          .type('text/plain; charset=utf-8')
          .send(new Date().toISOString()),
    });
    addPublicRoute(server, {
      method: ['GET', 'HEAD'],
      url: INFO_PATH,
      handler: (request, reply) => this.#answerInfo(request, reply),
    });
    addPublicRoute(server, {
      method: 'POST',
      url: SHORT_TOKEN_PATH,
      handler: (request, reply) => this.#answerShortToken(request, reply),
    });
    addPublicRoute(server, {
      method: ['GET', 'HEAD'],
      url: KEY_PATH,
      handler: (request, reply) => this.#answerKey(request, reply),
    });
    for (const url of [HLS_PATH, KEY_PATH, DASH_PATH, INFO_PATH])
      addPublicRoute(server, {
        method: 'OPTIONS',
        url,
        handler: (_request, reply) => reply.code(204).headers(PREFLIGHT_HEADERS).send(),
      });
  }

  /** Name, viewers, whether it is live: what the watch page shows beside the picture. */
  async #answerInfo(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const { playback_id: playbackId } = request.params as Pick<HlsParams, 'playback_id'>;
    void reply.headers(CROSS_ORIGIN_HEADERS);
    try {
      const visitor = this.#gate.visitorOf(request.raw, request.server.clientAddresses);
      const { name, live, signed } = await this.#hls.about(playbackId, visitor);
      const info = { name, live, viewers: await this.#viewers.countOf(playbackId) };
      await reply
        .header('cache-control', signed ? OWN_INFO_CACHING : INFO_CACHING)
        .type('application/json; charset=utf-8')
        .send(JSON.stringify(info));
    } catch (error) {
      sendProblem(request, reply, this.#problemOf(error, request));
    }
  }

  async #answerShortToken(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const { playback_id: playbackId } = request.params as Pick<HlsParams, 'playback_id'>;
    void reply.headers(CROSS_ORIGIN_HEADERS);
    try {
      const visitor = this.#gate.visitorOf(request.raw, request.server.clientAddresses);
      const { token, expiresAtMs } = await this.#hls.shortToken(playbackId, visitor);
      await reply
        .header('cache-control', OWN_INFO_CACHING)
        .type('application/json; charset=utf-8')
        .send(JSON.stringify({ token, expires_at: new Date(expiresAtMs).toISOString() }));
    } catch (error) {
      sendProblem(request, reply, this.#problemOf(error, request));
    }
  }

  async #answerKey(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const { playback_id: playbackId, number } = request.params as KeyParams;
    const startedAt = performance.now();
    try {
      const visitor = this.#gate.visitorOf(request.raw, request.server.clientAddresses);
      // What refuses it is answered by the router: the reply is taken over only behind it.
      const key = await this.#hls.key(playbackId, number, visitor);
      const watched = { kind: 'key', playbackId, protocol: 'hls' } as const;
      this.#send(request.raw, takeOver(reply), request.server.clientAddresses, watched, key);
    } catch (error) {
      this.#refuse(request, reply, 'key', error);
    }
    this.#metrics.took('key', performance.now() - startedAt, undefined);
  }

  /**
   * A cached playlist or segment that is asked for by its plain address: most of what viewers ask for, and answered without the router.
   *
   * @returns whether it was answered
   */
  #answerCached(
    request: IncomingMessage,
    response: ServerResponse,
    { clientAddresses: clients, connectionGuard }: FastifyInstance,
  ): boolean {
    const { method, url } = request;
    if (method !== 'GET' || url === undefined || !url.startsWith(HLS_PREFIX)) return false;
    const slash = url.indexOf('/', HLS_PREFIX.length);
    if (slash < 0) return false;
    const startedAt = performance.now();
    const file = url.slice(slash + 1);
    const kind = this.#hls.kindOf(file);
    const playbackId = url.slice(HLS_PREFIX.length, slash);
    const asked: HlsRequest = { kind, playbackId, file, url, isPreview: false };
    const cached = this.#hls.cached(asked);
    if (cached === undefined) return false;
    if (isSameForAll(request) && canPrepare(request, response, cached))
      connectionGuard.repeated.remember(request, () =>
        this.#answersAgain(request, clients.of(request), playbackId, endOfHead(response, cached)),
      );
    this.#send(request, response, clients, { kind, playbackId, protocol: 'hls' }, cached);
    this.#metrics.took(kind, performance.now() - startedAt, undefined);
    return true;
  }

  /** Answers a viewer's requests for playlists and segments as one of them was answered before, while both are the same for all. */
  #answersAgain(
    request: IncomingMessage,
    address: string,
    playbackId: string,
    head: string | undefined,
  ): AnswerAgain | undefined {
    const fact = this.#hls.factOf(playbackId);
    if (fact === undefined || isSigned(fact)) return undefined;
    const { streamId, tenantId } = fact;
    const network = peerNetwork(address);
    const viewer = viewerOf(request, address, { playbackId, streamId, tenantId }, undefined);
    const polled = this.#meter.poller('hls', viewer);
    const sent = (bytes: number): void => this.#meter.sent('hls', viewer, bytes);
    return (file, socket, flushed) => {
      const startedAt = performance.now();
      const kind = this.#hls.kindOf(file);
      const url = `${HLS_PREFIX}${playbackId}/${file}`;
      const cached = this.#hls.cached({ kind, playbackId, file, url, isPreview: false });
      const parts = cached && preparedParts(cached, head);
      if (parts === undefined || this.#hls.factOf(playbackId)?.streamId !== streamId) return false;
      this.#egress.writeTo(socket, parts, sent, flushed);
      this.#metrics.answered(kind, 200, cached!.body.byteLength);
      if (kind === 'media') polled();
      this.#metrics.took(kind, performance.now() - startedAt, undefined);
      this.#hls.renew(playbackId, network);
      return true;
    };
  }

  #answer(request: FastifyRequest, reply: FastifyReply, protocol: Protocol): void | Promise<void> {
    const { playback_id: playbackId, file } = request.params as HlsParams;
    const startedAt = performance.now();
    const kind = protocol === 'hls' ? this.#hls.kindOf(file) : file === MANIFEST_NAME ? 'manifest' : 'segment';
    const isPreview = request.method === 'HEAD';
    const asked: HlsRequest = { kind, playbackId, file, url: request.url, isPreview };
    const cached = this.#hls.cached(asked);
    if (cached === undefined) return this.#answerLater(request, reply, asked, protocol);
    this.#send(request.raw, takeOver(reply), request.server.clientAddresses, { ...asked, protocol }, cached);
    this.#metrics.took(kind, performance.now() - startedAt, undefined);
  }

  async #answerLater(
    request: FastifyRequest,
    reply: FastifyReply,
    asked: HlsRequest,
    protocol: Protocol,
  ): Promise<void> {
    const { kind } = asked;
    const startedAt = performance.now();
    let held: HoldReason | undefined;
    const beforeWaiting = (reason: HoldReason): AbortSignal => {
      refuseLarge(request);
      held = reason;
      return goneSignal(reply);
    };
    try {
      const visitor = this.#gate.visitorOf(request.raw, request.server.clientAddresses);
      const { what, tokenId } = await this.#hls.find(asked, visitor, beforeWaiting);
      const { clientAddresses } = request.server;
      this.#send(request.raw, takeOver(reply), clientAddresses, { ...asked, protocol }, what, tokenId);
    } catch (error) {
      this.#refuse(request, reply, kind, error);
    }
    this.#metrics.took(kind, performance.now() - startedAt, held);
  }

  #refuse(request: FastifyRequest, reply: FastifyReply, kind: PlaybackKind, error: unknown): void {
    const problem = this.#problemOf(error, request);
    this.#metrics.answered(kind, problem.status, 0);
    sendProblem(request, reply.headers(CROSS_ORIGIN_HEADERS), problem);
  }

  #send(
    request: IncomingMessage,
    response: ServerResponse,
    clients: ClientAddresses,
    { kind, playbackId, protocol }: Pick<HlsRequest, 'kind' | 'playbackId'> & { readonly protocol: Protocol },
    what: Representation,
    tokenId?: string,
  ): void {
    const fact = this.#hls.factOf(playbackId);
    const begun = this.#egress.begin(response);
    const { status, bytes } = sendRepresentation(request, response, what);
    this.#metrics.answered(kind, status, bytes);
    if (fact === undefined) return;
    const watched = { playbackId, streamId: fact.streamId, tenantId: fact.tenantId };
    this.#egress.written(response, begun, bytes, (sent) => this.#meter.sent(protocol, watched, sent));
    if (kind === 'media' || kind === 'manifest')
      this.#meter.polled(protocol, viewerOf(request, clients.of(request), watched, tokenId));
  }

  #problemOf(error: unknown, request: FastifyRequest): ProblemError {
    if (error instanceof ProblemError) return error;
    this.#log.error({ err: error, request_id: request.id }, 'playback request failed');
    this.#metrics.refused('internal_error');
    return new ProblemError('internal_error', 'An internal error occurred on this server.', { cause: error });
  }
}

/** Whether the answer depends on nothing that the client has, and is the only one that the client expects. */
const isSameForAll = ({ headers }: IncomingMessage): boolean =>
  headers['if-none-match'] === undefined && headers.range === undefined && headers.expect === undefined;

/** From here on the response is written by hand. */
function takeOver(reply: FastifyReply): ServerResponse {
  reply.hijack();
  return reply.raw;
}

/** What tells two players apart, roughly. */
const viewerOf = (
  { headers }: IncomingMessage,
  address: string,
  watched: Watched,
  tokenId: string | undefined,
): Viewer => ({ ...watched, address, userAgent: headers['user-agent'] ?? '', tokenId });

/** @throws ProblemError for a request that would take more memory than one that is held may */
function refuseLarge({ url, raw }: FastifyRequest): void {
  const bytes = raw.rawHeaders.reduce((sum, text) => sum + text.length, url.length);
  const most = PLAYBACK_CODE_LIMITS.maxHeldRequestBytes;
  if (bytes <= most) return;
  const detail = `A request that waits may have at most ${most} bytes of address and headers: this one has ${bytes}.`;
  throw new ProblemError('invalid_request', detail);
}

/** Aborted when the client goes away before it has its answer. */
function goneSignal(reply: FastifyReply): AbortSignal {
  const gone = new AbortController();
  reply.raw.once('close', () => gone.abort());
  return gone.signal;
}
