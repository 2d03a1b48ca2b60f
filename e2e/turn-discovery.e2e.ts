// coturn's discovery of NAT behaviour against our server with two addresses: it must come to its conclusions.
import { startTurn } from '@millrace/turn/testing';
import type { RunningTurn } from '@millrace/turn/testing';
import { freePorts } from '@millrace/tools/processes';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runTool } from './support/coturn.ts';

let turn: RunningTurn;

beforeAll(async () => {
  const [port = 0, alternate = 0] = await freePorts(2);
  turn = await startTurn({
    turnHosts: ['127.0.0.1'],
    turnPort: port,
    turnAlternateHosts: ['127.0.0.2'],
    turnAlternatePort: alternate,
  });
});
afterAll(() => turn.stop());

const discover = (option: string): Promise<string> =>
  runTool('turnutils_natdiscovery', [option, '-p', String(turn.ports.udp), '127.0.0.1']);

describe('turnutils_natdiscovery', () => {
  it('finds how mappings behave: there is no NAT', async () => {
    const output = await discover('-m');
    expect(output).toMatch(/No NAT! \(Endpoint Independent Mapping\)|NAT with Endpoint Independent Mapping/);
  });

  it('finds how filters behave: answers from both other ports and the other address arrive', async () => {
    const output = await discover('-f');
    expect(output).toContain('NAT with Endpoint Independent Filtering');
  });
});
