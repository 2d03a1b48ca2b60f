// Writes what services without a database hand over: each feature says what becomes of its own kinds of event.
import { Inject, Injectable } from '@nestjs/common';
import { takeHandedEvents } from '@millrace/control';
import type { HandedEvent, HandOver, HandOverAnswer } from '@millrace/control';
import type { Logger } from '@millrace/service-kit';
import type { EntityManager } from 'typeorm';
import type { z } from 'zod';
import { Database } from '../database/database.ts';
import { DatabaseUnavailable, isMissingReference } from '../database/database.errors.ts';
import { GATEWAY_LOGGER } from '../ports/tokens.ts';

/** A write that may come late, and again. */
export type HandedWrite = (manager: EntityManager) => Promise<void>;

/** @param event the same `id` in every repetition */
type MakeWrite<T> = (data: T, event: Pick<HandedEvent, 'id' | 'atMs'>) => HandedWrite;

@Injectable()
export class HandedEvents {
  /** By subject: the write of an event; undefined when its data is none. */
  readonly #kinds = new Map<string, (event: HandedEvent) => HandedWrite | undefined>();

  constructor(
    private readonly database: Database,
    @Inject(GATEWAY_LOGGER) private readonly logger: Logger,
  ) {}

  /** @param make what becomes of such an event. It is repeated when its acknowledgement was lost */
  write<T>(subject: string, schema: z.ZodType<T>, make: MakeWrite<T>): void {
    this.#kinds.set(subject, (event) => {
      const read = schema.safeParse(event.data);
      return read.success ? make(read.data, event) : undefined;
    });
  }

  /** @returns those that are written, or can never be */
  record(handed: HandOver): Promise<HandOverAnswer> {
    return takeHandedEvents(
      handed,
      (event) => this.#record(event),
      (places) => this.logger.warn({ places }, 'a service has handed over something that is no event'),
    );
  }

  /** @throws DatabaseUnavailable */
  async #record(event: HandedEvent): Promise<boolean> {
    const { subject } = event;
    const kind = this.#kinds.get(subject);
    if (kind === undefined) {
      this.logger.debug({ subject }, 'an event of a newer release is left to a newer gateway');
      return false;
    }
    const write = kind(event);
    if (write === undefined) {
      this.logger.warn({ subject }, 'a service has handed over a malformed event');
      return true;
    }
    try {
      await this.database.transaction(write, { lane: 'control' });
    } catch (error) {
      if (error instanceof DatabaseUnavailable) throw error;
      // The stream, the room or the tenant was deleted meanwhile.
      if (!isMissingReference(error)) this.logger.error({ err: error, subject }, 'cannot write a handed event');
    }
    return true;
  }
}
