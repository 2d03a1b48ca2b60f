import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { FairDeadline } from './fair-deadline.ts';

/** Nothing of this process runs meanwhile, as when it gets no CPU. */
function blockFor(ms: number): void {
  for (const end = performance.now() + ms; performance.now() < end;);
}

describe('a fair deadline', () => {
  afterEach(() => vi.useRealTimers());

  it('is over after its time, once', () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setImmediate', 'clearImmediate'] });
    const expired = vi.fn();
    new FairDeadline(800, expired);
    vi.advanceTimersByTime(799);
    expect(expired).not.toHaveBeenCalled();
    vi.advanceTimersByTime(2);
    vi.advanceTimersByTime(5_000);
    expect(expired).toHaveBeenCalledOnce();
  });

  it('is not over when it was cleared, also at the last moment', () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setImmediate', 'clearImmediate'] });
    const expired = vi.fn();
    const early = new FairDeadline(800, expired);
    vi.advanceTimersByTime(500);
    early.clear();
    vi.advanceTimersByTime(5_000);
    expect(expired).not.toHaveBeenCalled();
  });

  it('hears an answer that has come while the process did not run', async () => {
    const server = createServer((socket) => socket.pipe(socket)).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
    await once(socket, 'connect');
    const answered = once(socket, 'data').then(() => 'answered');
    socket.write('question');
    const outcome = await new Promise<string>((resolve) => {
      const deadline = new FairDeadline(100, () => resolve('expired'));
      void answered.then((word) => {
        deadline.clear();
        resolve(word);
      });
      blockFor(1_000);
    });
    expect(outcome).toBe('answered');
    socket.destroy();
    server.close();
  });
});
