/**
 * What happened while nobody looked at this device: when it was looked at and in touch with the server last, and what
 * others and other devices changed meanwhile.
 *
 * Promise: an absence begins where someone last looked and is told of until it is dismissed; what was fetched stays
 * readable offline and after a reload. Where the server cannot be asked on coming back, it is asked when it can be.
 * Nothing of it is in the document; it goes with the document when someone signs out.
 *
 * Limits: the history is the server's, so without an account there is nothing to tell; it reaches back as far as the
 * server keeps it, and at most MAX_ENTRIES changes are fetched.
 */

import type { Device } from '../device/device.ts';
import type { AuditEntry, NotificationServer } from '../notifications/notification-api.ts';
import { type ChangeGroup, changeGroups } from './changes.ts';

/** What is kept of it. */
export interface KeptAbsence {
  /** When someone last looked, by this device's clock. */
  readonly since: number;
  /** When someone looked again. */
  readonly until: number;
  readonly entries: readonly AuditEntry[];
  /** There were more changes than are fetched. */
  readonly isCut: boolean;
  /** Null: the server could not be asked yet. */
  readonly fetchedAt: number | null;
}

interface AbsenceOptions {
  readonly device: Device;
  readonly server: Pick<NotificationServer, 'audit'>;
  readonly now?: () => number;
}

const LOOKED_AT = 'looked-at';
const IN_TOUCH_AT = 'in-touch-at';
const ABSENCE = 'absence';
/** Shorter than this nobody was away. */
export const AWAY_MS = 60 * 60_000;
const WATCH_MS = 60_000;
const PAGE = 100;
const MAX_ENTRIES = 500;

export class Absence {
  #current: KeptAbsence | null = $state.raw(null);
  #inTouchAt: number | null = $state(null);
  isFetching = $state(false);
  /** Why it could not be fetched, as a sentence; empty: it could, or nothing was tried. */
  problem = $state('');

  readonly #device: Device;
  readonly #server: Pick<NotificationServer, 'audit'>;
  readonly #now: () => number;
  #stops: (() => void)[] = [];

  constructor({ device, server, now = Date.now }: AbsenceOptions) {
    this.#device = device;
    this.#server = server;
    this.#now = now;
  }

  get current(): KeptAbsence | null {
    return this.#current;
  }

  /** When this device last had a connection to the server; null: never, as far as it remembers. */
  get inTouchAt(): number | null {
    return this.#inTouchAt;
  }

  readonly #groups: readonly ChangeGroup[] = $derived.by(() =>
    this.#current === null ? [] : changeGroups(this.#current.entries, this.#device.self.id),
  );
  get groups(): readonly ChangeGroup[] {
    return this.#groups;
  }

  async open(): Promise<void> {
    const { kept } = this.#device;
    this.#inTouchAt = readNumber(await kept.read(IN_TOUCH_AT));
    this.#current = readKept(await kept.read(ABSENCE));
    const onVisible = (): void => void this.#look();
    document.addEventListener('visibilitychange', onVisible);
    const watching = setInterval(() => void this.#note(), WATCH_MS);
    let wasOnline = false;
    const heed = (): void => {
      const isOnline = this.#device.status.connection === 'online';
      if (isOnline || wasOnline) void this.#touch();
      if (isOnline && !wasOnline) void this.#fetch();
      wasOnline = isOnline;
    };
    this.#stops = [
      () => document.removeEventListener('visibilitychange', onVisible),
      () => clearInterval(watching),
      this.#device.onStatus(heed),
    ];
    await this.#look();
    heed();
  }

  close(): void {
    for (const stop of this.#stops.splice(0)) stop();
  }

  /** Reads it again, where the server can be asked. */
  refresh(): Promise<void> {
    return this.#fetch(true);
  }

  async dismiss(): Promise<void> {
    this.#current = null;
    this.problem = '';
    await this.#device.kept.write(ABSENCE, null);
  }

  /** After `dismiss`: as it was. */
  async bringBack(absence: KeptAbsence): Promise<void> {
    this.#current = absence;
    await this.#device.kept.write(ABSENCE, absence);
  }

  /** Someone looks: was nobody here for long? Another window may have been looked at meanwhile. */
  async #look(): Promise<void> {
    if (document.visibilityState !== 'visible') {
      await this.#note();
      return;
    }
    const now = this.#now();
    const lookedAt = readNumber(await this.#device.kept.read(LOOKED_AT));
    await this.#device.kept.write(LOOKED_AT, now);
    if (!this.#device.account || lookedAt === null || now - lookedAt < AWAY_MS) return;
    const earlier = this.#current;
    this.#current = {
      since: Math.min(earlier?.since ?? lookedAt, lookedAt),
      until: now,
      entries: earlier?.entries ?? [],
      isCut: earlier?.isCut ?? false,
      fetchedAt: null,
    };
    await this.#device.kept.write(ABSENCE, this.#current);
    await this.#fetch();
  }

  async #note(): Promise<void> {
    if (document.visibilityState === 'visible') await this.#device.kept.write(LOOKED_AT, this.#now());
    if (this.#device.status.connection === 'online') await this.#touch();
  }

  async #touch(): Promise<void> {
    const now = this.#now();
    // Edits change the status all the time.
    if (this.#inTouchAt !== null && now - this.#inTouchAt < WATCH_MS / 2) return;
    this.#inTouchAt = now;
    await this.#device.kept.write(IN_TOUCH_AT, now);
  }

  async #fetch(isAsked = false): Promise<void> {
    const { account, status } = this.#device;
    const absence = this.#current;
    if (!account || !absence || this.isFetching || status.connection !== 'online') return;
    if (absence.fetchedAt !== null && !isAsked) return;
    this.isFetching = true;
    const found = await this.#read(account.spaceId, absence.since + (status.clockSkewMs ?? 0));
    this.isFetching = false;
    // Dismissed meanwhile.
    if (this.#current === null) return;
    this.problem = found.problem;
    if (found.problem !== '') return;
    const { entries, isCut } = found;
    if (changeGroups(entries, this.#device.self.id).length === 0) {
      await this.dismiss();
      return;
    }
    this.#current = { ...this.#current, entries, isCut, fetchedAt: this.#now() };
    await this.#device.kept.write(ABSENCE, this.#current);
  }

  async #read(
    spaceId: string,
    after: number,
  ): Promise<{ entries: readonly AuditEntry[]; isCut: boolean; problem: string }> {
    const entries: AuditEntry[] = [];
    let cursor: string | null = null;
    do {
      const question = { after, limit: PAGE, cursor };
      const page = await this.#server.audit(spaceId, question);
      if (!page.ok) return { entries, isCut: true, problem: page.message };
      entries.push(...page.value.items);
      cursor = page.value.next;
    } while (cursor !== null && entries.length < MAX_ENTRIES);
    return { entries, isCut: cursor !== null, problem: '' };
  }
}

function readNumber(value: unknown): number | null {
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}

function readKept(value: unknown): KeptAbsence | null {
  const kept = value as KeptAbsence | null | undefined;
  return kept && typeof kept.since === 'number' && Array.isArray(kept.entries) ? kept : null;
}
