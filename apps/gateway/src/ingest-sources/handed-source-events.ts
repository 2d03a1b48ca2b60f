// What becomes of the events of sources that edges hand over.
import { Injectable } from '@nestjs/common';
import { SourceEvent, sourceStateChangedSchema } from '@millrace/control';
import type { SourceStateChanged } from '@millrace/control';
import { appendEvent } from '../events/append-event.ts';
import { HandedEvents } from '../events/handed-events.ts';
import type { HandedWrite } from '../events/handed-events.ts';
import { IngestSourceEntity } from './ingest-source.entity.ts';
import { ingestSourceEvent } from './ingest-sources.dto.ts';

const TYPES = {
  connected: 'ingest_source.connected',
  disconnected: 'ingest_source.disconnected',
  failed: 'ingest_source.failed',
} as const satisfies Record<SourceStateChanged['change'], string>;

@Injectable()
export class HandedSourceEvents {
  constructor(handed: HandedEvents) {
    handed.write(SourceEvent.state, sourceStateChangedSchema, sourceStateChanged);
  }
}

/** A source that was deleted meanwhile has nothing to tell. */
const sourceStateChanged =
  ({ tenantId, sourceId, token, change, message, atMs }: SourceStateChanged): HandedWrite =>
  async (manager) => {
    const row = await manager.findOneBy(IngestSourceEntity, { id: sourceId, tenantId });
    if (row === null) return;
    await appendEvent(manager, {
      ...ingestSourceEvent(TYPES[change], row, message === undefined ? {} : { error: { message } }),
      at: new Date(atMs),
      once: `source ${change} ${sourceId} ${token} ${atMs}`,
    });
  };
