import { ESLint } from 'eslint';
import { resolve } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '../..');

/** Lints a text as if it stood in that file, with the real configuration but without types: such files need not exist. */
async function rulesBroken(file: string, text: string): Promise<string[]> {
  const [result] = await eslint.lintText(text, { filePath: resolve(root, file) });
  return (result?.messages ?? []).map((message) => message.ruleId ?? message.message);
}

let eslint: ESLint;
beforeAll(() => {
  eslint = new ESLint({
    cwd: root,
    ruleFilter: ({ ruleId }) => !ruleId.startsWith('@typescript-eslint/'),
    overrideConfig: { files: ['**/*.ts'], languageOptions: { parserOptions: { projectService: false } } },
  });
});

describe('the layers', () => {
  it.each([
    ['protocol imports the domain', 'libs/protocol/src/rtmp/x.ts', "import '@millrace/domain';"],
    ['protocol opens a socket', 'libs/protocol/src/rtmp/x.ts', "import { connect } from 'node:net';"],
    ['protocol reads a file', 'libs/protocol/src/flv/x.ts', "import { readFileSync } from 'node:fs';"],
    ['protocol imports a package from the registry', 'libs/protocol/src/flv/x.ts', "import { z } from 'zod';"],
    ['protocol reaches into another folder', 'libs/protocol/src/x.ts', "import '../../domain/src/index.ts';"],
    ['protocol loads something later', 'libs/protocol/src/x.ts', "await import('@millrace/domain');"],
    ['protocol only wants a type', 'libs/protocol/src/x.ts', "export type A = import('@millrace/domain').Frame;"],
    ['the domain imports a port', 'libs/domain/src/x.ts', "import '@millrace/live-store';"],
    ['a port imports another port', 'libs/frame-bus/src/x.ts', "import '@millrace/live-store';"],
    ['a port imports the kit', 'libs/control/src/x.ts', "import '@millrace/service-kit';"],
    ['playout imports an app', 'libs/playout/src/x.ts', "import '@millrace/gateway';"],
    ['a port imports playout', 'libs/frame-bus/src/x.ts', "import '@millrace/playout';"],
    ['the kit imports a port', 'libs/service-kit/src/x.ts', "import '@millrace/control';"],
    ['the kit knows a protocol', 'libs/service-kit/src/x.ts', "import '@millrace/protocol/rtmp';"],
    ['what all edges share knows a protocol', 'libs/ingest/src/x.ts', "import '@millrace/protocol/rtmp';"],
    ['a port imports what edges share', 'libs/control/src/x.ts', "import '@millrace/ingest';"],
    ['an app imports another app', 'apps/packager/src/x.ts', "import '@millrace/gateway';"],
    ['an app passes on another app', 'apps/packager/src/x.ts', "export { a } from '@millrace/rtmp-edge';"],
    ['an app imports the composition', 'apps/gateway/src/x.ts', "import '@millrace/standalone';"],
    ['an app reaches into a library', 'apps/gateway/src/x.ts', "import '../../../libs/domain/src/index.ts';"],
    ['an app uses a package that it does not declare', 'apps/packager/src/x.ts', "import { Pool } from 'pg';"],
    ['an app uses a test library', 'apps/packager/src/x.ts', "import { vi } from 'vitest';"],
    ['a spec imports upwards', 'libs/domain/src/x.spec.ts', "import '@millrace/frame-bus';"],
  ])('catch that %s', async (_, file, text) => {
    expect(await rulesBroken(file, text)).toEqual(['millrace/layers']);
  });

  it.each([
    ['an app imports a library', 'apps/packager/src/x.ts', "import '@millrace/frame-bus';"],
    ['an app imports one protocol', 'apps/rtmp-edge/src/x.ts', "import '@millrace/protocol/rtmp';"],
    ['the kit imports the rule for URLs', 'libs/service-kit/src/x.ts', "import '@millrace/protocol/bytes';"],
    ['what all edges share imports a port', 'libs/ingest/src/x.ts', "import '@millrace/control';"],
    ['an app imports what all edges share', 'apps/rtmp-edge/src/x.ts', "import '@millrace/ingest';"],
    ['standalone composes the apps', 'apps/standalone/src/x.ts', "import '@millrace/gateway';"],
    ['a port imports the domain', 'libs/live-store/src/x.ts', "import type { Frame } from '@millrace/domain';"],
    ['protocol computes a digest', 'libs/protocol/src/rtmp/x.ts', "import { createHmac } from 'node:crypto';"],
    ['protocol imports its own folder', 'libs/protocol/src/rtmp/x.ts', "import '../bytes/index.ts';"],
    ['a spec uses a test library', 'libs/protocol/src/x.spec.ts', "import { it } from 'vitest';"],
    ['a spec of protocol reads a vector', 'libs/protocol/src/x.spec.ts', "import { readFileSync } from 'node:fs';"],
  ])('allow that %s', async (_, file, text) => {
    expect(await rulesBroken(file, text)).toEqual([]);
  });
});

describe('the other house rules', () => {
  it.each([
    ['a barrel of everything', 'libs/domain/src/index.ts', "export * from './frame/frame.ts';", 'no-restricted-syntax'],
    ['a guessable key', 'libs/domain/src/keys/x.ts', 'export const key = Math.random();', 'no-restricted-syntax'],
    [
      'the environment read anywhere',
      'apps/gateway/src/x.ts',
      'export const a = process.env.A;',
      'no-restricted-syntax',
    ],
    ['an error that is swallowed', 'libs/domain/src/x.ts', 'try { f(); } catch {}', 'no-empty'],
    ['a list within a list', 'libs/domain/src/x.ts', 'export const a = [...[1, 2], 3];', 'no-restricted-syntax'],
    [
      'an object within an object',
      'apps/x/src/settings.ts',
      'export const a = { ...{ b: 1 } };',
      'no-restricted-syntax',
    ],
    ['a list within a call', 'tools/x.ts', 'f(...[1, 2]);', 'no-restricted-syntax'],
    ['a type among values', 'libs/domain/src/x.ts', "import { a, type B } from './a.ts';", 'no-restricted-syntax'],
    ['a type passed on among values', 'tools/x.ts', "export { type B } from './a.ts';", 'no-restricted-syntax'],
  ])('catch %s', async (_, file, text, rule) => {
    expect(await rulesBroken(file, text)).toEqual([rule]);
  });

  it('ignore a comment that switches a rule off', async () => {
    const text = '// eslint-disable-next-line no-restricted-syntax\nexport const a = process.env.A;';
    const rules = await rulesBroken('apps/gateway/src/x.ts', text);
    expect(rules).toContain('no-restricted-syntax');
  });

  it('allow settings to read the environment', async () => {
    expect(await rulesBroken('apps/gateway/src/main.ts', 'export const a = process.env.A;')).toEqual([]);
  });
});
