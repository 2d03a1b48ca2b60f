// Nest writes its own lines through the same logger.
import type { LoggerService } from '@nestjs/common';
import type { Logger } from './logger.ts';

/** The context in which Nest logs what made the start of an application fail. */
const START_FAILURE = 'ExceptionHandler';

const describe = (message: unknown) => (typeof message === 'string' ? message : JSON.stringify(message));

/** Nest passes the stack of an error and the name of the class that logs behind the message, in this order. */
function fieldsOf(parameters: readonly unknown[]): Record<string, unknown> {
  const texts = parameters.filter((parameter) => typeof parameter === 'string');
  const context = texts.at(-1);
  const stack = texts.length > 1 ? texts[0] : undefined;
  return { ...(context === undefined ? {} : { context }), ...(stack === undefined ? {} : { stack }) };
}

/** For `NestFactory.create(..., { logger: new NestLogger(logger) })`. Nest's start-up lines are on level debug. */
export class NestLogger implements LoggerService {
  readonly #logger: Logger;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  log(message: unknown, ...parameters: unknown[]): void {
    this.#logger.debug(fieldsOf(parameters), describe(message));
  }

  error(message: unknown, ...parameters: unknown[]): void {
    const fields = fieldsOf(parameters);
    // What fails while the application is made is thrown as well: whatever starts the process reports it, once.
    const level = fields.context === START_FAILURE ? 'debug' : 'error';
    if (message instanceof Error) this.#logger[level]({ err: message, ...fields }, message.message);
    else this.#logger[level](fields, describe(message));
  }

  warn(message: unknown, ...parameters: unknown[]): void {
    this.#logger.warn(fieldsOf(parameters), describe(message));
  }

  debug(message: unknown, ...parameters: unknown[]): void {
    this.#logger.debug(fieldsOf(parameters), describe(message));
  }

  verbose(message: unknown, ...parameters: unknown[]): void {
    this.#logger.trace(fieldsOf(parameters), describe(message));
  }

  fatal(message: unknown, ...parameters: unknown[]): void {
    this.#logger.fatal(fieldsOf(parameters), describe(message));
  }
}
