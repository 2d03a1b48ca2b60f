import { expect, it } from 'vitest';
import { consoleSettings } from '../console-settings.ts';
import { grantFor, grantsIn } from './oidc-grants.ts';

const { schema } = consoleSettings.oidcGrants;

const TENANT = 'ten_01m8p0ev1c10888q29v85h6tx5';

it('reads groups and domains, in their order', () => {
  const text = `group:/admins=operator, group:a=b=member@${TENANT}, domain:Example.com=viewer@${TENANT}`;
  const grants = grantsIn(schema.parse(text));
  expect(grants).toEqual([
    { by: 'group', name: '/admins', role: 'operator', tenantId: null },
    { by: 'group', name: 'a=b', role: 'member', tenantId: TENANT },
    { by: 'domain', name: 'example.com', role: 'viewer', tenantId: TENANT },
  ]);
  expect(grantFor(grants, { email: 'ann@example.com', groups: [] })?.role).toBe('viewer');
  expect(grantFor(grants, { email: 'ann@example.com', groups: ['a=b'] })?.role).toBe('member');
  expect(grantFor(grants, { email: 'ann@example.com', groups: ['a=b', '/admins'] })?.role).toBe('operator');
});

it.each([
  ['ann@sub.example.com', []],
  ['ann@badexample.com', []],
  ['example.com@other.org', ['Admins', 'admins']],
])('lets %s in groups %j not in', (email, groups) => {
  const grants = grantsIn(schema.parse(`group:/admins=operator,domain:example.com=viewer@${TENANT}`));
  expect(grantFor(grants, { email, groups })).toBeUndefined();
});

it.each([
  'admins=operator',
  'group:admins=king@ten_01m8p0ev1c10888q29v85h6tx5',
  'group:admins=operator@ten_01m8p0ev1c10888q29v85h6tx5',
  // Everyone with an address of a domain is too many.
  'domain:example.com=operator',
  'domain:example.com=viewer',
  'domain:example.com=viewer@str_01m8p0ev1c10888q29v85h6tx5',
])('refuses %s', (text) => {
  expect(schema.safeParse(text).error?.issues[0]?.message).toMatch(/^must be group:NAME=operator/);
});
