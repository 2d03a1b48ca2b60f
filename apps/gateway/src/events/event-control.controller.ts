import { Controller } from '@nestjs/common';
import { EventPattern, MessagePattern, Payload } from '@nestjs/microservices';
import { ControlSubject, eventsCommittedSchema, handOverSchema, PayloadPipe, TO_ALL } from '@millrace/control';
import type { EventsCommitted, HandOver, HandOverAnswer } from '@millrace/control';
import { EventNews } from './event-news.ts';
import { HandedEvents } from './handed-events.ts';

/** What edges, packagers and signaling servers hand over, and what other gateways say of events. */
@Controller()
export class EventControlController {
  constructor(
    private readonly handed: HandedEvents,
    private readonly news: EventNews,
  ) {}

  @MessagePattern<string>(ControlSubject.handOver)
  handOver(@Payload(new PayloadPipe(handOverSchema)) request: HandOver): Promise<HandOverAnswer> {
    return this.handed.record(request);
  }

  @EventPattern<string>(ControlSubject.eventsCommitted, TO_ALL)
  committed(@Payload(new PayloadPipe(eventsCommittedSchema)) event: EventsCommitted): void {
    this.news.receive(event);
  }
}
