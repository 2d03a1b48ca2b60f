import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { BLOCK_SIZE, freePorts, portBlock } from './free-ports.ts';

const run = promisify(execFile);
const module = JSON.stringify(new URL('free-ports.ts', import.meta.url).href);
/** Keeps its ports until it is told to end, as a test does. */
const PROCESS = `
  const { freePorts } = await import(${module});
  console.log(JSON.stringify(await freePorts(30)));
`;

it('gives each port once, and none that a system takes for outgoing connections', async () => {
  const ports = [...(await freePorts(150)), ...(await freePorts(150))];
  expect(new Set(ports).size).toBe(300);
  expect(ports.filter((port) => port < 10_000 || port >= 32_000)).toEqual([]);
});

it('gives none that is listened on', async () => {
  const [next = 0] = await freePorts(1);
  const server = createServer().listen(next + 1, '127.0.0.1');
  await once(server, 'listening');
  expect(await freePorts(5)).not.toContain(next + 1);
  server.close();
});

it('gives other ports to other processes', async () => {
  const own = new Set(await freePorts(30));
  const blocks = [...own].map((port) => Math.floor(port / BLOCK_SIZE));
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', PROCESS]);
  const theirs = JSON.parse(stdout) as number[];
  expect(theirs).toHaveLength(30);
  expect(theirs.filter((port) => blocks.includes(Math.floor(port / BLOCK_SIZE)))).toEqual([]);
});

it('gives a block of ports to one caller only', async () => {
  const blocks = await Promise.all(Array.from({ length: 20 }, () => portBlock()));
  expect(new Set(blocks).size).toBe(20);
});
