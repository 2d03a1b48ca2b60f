// What edges ask about sources, and what gateways tell each other of them.
import { Controller } from '@nestjs/common';
import { EventPattern, MessagePattern, Payload } from '@nestjs/microservices';
import { PayloadPipe, sourceChangedSchema, SourceSubject, takeSourcesSchema, TO_ALL } from '@millrace/control';
import type { TakeSources, TakeSourcesAnswer } from '@millrace/control';
import { SourceAssignments } from './source-assignments.ts';

@Controller()
export class SourceControlController {
  constructor(private readonly assignments: SourceAssignments) {}

  @MessagePattern<string>(SourceSubject.takeSources)
  take(@Payload(new PayloadPipe(takeSourcesSchema)) request: TakeSources): Promise<TakeSourcesAnswer> {
    return this.assignments.take(request);
  }

  @EventPattern<string>(SourceSubject.sourceChanged, TO_ALL)
  changed(@Payload(new PayloadPipe(sourceChangedSchema)) _event: unknown): void {
    this.assignments.changed();
  }
}
