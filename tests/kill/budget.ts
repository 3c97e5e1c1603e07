/** How often, and from which seed: small by default, the full counts from `.ci/run`, any from a person. */
export interface KillBudget {
  rounds: number;
  seed: number;
}

export function killBudget(variable: string, defaultRounds: number): KillBudget {
  return {
    rounds: count(variable) ?? defaultRounds,
    seed: count('HOLDFAST_KILL_SEED') ?? Math.floor(Math.random() * 1_000_000),
  };
}

function count(variable: string): number | undefined {
  const text = process.env[variable];
  if (text === undefined || text === '') return undefined;
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0) throw new Error(`${variable} is '${text}', not a count`);
  return value;
}
