import { stripVTControlCharacters } from 'node:util';
import { newSecretKey } from '@millrace/domain';
import { describe, expect, it } from 'vitest';
import { MAX_LOG_LINE_BYTES } from './guard-line.ts';
import { createLogger } from './logger.ts';
import type { Logger } from './logger.ts';

function record(pretty = false, colours = false): { logger: Logger; lines: string[] } {
  const lines: string[] = [];
  const destination = { write: (line: string) => void lines.push(line) };
  return { logger: createLogger({ service: 'test', level: 'debug', pretty, colours, destination }), lines };
}

const streamKey = newSecretKey('mr_st');
const apiKey = newSecretKey('mr_sk');
const operatorKey = newSecretKey('mr_op');

describe('createLogger', () => {
  it('writes one JSON object a line, with the fields of its parents', () => {
    const { logger, lines } = record();
    logger.child({ tenant_id: 'ten_1' }).child({ stream_id: 'str_1' }).info({ bytes: 5 }, 'opened');
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/\n$/);
    expect(JSON.parse(lines[0]!)).toMatchObject({
      service: 'test',
      tenant_id: 'ten_1',
      stream_id: 'str_1',
      bytes: 5,
      msg: 'opened',
    });
  });

  describe.each([false, true])('with a planted secret (pretty: %s)', (pretty) => {
    const secrets = [streamKey, apiKey, operatorKey, 'hunter2'];
    const plants: readonly (readonly [string, (logger: Logger) => void])[] = [
      ['in the message', (logger) => logger.info(`published live/${streamKey}?x=1`)],
      ['cut off in the message', (logger) => logger.info(`bad key ${streamKey.slice(0, 20)}`)],
      ['in a field', (logger) => logger.info({ path: `/live/${streamKey}` }, 'x')],
      ['in a field by its name', (logger) => logger.info({ key: 'hunter2', streamKey: 'hunter2' }, 'x')],
      ['deep in a field', (logger) => logger.info({ request: { body: { password: 'hunter2' } } }, 'x')],
      ['in a header', (logger) => logger.info({ headers: { authorization: `Bearer ${apiKey}` } }, 'x')],
      ['in an error', (logger) => logger.error({ err: new Error(`refused ${operatorKey}`) }, 'x')],
      ['in the cause of an error', (logger) => logger.error(new Error('x', { cause: new Error(apiKey) }))],
      ['in an address', (logger) => logger.info('connecting to postgres://millrace:hunter2@db:5432/x')],
      ['in a query', (logger) => logger.info({ url: '/hls/a.m3u8?token=hunter2&x=1' }, 'x')],
      ['in a child', (logger) => logger.child({ app: `live/${streamKey}` }).info('x')],
      ['in a line that is too long', (logger) => logger.info({ pad: 'x'.repeat(9_000) }, streamKey)],
    ];
    it.each(plants)('%s, does not write it', (_, plant) => {
      const { logger, lines } = record(pretty);
      plant(logger);
      const text = lines.join('');
      expect(text).toContain('redacted');
      for (const secret of secrets) expect(text).not.toContain(secret);
      expect(text).not.toContain(streamKey.slice(0, 20));
    });
  });

  it.each([false, true])('writes no control character that a peer chose (pretty: %s)', (pretty) => {
    const { logger, lines } = record(pretty);
    const hostile = 'a\r\n{"level":60}\u001b[2J\u007f\u009b31m\u2028\u202e\u200f\0';
    logger.info({ encoder: hostile, [hostile]: 1 }, hostile);
    expect(lines).toHaveLength(1);
    expect(lines[0]!.trimEnd()).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
    if (!pretty) expect(JSON.parse(lines[0]!)).toMatchObject({ encoder: hostile, msg: hostile });
  });

  it.each(['x', '\u0001', '\u202e', '"', '😀', '\ud800'])(
    'keeps lines short, whatever they are full of (%j)',
    (filling) => {
      const { logger, lines } = record();
      const long = filling.repeat(10_000);
      const child = logger.child({ tenant_id: long, stream_id: long, session_id: long });
      child.info({ name: long }, long);
      child.error({ err: new Error(long) }, long);
      expect(lines).toHaveLength(2);
      for (const line of lines) {
        expect(Buffer.byteLength(line)).toBeLessThanOrEqual(MAX_LOG_LINE_BYTES);
        expect(JSON.parse(line)).toMatchObject({ service: 'test' });
      }
    },
  );

  it('leaves a line alone that just fits', () => {
    const { logger, lines } = record();
    logger.info('');
    const room = MAX_LOG_LINE_BYTES - lines[0]!.length;
    logger.info('x'.repeat(room));
    logger.info('x'.repeat(room + 1));
    expect(lines[1]).toHaveLength(MAX_LOG_LINE_BYTES);
    expect(JSON.parse(lines[1]!)).not.toHaveProperty('truncated_from_bytes');
    expect(JSON.parse(lines[2]!)).toHaveProperty('truncated_from_bytes', MAX_LOG_LINE_BYTES);
  });

  it('shows the stack of an error to people', () => {
    const { logger, lines } = record(true);
    logger.error({ err: new Error('broken') }, 'it broke');
    expect(lines[0]).toMatch(/ERROR it broke.*\n {4}Error: broken\n {4}at /);
  });

  it('colours levels and dims fields for people, and changes nothing else', () => {
    const [plain, coloured] = [record(true), record(true, true)];
    for (const { logger } of [plain, coloured]) {
      logger.warn({ stream_id: 'str_1' }, 'slow');
      logger.error({ stream_id: 'str_1' }, 'broken');
    }
    expect(coloured.lines[0]).toContain(
      '\u001b[33mWARN \u001b[0m slow\u001b[2m service=test stream_id=str_1\u001b[0m\n',
    );
    expect(coloured.lines[1]).toContain('\u001b[31mERROR\u001b[0m');
    const words = (line: string) => stripVTControlCharacters(line).replace(/^\S+/, '');
    expect(coloured.lines.map(words)).toEqual(plain.lines.map(words));
    expect(plain.lines.join('')).not.toContain('\u001b');
  });
});
