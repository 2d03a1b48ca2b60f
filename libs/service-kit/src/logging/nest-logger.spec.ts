import { describe, expect, it } from 'vitest';
import { createLogger } from './logger.ts';
import { NestLogger } from './nest-logger.ts';

describe('NestLogger', () => {
  it('keeps level, context and stack', () => {
    const lines: string[] = [];
    const destination = { write: (line: string) => void lines.push(line) };
    const nest = new NestLogger(createLogger({ service: 'test', level: 'trace', destination }));
    nest.log('started', 'NestFactory');
    nest.warn({ odd: true }, 'Router');
    nest.error('failed', 'Error: x\n at y', 'Rpc');
    nest.error(new Error('thrown'), 'Rpc');
    nest.error(new Error('the start failed'), 'ExceptionHandler');
    nest.fatal('over');
    const records = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(records).toMatchObject([
      { level: 20, msg: 'started', context: 'NestFactory' },
      { level: 40, msg: '{"odd":true}', context: 'Router' },
      { level: 50, msg: 'failed', context: 'Rpc', stack: 'Error: x\n at y' },
      { level: 50, msg: 'thrown', context: 'Rpc', err: { type: 'Error' } },
      { level: 20, msg: 'the start failed', context: 'ExceptionHandler' },
      { level: 60, msg: 'over' },
    ]);
  });
});
