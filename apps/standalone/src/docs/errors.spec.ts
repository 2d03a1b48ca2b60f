import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { RELAY_REFUSALS } from '@millrace/control';
import { JOIN_REFUSALS, PUBLISH_REFUSALS, SESSION_WARNINGS } from '@millrace/domain';
import { PROBLEM_CODES } from '@millrace/gateway';
import { STUN_ERROR_REASONS, StunErrorCode } from '@millrace/protocol/stun';
import { PROTOCOL_ERRORS, SOCKET_REFUSALS } from '@millrace/signaling';

const page = readFileSync(resolve(import.meta.dirname, '../../../../docs/errors.md'), 'utf8');

/** The rows of the table below a heading: first and second column. */
function rowsBelow(heading: string): [string, string][] {
  const section = page.split(`## ${heading}\n`)[1]?.split('\n## ')[0] ?? '';
  const rows = [...section.matchAll(/^\| `(\w+)` +\| (.*?) +\|/gm)];
  return rows.map(([, code = '', second = '']) => [code, second]);
}

describe('docs/errors.md', () => {
  it('lists every refusal of a publisher with its words', () => {
    expect(rowsBelow('Refused publishers')).toEqual(Object.entries(PUBLISH_REFUSALS));
  });

  it('lists every warning of a session with its words', () => {
    expect(rowsBelow('Warnings of sessions')).toEqual(Object.entries(SESSION_WARNINGS));
  });

  it('lists every refusal of a join token with its words', () => {
    expect(rowsBelow('Refused joins')).toEqual(Object.entries(JOIN_REFUSALS));
  });

  it('lists every error of the signaling protocol with its words, and every refused socket with its status', () => {
    expect(rowsBelow('Refused messages of the signaling protocol')).toEqual(Object.entries(PROTOCOL_ERRORS));
    const refused = Object.entries(SOCKET_REFUSALS).map(([reason, status]) => [reason, String(status)]);
    expect(rowsBelow('Sockets that signaling refuses')).toEqual(refused);
  });

  it('lists every refusal of a relay credential', () => {
    expect(rowsBelow('Refused relay credentials').map(([code]) => code)).toEqual(RELAY_REFUSALS);
  });

  it('lists every problem of the API with its status', () => {
    const codes = Object.entries(PROBLEM_CODES).map(([code, { status }]) => [code, String(status)]);
    expect(rowsBelow('Problem responses of the REST API')).toEqual(codes);
  });

  it('lists every error of STUN and TURN with its reason', () => {
    // Of ICE: no server of Millrace sends it.
    const others: readonly number[] = [StunErrorCode.roleConflict];
    const said = Object.entries(STUN_ERROR_REASONS).filter(([code]) => !others.includes(Number(code)));
    expect(rowsBelow('Answers of STUN and TURN')).toEqual(said);
  });
});
