/**
 * A world of replicas with a bad network, in which random things happen.
 *
 * Every update is queued for every other replica and arrives in any order, twice, late or never; what was lost is repaired by
 * a state vector exchange, as on a reconnection. Replicas restart from what they stored, under a new client id or their
 * old one. Their clocks differ by hours and drift. One of them is also a program of a later version, which writes what
 * nobody here knows.
 */
import * as fc from 'fast-check';
import * as Y from 'yjs';
import { openDocument, type EpochMs, type HoldfastDocument } from '@holdfast/core/document.ts';
import type { LocalDate, TagId, TaskId, ListId } from '@holdfast/core/document.ts';
import { canonicalJson } from '@holdfast/core/canonical.ts';
import { seededRandom } from '@holdfast/core/testing/random.ts';
import { START_MS } from '@holdfast/core/testing/replica.ts';
import { createOracle, stateVector, type Edit, type Oracle } from './oracle.ts';

export const REPLICAS = 4;
const HOUR_MS = 3_600_000;
const KINDS = [
  'create',
  'title',
  'title',
  'due',
  'dates',
  'notes',
  'done',
  'trash',
  'purge',
  'move',
  'nest',
  'nest',
  'nest',
  'tag',
  'list',
  'future',
  'settle',
  'undo',
  'undo',
  'redo',
  'batch',
  'deliver',
  'deliver',
  'deliver',
  'deliver',
  'deliver',
  'deliver',
  'repeat',
  'lose',
  'repair',
  'restart',
  'tick',
] as const;

/** One thing that happens; `a` and `b` choose among what there is then. */
export interface Happening {
  readonly replica: number;
  readonly kind: (typeof KINDS)[number];
  readonly a: number;
  readonly b: number;
}

export interface History {
  readonly skewsHours: readonly number[];
  readonly seed: number;
  readonly happenings: readonly Happening[];
}

export const histories: fc.Arbitrary<History> = fc.record({
  skewsHours: fc.array(fc.integer({ min: -11, max: 11 }), { minLength: REPLICAS, maxLength: REPLICAS }),
  seed: fc.nat({ max: 2 ** 31 - 1 }),
  happenings: fc.array(
    fc.record({
      replica: fc.nat({ max: REPLICAS - 1 }),
      kind: fc.constantFrom(...KINDS),
      a: fc.nat({ max: 1000 }),
      b: fc.nat({ max: 1000 }),
    }),
    { minLength: 30, maxLength: 140, size: 'max' },
  ),
});

interface Peer {
  document: HoldfastDocument;
  doc: Y.Doc;
  readonly clock: { ms: number };
  /** Waiting to arrive here. */
  readonly inbox: Uint8Array[];
  readonly arrived: Uint8Array[];
}

export interface World {
  readonly peers: readonly Peer[];
  readonly oracle: Oracle;
  /** What the later version wrote: root, key and value. */
  readonly future: readonly { root: string; key: string; value: unknown }[];
  /** Words put into the notes of a task that must still be there. */
  readonly words: ReadonlyMap<TaskId, ReadonlySet<string>>;
  readonly purged: ReadonlySet<string>;
  /** Set when an undo changed what its replica had not written itself. */
  readonly trespasses: readonly string[];
}

/** Let it all happen, then let everything arrive. */
export function runHistory(history: History): World {
  const random = seededRandom(history.seed);
  const oracle = createOracle();
  const future: { root: string; key: string; value: unknown }[] = [];
  const words = new Map<TaskId, Set<string>>();
  const purged = new Set<string>();
  const trespasses: string[] = [];
  let nextClient = 100;
  let count = 0;

  const peers = history.skewsHours.map((skew): Peer => {
    const clock = { ms: START_MS + skew * HOUR_MS };
    const peer = { clock, inbox: [], arrived: [] } as unknown as Peer;
    boot(peer, new Y.Doc(), nextClient++);
    return peer;
  });

  function boot(peer: Peer, doc: Y.Doc, clientId: number): void {
    doc.clientID = clientId;
    peer.doc = doc;
    doc.on('update', (update: Uint8Array, origin: unknown) => {
      if (origin === 'network') return;
      for (const other of peers) if (other !== peer) other.inbox.push(update);
    });
    peer.document = openDocument({
      doc,
      now: () => peer.clock.ms as EpochMs,
      random,
      device: { id: `device-${clientId}`, name: `Device ${clientId}` },
    });
  }

  function receive(peer: Peer, update: Uint8Array): void {
    Y.applyUpdate(peer.doc, update, 'network');
  }

  /** Run commands of one replica and tell the oracle what they did to the fields it watches. */
  function act(
    peer: Peer,
    commands: () => void,
    expected: readonly { path: string; value: unknown }[],
  ): void {
    const before = stateVector(peer.doc);
    commands();
    const writer = peer.doc.clientID.toString(36);
    oracle.happened(
      peer.doc,
      before,
      expected.map(({ path, value }) => {
        const own = rawRegisters(peer.doc, path).find((edit) => edit.author === writer && !edit.isCarried);
        return { path, value: canonicalJson(value), t: own?.t ?? Number.NaN, author: writer };
      }),
    );
  }

  function choose<T>(items: readonly T[], n: number): T | undefined {
    return items[n % Math.max(1, items.length)];
  }

  function happen({ replica, kind, a, b }: Happening): void {
    const peer = peers[replica];
    if (peer === undefined) return;
    const { document } = peer;
    peer.clock.ms += (a % 7) * 400;
    const tasks = [...document.tasks()].sort((x, y) => (x.id < y.id ? -1 : 1));
    // Few tasks, so that edits meet.
    const task = choose(tasks.slice(0, 4), a);
    const n = ++count;
    const path = (field: string): string => `tasks/${task?.id}/${field}`;
    switch (kind) {
      case 'create': {
        const before = stateVector(peer.doc);
        const listId =
          choose([null, ...[...document.lists()].filter((list) => list.trashedAt === null)], b)?.id ?? null;
        const made = document.createTask({
          title: `t${n}`,
          listId,
          position: b % 2 === 0 ? 'first' : 'last',
        });
        if (made.ok) {
          const edit = rawRegisters(peer.doc, `tasks/${made.id}/title`);
          oracle.happened(peer.doc, before, edit);
          words.set(made.id, new Set());
        }
        return;
      }
      case 'title':
        if (task !== undefined) {
          act(peer, () => document.editTask(task.id, { title: `t${n}` }), [
            { path: path('title'), value: `t${n}` },
          ]);
        }
        return;
      case 'due':
        if (task !== undefined) {
          const due = { date: dateOf(n) };
          act(peer, () => document.editTask(task.id, { due }), [{ path: path('due'), value: due }]);
        }
        return;
      case 'dates':
        if (task !== undefined) {
          const [due, start] = [{ date: dateOf(n) }, { date: dateOf(n + 5000), time: '09:30' }];
          act(peer, () => document.editTask(task.id, { due, start }), [
            { path: path('due'), value: due },
            { path: path('start'), value: start },
          ]);
        }
        return;
      case 'batch':
        if (task !== undefined) {
          const title = `t${n}b`;
          act(
            peer,
            () =>
              document.batch('several', () => {
                document.editTask(task.id, { title: `t${n}a` });
                document.completeTask(task.id);
                document.editTask(task.id, { title });
              }),
            [{ path: path('title'), value: title }],
          );
        }
        return;
      case 'notes':
        if (task !== undefined) {
          const word = `w${n}`;
          const typed = task.notes.split(' ').filter((other) => other !== '');
          typed.splice(b % (typed.length + 1), 0, word);
          document.editTask(task.id, { notes: typed.map((other) => `${other} `).join('') });
          words.get(task.id)?.add(word);
        }
        return;
      case 'done':
        if (task !== undefined) {
          if (task.status === 'open') document.completeTask(task.id);
          else document.reopenTask(task.id);
        }
        return;
      case 'trash':
        if (task !== undefined) {
          if (task.trashedAt === null) document.trashTask(task.id);
          else document.restoreTask(task.id);
        }
        return;
      case 'purge': {
        // Rarely, or nothing would be left to look at.
        if (task === undefined || task.trashedAt === null || b % 3 !== 0) return;
        const before = new Set(tasks.map(({ id }) => id));
        document.purgeTask(task.id);
        for (const { id } of document.tasks()) before.delete(id);
        for (const id of before) {
          purged.add(id);
          words.delete(id);
        }
        return;
      }
      case 'move': {
        const other = choose(tasks, b);
        if (task !== undefined && other !== undefined) {
          document.moveTask(task.id, b % 2 === 0 ? { before: other.id } : { after: other.id });
        }
        return;
      }
      case 'nest': {
        const other = choose([null, ...tasks.slice(0, 4)], b);
        if (task !== undefined) document.moveTask(task.id, { parentId: other?.id ?? null });
        return;
      }
      case 'tag': {
        const tags = [...document.tags()];
        const tag = choose(tags, b);
        if (tag === undefined || tags.length < 2) document.createTag({ name: `tag ${n}` });
        else if (b % 11 === 0) document.trashTag(tag.id as TagId);
        else if (task !== undefined) {
          if (task.tags.includes(tag.id)) document.untagTask(task.id, tag.id);
          else document.tagTask(task.id, tag.id);
        }
        return;
      }
      case 'list': {
        const lists = [...document.lists()].sort((x, y) => (x.id < y.id ? -1 : 1));
        const list = choose(lists, b);
        if (list === undefined || lists.length < 2) {
          const before = stateVector(peer.doc);
          const made = document.createList({ name: `l${n}` });
          if (made.ok) oracle.happened(peer.doc, before, rawRegisters(peer.doc, `lists/${made.id}/name`));
        } else if (b % 5 === 0) {
          if (list.trashedAt === null) document.trashList(list.id as ListId);
          else document.restoreList(list.id as ListId);
        } else {
          act(peer, () => document.editList(list.id, { name: `l${n}` }), [
            { path: `lists/${list.id}/name`, value: `l${n}` },
          ]);
        }
        return;
      }
      case 'future': {
        const writer = peer.doc.clientID.toString(36);
        const id = task?.id ?? 'nobody';
        const entry = [
          {
            root: 'tasks',
            key: `${id}/mood${n}@${writer}`,
            value: { v: { deep: [n] }, t: (START_MS + n) * 1024, why: n },
          },
          {
            root: 'tasks',
            key: `${id}#${n}/closed@${writer}`,
            value: { v: { kind: 'done' }, t: (START_MS + n) * 1024 },
          },
          { root: 'tasks', key: `${id}/plain${n}`, value: ['any', n] },
          {
            root: 'habits',
            key: `h${n}/name@${writer}`,
            value: { v: `habit ${n}`, t: (START_MS + n) * 1024 },
          },
        ][b % 4];
        if (entry !== undefined) {
          peer.doc.getMap(entry.root).set(entry.key, entry.value);
          future.push(entry);
        }
        return;
      }
      case 'settle': {
        const conflict = choose(document.conflicts(), a);
        if (conflict === undefined) return;
        const other = choose(conflict.others, b);
        const path = `${conflict.entity}s/${conflict.id}/${conflict.field}`;
        const isWatched = ['title', 'due', 'start', 'name'].includes(conflict.field);
        const isKept = b % 2 === 0 || other === undefined;
        const value = isKept ? conflict.standing.value : other.value;
        const command = (): void => {
          document.resolveConflict(conflict, isKept ? 'keep' : { take: other.writer });
        };
        if (conflict.field === 'name' && conflict.entity === 'tag') command();
        else act(peer, command, isWatched ? [{ path, value }] : []);
        return;
      }
      case 'undo':
      case 'redo':
        travel(peer, kind);
        return;
      case 'deliver': {
        if (peer.inbox.length === 0) return;
        const [update] = peer.inbox.splice(a % peer.inbox.length, 1);
        if (update !== undefined) {
          peer.arrived.push(update);
          receive(peer, update);
        }
        return;
      }
      case 'repeat': {
        const update = choose(peer.arrived, a);
        if (update !== undefined) receive(peer, update);
        return;
      }
      case 'lose':
        if (peer.inbox.length > 0) peer.inbox.splice(a % peer.inbox.length, 1);
        return;
      case 'repair': {
        const other = peers[b % peers.length];
        if (other !== undefined && other !== peer) exchange(peer, other);
        return;
      }
      case 'restart': {
        const stored = Y.encodeStateAsUpdate(peer.doc);
        const sameId = peer.doc.clientID;
        document.close();
        const doc = new Y.Doc();
        Y.applyUpdate(doc, stored);
        boot(peer, doc, b % 2 === 0 ? sameId : nextClient++);
        return;
      }
      case 'tick':
        peer.clock.ms += (a - 400) * 20_000;
        return;
    }
  }

  /** Undo or redo, and see that nothing changed but what this replica had written. */
  function travel(peer: Peer, kind: 'undo' | 'redo'): void {
    const before = stateVector(peer.doc);
    const paths = [...oracle.paths()];
    const registersBefore = new Map(paths.map((path) => [path, rawRegisters(peer.doc, path)]));
    const notesBefore = new Map([...peer.document.tasks()].map((task) => [task.id, task.notes]));
    const own = peer.doc.clientID.toString(36);
    peer.document[kind]();
    const edits: Edit[] = [];
    for (const path of paths) {
      const was = registersBefore.get(path) ?? [];
      const is = rawRegisters(peer.doc, path);
      if (canonicalJson(was) === canonicalJson(is)) continue;
      edits.push(...is);
      const [standing] = was;
      // A conflict that is settled or brought back again keeps its own authors: what this replica wrote is the key.
      if (standing !== undefined && standing.author !== own && !standing.isCarried) {
        trespasses.push(`${kind} overwrote ${path} of ${standing.author}`);
      }
    }
    oracle.happened(peer.doc, before, edits);
    for (const task of peer.document.tasks()) {
      const was = notesBefore.get(task.id);
      if (was === undefined || was === task.notes) continue;
      const wasWords = new Set(was.match(/w\d+/g));
      const isWords = new Set(task.notes.match(/w\d+/g));
      for (const word of wasWords) if (!isWords.has(word)) words.get(task.id)?.delete(word);
      for (const word of isWords) if (!wasWords.has(word)) words.get(task.id)?.add(word);
    }
  }

  function exchange(one: Peer, other: Peer): void {
    receive(one, Y.encodeStateAsUpdate(other.doc, Y.encodeStateVector(one.doc)));
    receive(other, Y.encodeStateAsUpdate(one.doc, Y.encodeStateVector(other.doc)));
  }

  for (const happening of history.happenings) happen(happening);
  for (let round = 0; round < 2; round++) {
    for (const one of peers) for (const other of peers) if (one !== other) exchange(one, other);
  }
  for (const id of purged) oracle.forget(`tasks/${id}/`);
  return { peers, oracle, future, words, purged, trespasses };
}

export interface RawEdit extends Edit {
  readonly isCarried: boolean;
}

/** The edits that lie in one field, read from the map as docs/document.md says, standing first. */
export function rawRegisters(doc: Y.Doc, path: string): RawEdit[] {
  const [root = '', id, ...field] = path.split('/');
  const prefix = `${id}/${field.join('/')}@`;
  const found: RawEdit[] = [];
  for (const [key, raw] of doc.getMap<{ v: unknown; t: number }>(root)) {
    if (!key.startsWith(prefix)) continue;
    const suffix = key.slice(prefix.length);
    const author = suffix.split('.').at(-1) ?? '';
    found.push({ path, value: canonicalJson(raw.v), t: raw.t, author, isCarried: suffix !== author });
  }
  return found.sort((a, b) => b.t - a.t || (a.author < b.author ? 1 : -1));
}

function dateOf(n: number): LocalDate {
  return new Date(Date.UTC(2000, 0, 1) + n * 86_400_000).toISOString().slice(0, 10) as LocalDate;
}
