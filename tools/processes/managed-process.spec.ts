import { afterEach, describe, expect, it } from 'vitest';
import { readFileSync } from 'node:fs';
import { ManagedProcess } from './managed-process.ts';

let process_: ManagedProcess | undefined;
afterEach(async () => process_?.kill());

function run(script: string, options: { startTimeoutMs?: number; stopTimeoutMs?: number } = {}): ManagedProcess {
  const made: ManagedProcess = new ManagedProcess({
    name: 'sample',
    command: process.execPath,
    args: ['-e', script],
    isReady: async () => made.logs.lines.includes('ready'),
    ...options,
  });
  process_ = made;
  return made;
}
const FOREVER = "console.log('ready'); setInterval(() => {}, 1000);";

describe('a managed process', () => {
  it('is started when it says so, and gone after the stop', async () => {
    const sample = run(FOREVER);
    await sample.start();
    expect(sample.running).toBe(true);
    await sample.stop();
    expect(sample.running).toBe(false);
    expect(sample.pid).toBeUndefined();
  });

  it('tells why it did not start', async () => {
    await expect(run("console.error('no such port'); process.exit(3);").start()).rejects.toThrow(/no such port/);
    await expect(run('setInterval(() => {}, 1000);', { startTimeoutMs: 200 }).start()).rejects.toThrow(/not ready/);
    expect(process_?.running).toBe(false);
  });

  it('is killed when it does not stop when asked', async () => {
    const sample = run(`process.on('SIGTERM', () => {}); ${FOREVER}`, { stopTimeoutMs: 200 });
    await sample.start();
    await sample.stop();
    expect(sample.running).toBe(false);
  });

  it('stops also while it is suspended', async () => {
    const sample = run(FOREVER);
    await sample.start();
    sample.signal('SIGSTOP');
    await sample.stop();
    expect(sample.running).toBe(false);
  });

  it('has a new number after a restart', async () => {
    const sample = run(FOREVER);
    await sample.start();
    const first = sample.pid;
    await sample.restart('SIGKILL');
    expect(sample.running).toBe(true);
    expect(sample.pid).not.toBe(first);
  });

  it.runIf(process.platform === 'linux')('is the program itself, not a wrapper around it', async () => {
    const sample = run(FOREVER);
    await sample.start();
    expect(readFileSync(`/proc/${sample.pid}/cmdline`, 'utf8')).toContain('setInterval');
    expect(readFileSync(`/proc/${sample.pid}/cmdline`, 'utf8')).not.toContain('setpriv');
  });

  it('finds a line that came before and one that comes later', async () => {
    const sample = run(`setTimeout(() => console.log('la' + 'ter'), 50); ${FOREVER}`);
    await sample.start();
    expect(await sample.logs.waitFor(/^ready$/)).toBe('ready');
    expect(await sample.logs.waitFor(/^later$/)).toBe('later');
    await expect(sample.logs.waitFor(/^never$/, 20)).rejects.toThrow(/never/);
  });
});
