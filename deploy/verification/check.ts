/**
 * What a check of the deployment is, and how its outcomes are told and counted.
 *
 * Promise: a check that throws has failed, whatever it threw; one whose tool cannot be had is skipped, by name and reason,
 * and a skip is never counted as passed.
 * Why a reason and not silence: a machine without the tools must not look like one where all is well.
 */

export interface Check {
  readonly name: string;
  /** Resolves when all is well, with what is worth a word; throws what is wrong. */
  run(): Promise<string | undefined>;
}

export interface Summary {
  readonly passed: number;
  readonly failures: readonly string[];
  readonly skips: readonly string[];
}

/** Thrown where a tool cannot be had here. */
export class Skip extends Error {}

/** What is wrong, a line for each; shown without a stack. */
export class Faults extends Error {
  constructor(faults: readonly string[]) {
    super(faults.join('\n'));
  }
}

export function failOn(faults: readonly string[]): void {
  if (faults.length > 0) throw new Faults(faults);
}

/** One after the other, in order. */
export async function runChecks(
  checks: readonly Check[],
  print: (text: string) => void = (text) => process.stdout.write(text),
): Promise<Summary> {
  let passed = 0;
  const failures: string[] = [];
  const skips: string[] = [];
  for (const check of checks) {
    const startedAt = performance.now();
    try {
      const words = await check.run();
      passed += 1;
      const took = ((performance.now() - startedAt) / 1000).toFixed(1);
      print(`✓ ${check.name} (${words === undefined ? '' : `${words}, `}${took} s)\n`);
    } catch (error) {
      if (error instanceof Skip) {
        skips.push(`${check.name}: ${error.message}`);
        print(`- ${check.name}: SKIPPED, ${error.message}\n`);
      } else {
        failures.push(check.name);
        const text =
          error instanceof Faults ? error.message : error instanceof Error ? error.stack : String(error);
        print(`✗ ${check.name}\n${indented(text ?? '')}\n`);
      }
    }
  }
  return { passed, failures, skips };
}

/** Without the closing line, which stands alone at the end of whatever runs these checks. */
export function skipsInWords(skips: readonly string[]): string {
  if (skips.length === 0) return '';
  return `\nSkipped, and not counted as passed (${skips.length}):\n${skips.map((skip) => `  ${skip}\n`).join('')}`;
}

function indented(text: string): string {
  return text
    .trimEnd()
    .split('\n')
    .map((line) => `    ${line}`)
    .join('\n');
}
