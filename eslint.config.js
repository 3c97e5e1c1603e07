/**
 * What the linter holds: the parts of the house style that a machine can see.
 *
 * Layout is prettier's, imports across folders are tests/architecture.test.ts's, unused names are the compiler's.
 * Rules with types run on TypeScript only; they find the forgotten `await`, which is how edits get lost.
 */
import { fileURLToPath } from 'node:url';
import js from '@eslint/js';
import svelte from 'eslint-plugin-svelte';
import globals from 'globals';
import ts from 'typescript-eslint';
import { defineConfig } from 'eslint/config';

const sleepWords = 'A test awaits an event or sets the clock; it never sleeps.';

const house = [
  {
    selector: 'TSEnumDeclaration',
    message: 'States are unions, or an `as const` object and its type: enums cannot be erased.',
  },
  {
    selector: 'ExportAllDeclaration',
    message: 'No barrel files: import from the module that has the thing.',
  },
  {
    selector: 'TSParameterProperty',
    message: 'Parameter properties cannot be erased: write the field and assign it.',
  },
];

const noSleep = [
  {
    selector:
      "CallExpression[callee.name='setTimeout'][arguments.0.name='resolve'][arguments.1.type='Literal']",
    message: sleepWords,
  },
  { selector: "CallExpression[callee.property.name='waitForTimeout']", message: sleepWords },
];

const onlyOrSkipped = [
  {
    selector:
      'CallExpression[callee.object.name=/^(test|it|describe)$/][callee.property.name=/^(only|skip|todo)$/]',
    message: 'Every test runs, always.',
  },
];

export default defineConfig(
  {
    ignores: [
      '**/node_modules/**',
      '**/build/**',
      '**/dist/**',
      '**/.svelte-kit/**',
      'data/**',
      'web/static/**',
    ],
  },
  js.configs.recommended,
  ...ts.configs.recommended,
  ...svelte.configs.recommended,
  {
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    languageOptions: { globals: { ...globals.node, ...globals.browser, Temporal: 'readonly' } },
    rules: {
      'no-restricted-syntax': ['error', ...house],
      'no-console': 'error',
      'no-empty': ['error', { allowEmptyCatch: false }],
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'prefer-const': ['error', { destructuring: 'all' }],
      'no-warning-comments': ['error', { terms: ['todo', 'fixme', 'xxx'], location: 'start' }],
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'separate-type-imports' }],
      // The compiler reports these, with the same exceptions for a leading underscore.
      '@typescript-eslint/no-unused-vars': 'off',
      // Types and the compiler know better which names exist.
      'no-undef': 'off',
    },
  },
  {
    files: ['**/*.ts'],
    ignores: ['**/*.svelte.ts'],
    languageOptions: {
      parserOptions: {
        projectService: true,
        tsconfigRootDir: fileURLToPath(new URL('.', import.meta.url)),
      },
    },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': [
        'error',
        { checksVoidReturn: { arguments: false, attributes: false } },
      ],
      '@typescript-eslint/await-thenable': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/only-throw-error': 'error',
    },
  },
  {
    files: ['**/*.svelte', '**/*.svelte.ts', '**/*.svelte.js'],
    languageOptions: { parserOptions: { parser: ts.parser } },
  },
  {
    // Programs that people run speak to the terminal.
    files: ['deploy/**', 'tests/bench/**'],
    rules: { 'no-console': 'off' },
  },
  {
    // No I/O, no clock, no chance, no environment: they are passed in, so that one rule gives one answer everywhere.
    files: ['core/**/*.ts'],
    ignores: ['core/**/*.test.ts'],
    rules: {
      'no-restricted-globals': [
        'error',
        ...[
          'process',
          'window',
          'document',
          'navigator',
          'localStorage',
          'indexedDB',
          'fetch',
          'setTimeout',
        ].map((name) => ({ name, message: 'core has no I/O, no clock and no environment: pass it in.' })),
      ],
      'no-restricted-properties': [
        'error',
        { object: 'Date', property: 'now', message: 'core has no clock: pass `now` in.' },
        { object: 'Math', property: 'random', message: 'core has no chance: pass `random` in.' },
      ],
    },
  },
  {
    files: ['**/*.test.ts', 'tests/**/*.ts'],
    rules: {
      'no-restricted-syntax': ['error', ...house, ...noSleep, ...onlyOrSkipped],
    },
  },
);
