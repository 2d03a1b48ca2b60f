// Answers that are files of any length: so many at once, a share for each tenant, and none to a client that does not read.
import { Inject, Injectable } from '@nestjs/common';
import { SharedPlaces } from '@millrace/service-kit';
import type { Logger } from '@millrace/service-kit';
import type { FastifyReply } from 'fastify';
import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { shareOf } from '../auth/principal.ts';
import type { Principal } from '../auth/principal.ts';
import { ProblemError } from '../http/problem-error.ts';
import { GATEWAY_LOGGER, GATEWAY_SETTINGS } from '../ports/tokens.ts';
import type { GatewaySettings } from '../settings.ts';

const MS = 1_000;
const RETRY_AFTER_S = 10;

export interface ExportFile {
  readonly name: string;
  readonly type: string;
}

@Injectable()
export class Exports {
  readonly #places: SharedPlaces;

  constructor(
    @Inject(GATEWAY_SETTINGS) private readonly settings: GatewaySettings,
    @Inject(GATEWAY_LOGGER) private readonly logger: Logger,
  ) {
    const { maxExports: max, maxExportsPerTenant: maxPerTenant } = settings;
    this.#places = new SharedPlaces({ max, maxPerAddress: max, maxPerTenant });
  }

  /**
   * Sends what comes, as fast as it is read.
   *
   * @param parts of the file; when one of the first two (a header, and what comes after it) cannot be made, the answer is a problem
   *   document: behind the first byte it could not be
   * @throws ProblemError when too many exports are running
   */
  async send(caller: Principal, reply: FastifyReply, file: ExportFile, parts: AsyncGenerator<string>): Promise<void> {
    const leave = this.#places.take({ network: '', tenantId: shareOf(caller) });
    if (leave === undefined)
      throw new ProblemError('too_many_requests', 'Too many exports are running: try again when one has ended.', {
        headers: { 'retry-after': String(RETRY_AFTER_S) },
      });
    try {
      const body = Readable.from(following([await parts.next(), await parts.next()], parts));
      const unwatch = this.#watch(reply.raw, file.name);
      body.once('close', () => {
        unwatch();
        leave();
      });
      await reply.type(file.type).header('content-disposition', `attachment; filename="${file.name}"`).send(body);
    } catch (error) {
      leave();
      throw error;
    }
  }

  /** Cuts an answer that takes too long as a whole, or whose client does not read what is there for it. */
  #watch(response: ServerResponse, file: string): () => void {
    const { exportMaxMs, exportCheckMs, exportMinBytesPerSecond } = this.settings;
    const cut = (reason: 'too_long' | 'too_slow'): void => {
      this.logger.info({ file, reason }, 'an export was cut short');
      response.destroy();
    };
    const sent = (): number => (response.socket?.bytesWritten ?? 0) - (response.socket?.writableLength ?? 0);
    let before = sent();
    const whole = setTimeout(() => cut('too_long'), exportMaxMs).unref();
    const check = setInterval(() => {
      const now = sent();
      // Where the client has read everything, the database is what takes the time.
      if (response.writableNeedDrain && now - before < (exportMinBytesPerSecond * exportCheckMs) / MS) cut('too_slow');
      before = now;
    }, exportCheckMs).unref();
    return () => {
      clearTimeout(whole);
      clearInterval(check);
    };
  }
}

async function* following(
  begun: readonly IteratorResult<string, unknown>[],
  rest: AsyncIterable<string>,
): AsyncGenerator<string> {
  for (const part of begun) if (part.done !== true) yield part.value;
  yield* rest;
}
