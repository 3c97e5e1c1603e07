import { expect, test } from 'vitest';
import { Faults, Skip, runChecks, skipsInWords } from './check.ts';

test('[DP3] a check that cannot be made is named as skipped and not counted as passed; one that throws has failed', async () => {
  const printed: string[] = [];
  const summary = await runChecks(
    [
      { name: 'well', run: () => Promise.resolve('3 files') },
      { name: 'wrong', run: () => Promise.reject(new Faults(['a.yaml: one', 'b.yaml: two'])) },
      { name: 'impossible', run: () => Promise.reject(new Skip('shellcheck is not installed')) },
      { name: 'broken', run: () => Promise.reject(new TypeError('not a function')) },
    ],
    (text) => printed.push(text),
  );
  expect(summary).toEqual({
    passed: 1,
    failures: ['wrong', 'broken'],
    skips: ['impossible: shellcheck is not installed'],
  });
  const output = printed.join('');
  expect(output).toMatch(/✓ well \(3 files, [\d.]+ s\)/);
  expect(output).toContain('✗ wrong\n    a.yaml: one\n    b.yaml: two\n');
  expect(output).toContain('- impossible: SKIPPED, shellcheck is not installed');
  expect(skipsInWords(summary.skips)).toContain('(1):\n  impossible: shellcheck is not installed\n');
  expect(skipsInWords([])).toBe('');
});
