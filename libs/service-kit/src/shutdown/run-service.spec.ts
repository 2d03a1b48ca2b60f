import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';

const modulePath = JSON.stringify(fileURLToPath(new URL('run-service.ts', import.meta.url)));
const errorPath = JSON.stringify(fileURLToPath(new URL('../config/config-error.ts', import.meta.url)));

/** A real process that runs this service and prints what happens to it. */
class ServiceProcess {
  readonly child: ChildProcess;
  readonly lines: string[] = [];
  stderr = '';
  readonly #waiting = new Map<string, () => void>();

  constructor(body: string) {
    const program = `import { runService } from ${modulePath};
      import { ConfigError } from ${errorPath};
      const say = (text) => process.stdout.write(text + '\\n');
      const keepAlive = setInterval(() => {}, 1000);
      void runService({ ${body} });`;
    this.child = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: ['ignore', 'pipe', 'pipe'] });
    createInterface({ input: this.child.stdout! }).on('line', (line) => {
      this.lines.push(line);
      this.#waiting.get(line)?.();
    });
    this.child.stderr!.on('data', (data: Buffer) => (this.stderr += data.toString()));
  }

  async saying(line: string): Promise<void> {
    if (this.lines.includes(line)) return;
    await new Promise<void>((resolve) => this.#waiting.set(line, resolve));
  }

  async end(): Promise<number | null> {
    if (this.child.exitCode !== null) return this.child.exitCode;
    const [code] = (await once(this.child, 'close')) as [number | null];
    return code;
  }
}

describe('runService', () => {
  let service: ServiceProcess | undefined;
  const run = (body: string) => (service = new ServiceProcess(body));
  afterEach(() => void service?.child.kill('SIGKILL'));

  it.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)('stops in order on the first %s', async (signal) => {
    const process = run(`graceMs: 60000, start: async () => say('started'),
      stop: async (why) => { say('stopping ' + why); await null; say('stopped'); }`);
    await process.saying('started');
    process.child.kill(signal);
    expect(await process.end()).toBe(0);
    expect(process.lines).toEqual(['started', `stopping ${signal}`, 'stopped']);
  });

  it('ends at once on the second signal', async () => {
    const process = run(`graceMs: 60000, start: async () => say('started'),
      stop: () => { say('stopping'); return new Promise(() => {}); }`);
    await process.saying('started');
    process.child.kill('SIGTERM');
    await process.saying('stopping');
    process.child.kill('SIGINT');
    expect(await process.end()).toBe(130);
  });

  it('ends with an error when the grace time is over', async () => {
    const process = run(`graceMs: 1, start: async () => say('started'), stop: () => new Promise(() => {})`);
    await process.saying('started');
    process.child.kill('SIGTERM');
    expect(await process.end()).toBe(1);
    expect(process.stderr).toContain('grace time is over');
  });

  it('waits for the start before it stops', async () => {
    const process = run(`graceMs: 60000,
      start: async () => { say('starting'); await new Promise((go) => process.once('SIGTERM', go)); say('started'); },
      stop: async () => say('stopped')`);
    await process.saying('starting');
    process.child.kill('SIGTERM');
    expect(await process.end()).toBe(0);
    expect(process.lines).toEqual(['starting', 'started', 'stopped']);
  });

  it('stops also while the start waits for something that does not come', async () => {
    const process = run(`graceMs: 60000, stop: async () => say('stopped'),
      start: async () => { say('starting'); await new Promise(() => {}); }`);
    await process.saying('starting');
    process.child.kill('SIGTERM');
    expect(await process.end()).toBe(0);
    expect(process.lines).toEqual(['starting', 'stopped']);
  });

  it('ends with an error when it cannot start, or cannot stop', async () => {
    const starting = run(`graceMs: 60000, start: async () => { throw new Error('port taken'); }, stop: async () => {}`);
    expect(await starting.end()).toBe(1);
    expect(starting.stderr).toContain('port taken');
    const stopping = run(`graceMs: 60000, start: async () => say('started'),
      stop: async () => { throw new Error('bus is gone'); }`);
    await stopping.saying('started');
    stopping.child.kill('SIGTERM');
    expect(await stopping.end()).toBe(1);
    expect(stopping.stderr).toContain('bus is gone');
  });

  it('tells wrong settings as a list, without a stack', async () => {
    const process = run(`graceMs: 60000, stop: async () => {},
      start: async () => { throw new ConfigError([{ variable: 'MILLRACE_X', fault: 'must be a number' }]); }`);
    expect(await process.end()).toBe(1);
    expect(process.stderr).toBe('These settings are wrong:\n  MILLRACE_X: must be a number\n');
  });

  it('tells a port that is taken without a stack', async () => {
    const process = run(`graceMs: 60000, stop: async () => {},
      start: async () => {
        const { createServer } = await import('node:net');
        const open = (port) => new Promise((opened, failed) => {
          const server = createServer().once('error', failed);
          server.listen(port, '127.0.0.1', () => opened(server.address().port));
        });
        await open(await open(0));
      }`);
    expect(await process.end()).toBe(1);
    expect(process.stderr).toMatch(
      /^the service did not start: port \d+ on 127\.0\.0\.1 is taken by another program\n$/,
    );
  });

  it.each([
    ['throws', 'setTimeout(() => { throw new Error("lost"); })'],
    ['rejects', 'void Promise.reject(new Error("lost"))'],
  ])('ends with an error when something %s that is not handled', async (_, fault) => {
    const process = run(`graceMs: 60000, start: async () => { ${fault}; }, stop: async () => {}`);
    expect(await process.end()).toBe(1);
    expect(process.stderr).toContain('lost');
  });
});
