import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';
import { layerRule } from './tools/lint/layer-rule.mjs';
import { plainWordsRule } from './tools/lint/plain-words.mjs';
import { privacyRule } from './tools/lint/privacy-rule.mjs';

/** One way to import types, so that a look at the keyword says whether a module is loaded. */
const noInlineType = [
  {
    selector: "ImportDeclaration[importKind='value'] > ImportSpecifier[importKind='type']",
    message: 'Import types with `import type { … }`.',
  },
  {
    selector: "ExportNamedDeclaration[exportKind='value'] > ExportSpecifier[exportKind='type']",
    message: 'Export types with `export type { … }`.',
  },
];
const noExportAll = {
  selector: 'ExportAllDeclaration',
  message: 'Name what you export: a barrel of everything hides what a package offers.',
};
const noEnvironment = {
  selector: 'MemberExpression[object.name="process"][property.name="env"]',
  message: 'Only settings and main files read the environment.',
};
const noGuessableRandom = {
  selector: 'MemberExpression[object.name="Math"][property.name="random"]',
  message: 'Math.random can be guessed: use node:crypto.',
};
const noSpreadLiteral = ['ArrayExpression', 'ObjectExpression'].map((literal) => ({
  selector: `SpreadElement > ${literal}.argument`,
  message: 'Write the members where they belong: a list may be as long as the formatter makes it.',
}));

export default defineConfig(
  {
    ignores: [
      '**/dist/**',
      '**/node_modules/**',
      '.nx/**',
      '.cache/**',
      'data/**',
      'cluster-data/**',
      'test-results/**',
      'bench/results/**',
      // Compiled by rest-clients.e2e.ts against the types that it generates: there are none before that.
      'e2e/clients/typescript/**',
      // Sources of releases before this one, as they were: tests run them.
      'libs/*/fixtures/**',
    ],
  },
  { linterOptions: { noInlineConfig: true, reportUnusedDisableDirectives: 'error' } },
  {
    files: ['**/*.{ts,tsx,mjs}'],
    plugins: { millrace: { rules: { layers: layerRule, 'plain-words': plainWordsRule, privacy: privacyRule } } },
    rules: {
      'millrace/layers': 'error',
      'millrace/plain-words': 'error',
      'millrace/privacy': 'error',
      eqeqeq: 'error',
      'no-empty': 'error',
      'no-var': 'error',
      'prefer-const': 'error',
      'no-eval': 'error',
      'no-implied-eval': 'error',
      'no-restricted-syntax': ['error', ...noSpreadLiteral, ...noInlineType, noExportAll],
    },
  },
  {
    files: ['**/*.{ts,tsx}'],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/ban-ts-comment': [
        'error',
        { 'ts-ignore': true, 'ts-nocheck': true, 'ts-expect-error': true },
      ],
      // A class import must stay a value where decorators need its metadata; the compiler (TS1272) says where not.
      '@typescript-eslint/consistent-type-imports': 'off',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      // Ports are asynchronous where only one of their adapters has to wait.
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
    },
  },
  {
    files: ['{libs,apps}/*/src/**/*.{ts,tsx}'],
    ignores: ['**/*.{spec,contract}.ts'],
    rules: {
      'no-restricted-syntax': [
        'error',
        ...noSpreadLiteral,
        ...noInlineType,
        noExportAll,
        noEnvironment,
        noGuessableRandom,
      ],
    },
  },
  {
    files: ['{libs,apps}/*/src/**/{main,config,settings}.ts', '{libs,apps}/*/src/**/*-settings.ts'],
    rules: { 'no-restricted-syntax': ['error', ...noSpreadLiteral, ...noInlineType, noExportAll, noGuessableRandom] },
  },
  {
    files: ['**/*.{spec,contract,e2e}.ts', '**/support/**/*.ts'],
    rules: {
      // Matchers take methods as values, and bodies of answers are read as they come.
      '@typescript-eslint/unbound-method': 'off',
    },
  },
);
