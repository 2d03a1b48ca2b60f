// What a process really does with its standard output, once a pipe and once a terminal.
import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const source = (file: string): string => JSON.stringify(resolve(import.meta.dirname, '..', file));
const PROGRAM = `
  import { commonSettings } from ${source('config/common-settings.ts')};
  import { defineSettings } from ${source('config/define-settings.ts')};
  import { createLogger } from ${source('logging/logger.ts')};
  const { logPretty } = defineSettings({ logPretty: commonSettings.logPretty }).parse(process.env);
  createLogger({ service: 'test', level: 'info', pretty: logPretty }).info({ stream_id: 'str_1' }, 'opened');`;
const NODE = [process.execPath, '--input-type=module', '--eval', PROGRAM];
/** Gives its arguments a terminal of their own. */
const PTY = ['python3', '-c', 'import pty, sys; pty.spawn(sys.argv[1:])', ...NODE];

function logLine(terminal: boolean, env: Readonly<Record<string, string>>): string {
  const [command = '', ...args] = terminal ? PTY : NODE;
  const { stdout, stderr, status } = spawnSync(command, args, {
    encoding: 'utf8',
    env: { PATH: process.env['PATH'], TERM: 'xterm-256color', ...env },
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return stdout.trim();
}

describe('a log line', () => {
  it.each([
    ['a pipe', false, {}, /^\{"level":30.*"msg":"opened"\}$/],
    ['a pipe, forced', false, { MILLRACE_LOG_PRETTY: 'true' }, /^[\d:.]+ INFO {2}opened service=test stream_id=str_1$/],
    ['a terminal', true, {}, /\u001b\[32mINFO \u001b\[0m opened\u001b\[2m service=test/],
    ['a terminal without colours', true, { NO_COLOR: '1' }, /^[\d:.]+ INFO {2}opened service=test stream_id=str_1$/],
    ['a terminal, forced', true, { MILLRACE_LOG_PRETTY: 'false' }, /^\{"level":30.*"msg":"opened"\}$/],
  ])('in %s', (_, terminal, env, shape) => {
    expect(logLine(terminal, env)).toMatch(shape);
  });
});
