/**
 * The document without a window: what the service worker runs when a reminder comes or is acted upon.
 *
 * Promise: an edit is made as a tab makes it: on the document as stored, under a client id that is leased by Web Lock, in
 * one strict transaction with its unsent entry, and told to open tabs once it is committed. It counts as done when it is
 * stored. Where no tab takes it over it is sent from here, for as long as the browser lets the worker live; what is left is
 * sent by the next start or the next `sync` event.
 *
 * Limits: a document is opened for one thing and closed again, one at a time, so nothing is held in memory between events
 * that another tab could have changed. With an account and a network the server is asked for a moment whether the leased id
 * may be written with; without that an edit takes a fresh id, as a tab's does.
 *
 * Built as a script of its own that sets `holdfastBackground` (vite.config.ts); it must not touch `window` or `document`.
 */

import { openDocument, type HoldfastDocument } from '@holdfast/core/document.ts';
import type { EpochMs, TaskId } from '@holdfast/core/ids.ts';
import { provideTemporal } from '@holdfast/core/recurrence/temporal.ts';
import type { Occurrence, Task } from '@holdfast/core/task.ts';
import type { ActionName, Target } from '../notifications/payload.ts';
import { claimShown } from '../notifications/shown.ts';
import { dueWords } from '../words/due-words.ts';
import { t } from '../words/language.ts';
import { localDue } from '../words/local-due.ts';
import { speakNotices } from '../words/notice-words.ts';
import { liveIn, localDate, localTime, timeZoneHere } from '../words/time-zone.ts';
import { leftForWorker } from '../words/worker-choices.ts';
import type { Acted, Background, Look } from './background-door.ts';
import { createClientIds } from './clients.ts';
import { createConnection, type Connection } from './connection.ts';
import { createDatabase, DatabaseGone } from './database.ts';
import { createKept, type Kept } from './kept.ts';
import { random } from './random.ts';
import { createRegistry, guessDeviceName, type Registration } from './registry.ts';
import { openStorage, type Storage } from './storage.ts';
import { DOCUMENT_STORES } from './document-stores.ts';
import type { TabMessage } from './tabs.ts';

/** How long the server may take to confirm an id before an edit goes on with a fresh one. */
const CONFIRM_MS = 2_000;
/** How long to ask the server for a task that this device does not know, before a notification is shown without it. */
const ASK_MS = 5_000;
/** How long to try to send: a browser ends a worker that takes long. */
const SEND_MS = 15_000;
/** How long one thing may keep the next waiting. */
const TURN_MS = 30_000;

interface Opened {
  readonly registration: Registration;
  readonly storage: Storage;
  readonly document: HoldfastDocument;
  /** null: no account. */
  readonly connection: Connection | null;
  /** Resolves as soon as `isSo`, or when the time is over. */
  until(isSo: () => boolean, withinMs: number): Promise<boolean>;
}

const now = () => Date.now() as EpochMs;
const registry = createRegistry({ now, guessName: () => guessDeviceName(navigator.userAgent) });
let last: Promise<unknown> = Promise.resolve();

/** One at a time: two open storages in one worker would only wait for each other. One that hangs does not stop the rest. */
function inTurn<T>(work: () => Promise<T>): Promise<T> {
  const mine = last.then(work, work);
  const limit = new Promise((resolve) => setTimeout(resolve, TURN_MS));
  last = Promise.race([mine.catch(() => undefined), limit]);
  return mine;
}

async function withKept<T>(work: (kept: Kept) => Promise<T>): Promise<T> {
  const { documentName } = await registry.read();
  const database = createDatabase({ name: () => Promise.resolve(documentName), stores: DOCUMENT_STORES });
  try {
    return await work(createKept(database));
  } finally {
    database.close();
  }
}

async function withDocument<T>(work: (opened: Opened) => Promise<T>): Promise<T> {
  await provideTemporal();
  liveIn((await leftForWorker()).timeZone);
  const registration = await registry.read();
  const { account, documentName } = registration;
  const database = createDatabase({
    // Signing out in a window gives the document up while it is open here.
    name: async () => {
      if ((await registry.read()).documentName === documentName) return documentName;
      throw new DatabaseGone('Another window signed out or cleared this browser.');
    },
    stores: DOCUMENT_STORES,
  });
  const listeners = new Set<() => void>();
  const changed = () => {
    for (const listener of [...listeners]) listener();
  };
  const scope = `holdfast:${documentName}`;
  const storage = await openStorage({
    database,
    now,
    recordOf: (writer) => ids.recordOf(writer),
  });
  const ids = createClientIds({
    database,
    doc: storage.doc,
    scope,
    locks: navigator.locks ?? null,
    now,
    isWorker: true,
  });
  const tabs = typeof BroadcastChannel === 'undefined' ? null : new BroadcastChannel(scope);
  const tell = (message: TabMessage) => tabs?.postMessage(message);
  await ids.begin({ hasAccount: account !== null, isDamaged: storage.isDamaged });
  const document = openDocument({
    doc: storage.doc,
    now,
    random,
    device: { id: registration.deviceId, name: registration.deviceName },
    timeZone: timeZoneHere,
  });
  const connection = account
    ? createConnection({
        syncUrl: `${location.origin.replace(/^http/, 'ws')}/sync`,
        spaceId: account.spaceId,
        storage,
        ids,
        self: () => ({ id: registration.deviceId, name: registration.deviceName }),
        now,
        random,
        isOnline: () => navigator.onLine,
        // Somebody has just tapped a notification: worth trying often, for the little time there is.
        isVisible: () => true,
        onLink: changed,
        onView: () => undefined,
        // The name is settled by the next window.
        onNamed: () => undefined,
        onNotify: () => undefined,
      })
    : null;
  storage.onCommit((commit) => {
    tell({ type: 'commit', commit });
    connection?.poke();
  });
  storage.onTrim((trimmed) => tell({ type: 'trimmed', ...trimmed }));
  storage.onState(changed);

  function until(isSo: () => boolean, withinMs: number): Promise<boolean> {
    if (isSo()) return Promise.resolve(true);
    return new Promise((resolve) => {
      const end = (answer: boolean) => {
        clearTimeout(timer);
        listeners.delete(check);
        resolve(answer);
      };
      const check = () => {
        if (isSo()) end(true);
      };
      const timer = setTimeout(() => end(isSo()), withinMs);
      listeners.add(check);
    });
  }

  try {
    return await work({ registration, storage, document, connection, until });
  } finally {
    connection?.close();
    document.close();
    await storage.close();
    ids.close();
    tabs?.close();
  }
}

/** Downloaded everything, or it is clear that nothing will come. */
function isSettled(connection: Connection): () => boolean {
  return () => ['online', 'signed-out', 'refused'].includes(connection.link.connection);
}

async function look(target: Target, language: string): Promise<Look> {
  speakNotices(language);
  return withDocument(async (opened) => {
    const { document, connection, until } = opened;
    let found = lookAt(document, target, language);
    if (found.state === 'unknown' && connection && navigator.onLine) {
      connection.start();
      await until(isSettled(connection), ASK_MS);
      found = lookAt(document, target, language);
    }
    return { ...found, dueCount: countDue(document) };
  });
}

function lookAt(document: HoldfastDocument, target: Target, language: string): Omit<Look, 'dueCount'> {
  const id = target.taskId as TaskId;
  const task = document.task(id);
  if (!task) return { state: 'unknown', title: null, detail: null };
  const occurrence = document.openOccurrences(id).find(({ ordinal }) => ordinal === target.ordinal);
  const words = { title: (occurrence ?? task).title, detail: detailOf(document, task, occurrence, language) };
  if (!occurrence) {
    const isPast =
      task.trashedAt !== null ||
      task.status !== 'open' ||
      (document.openOccurrences(id)[0]?.ordinal ?? -1) > target.ordinal;
    return { state: isPast ? 'over' : 'unknown', ...words };
  }
  const isSnoozed = occurrence.snoozedUntil !== null && target.at < occurrence.snoozedUntil;
  return { state: isSnoozed ? 'over' : 'open', ...words };
}

function detailOf(
  document: HoldfastDocument,
  task: Task,
  occurrence: Occurrence | undefined,
  language: string,
): string | null {
  const due = (occurrence ?? task).due;
  const present = {
    today: localDate(now()),
    time: localTime(now()),
    locale: navigator.languages.find((locale) => locale.startsWith(language)) ?? language,
    timeZone: timeZoneHere(),
    nowMs: now(),
  };
  const list = task.listId === null ? undefined : document.list(task.listId)?.name;
  const parts = [due ? t('Due {due}', { due: dueWords(due, present) }) : null, list ?? null].filter(
    (part) => part !== null,
  );
  return parts.length === 0 ? null : parts.join(' · ');
}

function countDue(document: HoldfastDocument): number {
  const today = localDate(now());
  const timeZone = timeZoneHere();
  let count = 0;
  for (const task of document.tasks()) {
    if (task.status !== 'open' || task.trashedAt !== null || !task.due) continue;
    // What is archived is in no day's view, so it is in no count either.
    if (task.listId !== null && document.list(task.listId)?.archivedAt != null) continue;
    if (localDue(task.due, timeZone).date <= today) count += 1;
  }
  return count;
}

async function act(action: ActionName, target: Target, until: number): Promise<Acted> {
  return withDocument(async (opened) => {
    const { document, storage, connection } = opened;
    if (storage.state.failing !== null)
      return { isSaved: false, isSent: false, problem: storage.state.failing };
    if (connection && navigator.onLine) {
      connection.start();
      await opened.until(isSettled(connection), CONFIRM_MS);
    }
    const id = target.taskId as TaskId;
    const result =
      action === 'complete'
        ? document.completeOccurrence(id, target.ordinal)
        : document.snooze(id, until as EpochMs, target.ordinal);
    if (!result.ok) {
      // Done or gone is as good as done now; a task that this device never saw is not.
      const isOver = lookAt(document, target, 'en').state === 'over';
      return isOver
        ? { isSaved: true, isSent: true }
        : { isSaved: false, isSent: false, problem: result.message };
    }
    await storage.settled();
    const { failing, unsaved } = storage.state;
    if (failing !== null || unsaved > 0) {
      return { isSaved: false, isSent: false, problem: failing ?? t('This browser could not store it.') };
    }
    return { isSaved: true, isSent: await sendAll(opened) };
  });
}

async function sendAll({ storage, connection, until }: Opened): Promise<boolean> {
  if (!connection) return true;
  const isSent = () => storage.state.unsent === 0;
  if (!navigator.onLine) return isSent();
  connection.start();
  const isOver = () =>
    isSent() || connection.link.connection === 'signed-out' || connection.link.connection === 'refused';
  await until(isOver, SEND_MS);
  return isSent();
}

globalThis.holdfastBackground = {
  look: (target, language) => inTurn(() => look(target, language)),
  act: (action, target, until) => inTurn(() => act(action, target, until)),
  send: () => inTurn(() => withDocument(sendAll)),
  markShown: (tag, at) => inTurn(() => withKept((kept) => claimShown(kept, tag, at))),
  whoAmI: async () => {
    const { deviceId, account } = await registry.read();
    return { deviceId, hasAccount: account !== null };
  },
} satisfies Background;
