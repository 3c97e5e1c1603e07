/**
 * CPU and memory of other processes, from Linux's /proc. Elsewhere the bench says that it needs Linux.
 *
 * CPU comes from /proc/<pid>/stat, whose user and system time are exact sums rounded down to ticks of 10 ms
 * and include threads that have ended. Memory is VmRSS.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';

const TICKS_PER_SECOND = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));

/** CPU seconds (user and system) that the process has used, in nanosecond steps where the kernel counts them. */
export function cpuSeconds(pid: number): number {
  const ticks = statTimes(pid).own;
  const precise = threadSeconds(pid);
  // A thread that ended is missing from the precise sum; then the rounded one is the truth.
  return precise + 2 / TICKS_PER_SECOND >= ticks ? precise : ticks;
}

/** CPU seconds of a process and all that descend from it, the ended ones too (a Postgres with its backends). */
export function cpuSecondsOfFamily(pid: number): number {
  const { own, endedChildren } = statTimes(pid);
  let sum = own + endedChildren;
  for (const child of childrenOf(pid)) {
    try {
      sum += cpuSecondsOfFamily(child);
    } catch {
      // It ended between the listing and the reading; its parent counts it the next time.
    }
  }
  return sum;
}

function childrenOf(pid: number): number[] {
  const children: number[] = [];
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      if (statFields(Number(name))[1] === String(pid)) children.push(Number(name));
    } catch {
      // A process that ended meanwhile is nobody's child.
    }
  }
  return children;
}

export function residentBytes(pid: number): number {
  const line = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Number(line?.[1] ?? 0) * 1024;
}

/** Resident memory once it has come to rest: within 0.5 % over one second, or after ten at the latest. */
export async function restingResidentBytes(pid: number): Promise<number> {
  let before = residentBytes(pid);
  for (let second = 0; second < 10; second++) {
    await delay(1_000);
    const now = residentBytes(pid);
    if (Math.abs(now - before) < before * 0.005) return now;
    before = now;
  }
  return before;
}

const REST_SHARE = 0.05;
const REST_SAMPLES = 2;

/** Resolves after two seconds in a row in each of which less than a twentieth of a processor was used. */
export async function untilCpuRests(
  usedSeconds: () => number,
  second: () => Promise<unknown> = () => delay(1_000),
): Promise<void> {
  let before = usedSeconds();
  for (let resting = 0; resting < REST_SAMPLES;) {
    await second();
    const now = usedSeconds();
    resting = now - before < REST_SHARE ? resting + 1 : 0;
    before = now;
  }
}

function threadSeconds(pid: number): number {
  let nanoseconds = 0;
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    try {
      nanoseconds += Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]);
    } catch {
      // The thread ended; cpuSeconds falls back to the ticks, which keep it.
    }
  }
  return nanoseconds / 1e9;
}

function statTimes(pid: number): { own: number; endedChildren: number } {
  const fields = statFields(pid);
  const seconds = (index: number): number => Number(fields[index]) / TICKS_PER_SECOND;
  return { own: seconds(11) + seconds(12), endedChildren: seconds(13) + seconds(14) };
}

/** The fields after the command name (which may hold blanks): 0 is the state, 1 the parent, 11 to 14 the times. */
function statFields(pid: number): string[] {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return text.slice(text.lastIndexOf(')') + 2).split(' ');
}
