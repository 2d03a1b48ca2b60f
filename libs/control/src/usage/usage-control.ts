// The typed client with which services hand usage over to gateways.
import type { ClientProxy } from '@nestjs/microservices';
import { ControlSender } from '../control-sender.ts';
import type { ControlClientOptions } from '../control-sender.ts';
import { usageReportAnswerSchema, UsageSubject } from './usage-messages.ts';
import type { UsageReport } from './usage-messages.ts';

/** A gateway collects reports for a while before it writes them. */
const ATTEMPT_MS = 6_000;

export interface UsageControl {
  /** Resolves once PostgreSQL has the report, or has not within `timeoutMs`. @returns whether it has */
  reportUsage(report: UsageReport, timeoutMs: number): Promise<boolean>;
}

export class UsageControlClient implements UsageControl {
  readonly #sender: ControlSender;

  constructor(client: ClientProxy, options: ControlClientOptions = {}) {
    this.#sender = new ControlSender(client, options);
  }

  async reportUsage(report: UsageReport, timeoutMs: number): Promise<boolean> {
    const subject = UsageSubject.reportUsage;
    const answered = await this.#sender.ask(subject, report, usageReportAnswerSchema, timeoutMs, undefined, ATTEMPT_MS);
    return answered?.answer.recorded ?? false;
  }
}
