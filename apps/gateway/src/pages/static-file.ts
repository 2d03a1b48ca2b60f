import type { ConsoleFile } from '@millrace/console';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { readFileSync } from 'node:fs';
import { matchesTag, strongTag } from '../hls/entity-tag.ts';
import { sendAsset } from '../html/send-page.ts';

/** Browsers keep the file for an hour, then ask whether it is still this one. */
const CACHING = 'public, max-age=3600';

/** A file that is part of this program, read at most once. */
export class StaticFile {
  #content: { readonly body: Buffer; readonly tag: string } | undefined;
  readonly #source: ConsoleFile;

  constructor(source: ConsoleFile) {
    this.#source = source;
  }

  text(): string {
    return this.#read().body.toString('utf8');
  }

  send(request: FastifyRequest, reply: FastifyReply): FastifyReply {
    const { body, tag } = this.#read();
    void reply.header('etag', tag);
    const unless = request.headers['if-none-match'];
    if (unless !== undefined && matchesTag(unless, tag)) return reply.code(304).header('cache-control', CACHING).send();
    return sendAsset(reply, this.#source.contentType, body, CACHING);
  }

  #read(): { readonly body: Buffer; readonly tag: string } {
    if (this.#content !== undefined) return this.#content;
    const body = readFileSync(this.#source.file);
    return (this.#content = { body, tag: strongTag(body) });
  }
}
