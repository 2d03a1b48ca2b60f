import type { ConsoleFile } from '@millrace/console';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { matchesTag, strongTag } from '../hls/entity-tag.ts';
import { sendAsset } from '../html/send-page.ts';
import { acceptsGzip } from '../http/accept.ts';

/** Browsers keep the file for an hour, then ask whether it is still this one. */
const FOR_AN_HOUR = 'public, max-age=3600';
/** For a file whose name says what is in it. */
export const FOR_EVER = 'public, max-age=31536000, immutable';

const compress = promisify(gzip);

interface StoredForm {
  readonly body: Buffer;
  readonly tag: string;
}

/** A file that is part of this program, read and compressed at most once. */
export class StaticFile {
  #content: StoredForm | undefined;
  #compressed: Promise<StoredForm> | undefined;
  readonly #source: ConsoleFile;
  readonly #caching: string;

  constructor(source: ConsoleFile, caching = FOR_AN_HOUR) {
    this.#source = source;
    this.#caching = caching;
  }

  text(): string {
    return this.#read().body.toString('utf8');
  }

  async send(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const isCompressed = acceptsGzip(request.headers['accept-encoding']);
    const { body, tag } = isCompressed ? await this.#compress() : this.#read();
    void reply.headers({ etag: tag, vary: 'accept-encoding' });
    const unless = request.headers['if-none-match'];
    if (unless !== undefined && matchesTag(unless, tag))
      return reply.code(304).header('cache-control', this.#caching).send();
    if (isCompressed) void reply.header('content-encoding', 'gzip');
    return sendAsset(reply, this.#source.contentType, body, this.#caching);
  }

  #read(): StoredForm {
    return (this.#content ??= storedForm(readFileSync(this.#source.file)));
  }

  #compress(): Promise<StoredForm> {
    return (this.#compressed ??= compress(this.#read().body).then(storedForm));
  }
}

const storedForm = (body: Buffer): StoredForm => ({ body, tag: strongTag(body) });
