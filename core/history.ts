/**
 * Undo and redo of this replica's own intents, as forward commands.
 *
 * Promise: undoing writes what was there before as a new edit, so it reaches other devices like any other. It touches only
 * what this replica itself wrote and what still stands: where someone (or a later edit) has written since, that part is left
 * alone and named; where nothing is left to undo it is refused with a sentence. Undoing a creation moves it to the trash,
 * unless someone else has written to it since. Several fields of one intent go back together.
 *
 * An intent that is not the last one can be undone by its number. Undoing an import takes back what the file brought, and
 * leaves what was edited since.
 *
 * Limits: kept in memory, the last 200 intents; purging is not in it.
 */
import type { Birth, Deed, FieldChange, Intents, TextChange } from './intent.ts';
import { deviceKey } from './intent.ts';
import type { EpochMs, Writer } from './ids.ts';
import type { Model } from './model.ts';
import { applyHunks, revertHunks, standingText } from './notes.ts';
import { effective, isSameValue } from './register.ts';
import { failure, type Result } from './result.ts';

const MAX_DEEDS = 200;

export interface History {
  readonly labels: { readonly undoLabel?: string; readonly redoLabel?: string };
  /** A deed that a person did: it can be undone, and nothing can be redone any more. */
  record(deed: Deed): void;
  /** The number of the intent that `undo` would take back. */
  readonly last: number | undefined;
  /** Default: the last one. */
  undo(intent?: number): Result<{ label: string; left: readonly string[] }>;
  redo(): Result<{ label: string; left: readonly string[] }>;
}

export interface HistoryDependencies {
  readonly model: Model;
  readonly intents: Intents;
  readonly now: () => EpochMs;
}

export function createHistory({ model, intents, now }: HistoryDependencies): History {
  const done: Deed[] = [];
  const undone: Deed[] = [];
  /**
   * Which write an undo or redo has put back: a chain of undos finds its own earlier writes again under the stamps of the
   * later undos. By write, as writeOf names it.
   */
  const origins = new Map<string, string>();

  function travel(
    from: Deed[],
    to: Deed[],
    word: 'undo' | 'redo',
    intent?: number,
  ): ReturnType<History['undo']> {
    const at = intent === undefined ? from.length - 1 : from.findIndex(({ id }) => id === intent);
    const [deed] = at === -1 ? [] : from.splice(at, 1);
    if (deed === undefined) return failure('nothing', `There is nothing to ${word}.`);
    const left: string[] = [];
    let count = 0;
    intents.run(
      deed.label,
      () => {
        const births = new Set(deed.births.map((birth) => birth.kind + birth.id));
        for (const birth of deed.births) tally(unmake(birth, deed.writers));
        for (const change of deed.texts) if (!births.has(`task${change.id}`)) tally(revertText(change));
        for (const change of deed.fields.values()) {
          if (!births.has(change.kind + change.id)) tally(revertField(change));
        }
      },
      (reverse) => to.push(reverse),
    );
    if (count === 0) {
      return failure(
        'superseded',
        `“${deed.label}” was left as it is: ${left[0] ?? 'it was changed since.'}`,
      );
    }
    return { ok: true, label: deed.label, left };

    function tally(obstacle: string | null): void {
      if (obstacle === null) count++;
      else left.push(obstacle);
    }
  }

  function revertField({ kind, id, field, before, after }: FieldChange): string | null {
    if (!model.isAlive(kind, id)) return `the ${kind} was deleted for ever.`;
    const [standing] = model.entity(kind, id)?.registers.get(field) ?? [];
    const path = `${kind}/${id}/${field}`;
    if (standing === undefined || originOf(path, standing) !== originOf(path, after)) {
      return changedSince(field, standing?.author);
    }
    const [first, ...others] = before;
    if (first !== undefined && others.some((other) => !isSameValue(other.v, first.v))) {
      intents.restoreField(kind, id, field, before);
    } else {
      intents.setField(kind, id, field, first === undefined ? null : first.v);
      if (first !== undefined) {
        origins.set(writeOf(path, { author: intents.writer(), t: intents.stamp() }), originOf(path, first));
      }
    }
    return null;
  }

  function originOf(path: string, write: FieldChange['after']): string {
    const name = writeOf(path, write);
    return origins.get(name) ?? name;
  }

  function revertText({ id, reference, before, edit }: TextChange): string | null {
    const entity = model.entity('task', id);
    if (entity === undefined || !model.isAlive('task', id)) return 'the task was deleted for ever.';
    const [standing] = entity.registers.get('notes') ?? [];
    const found = standingText(entity, standing);
    if (found === null || !isSameValue(found.value, reference))
      return changedSince('notes', standing?.author);
    const reverse = revertHunks(found.text.toString(), edit);
    if (reverse === null) return changedSince('notes', standing?.author);
    const seen = effective(entity.registers.get('notes') ?? []);
    const again = applyHunks(found.text, reverse);
    if (before.some((other) => !isSameValue(other.v, reference)))
      intents.restoreField('task', id, 'notes', before);
    else intents.stampField('task', id, 'notes', reference);
    intents.recordText({ id, reference, before: seen, edit: again });
    return null;
  }

  function unmake({ kind, id, upTo }: Birth, writers: ReadonlySet<Writer>): string | null {
    const entity = model.entity(kind, id);
    if (entity === undefined || !model.isAlive(kind, id)) return `the ${kind} was deleted for ever.`;
    for (const registers of entity.registers.values()) {
      const other = registers.find(
        ({ author, t }) => !writers.has(author) && (upTo === undefined || t > upTo),
      );
      if (other !== undefined) return changedSince(kind, other.author);
    }
    intents.setField(kind, id, 'trashed', { at: now() });
    return null;
  }

  function changedSince(thing: string, author: Writer | undefined): string {
    const device = author === undefined ? undefined : model.meta.get(deviceKey(author));
    const { name } = (typeof device === 'object' && device !== null ? device : {}) as { name?: unknown };
    const where = author === intents.writer() || typeof name !== 'string' ? '' : ` on ${name}`;
    return `${NAMES[thing] ?? thing} ${thing === 'notes' ? 'were' : 'was'} changed since${where}.`;
  }

  return {
    get labels() {
      const [undo, redo] = [done.at(-1)?.label, undone.at(-1)?.label];
      return {
        ...(undo === undefined ? {} : { undoLabel: undo }),
        ...(redo === undefined ? {} : { redoLabel: redo }),
      };
    },
    record(deed) {
      done.push(deed);
      if (done.length > MAX_DEEDS) done.shift();
      undone.length = 0;
      // No earlier deed is left that could ask for an origin.
      if (done.length === 1) origins.clear();
    },
    get last() {
      return done.at(-1)?.id;
    },
    undo: (intent) => travel(done, undone, 'undo', intent),
    redo: () => travel(undone, done, 'redo'),
  };
}

function writeOf(path: string, { author, t }: FieldChange['after']): string {
  return `${path}@${author}/${t}`;
}

/** Fields and entities as a sentence begins with them. */
const NAMES: { readonly [thing: string]: string } = {
  task: 'the task',
  list: 'the list',
  tag: 'the tag',
  section: 'the section',
  filter: 'the filter',
  title: 'the title',
  notes: 'the notes',
  due: 'the due date',
  start: 'the start date',
  priority: 'the priority',
  parent: 'its place',
  order: 'its place',
  done: 'its completion',
  trashed: 'its place in the trash',
  rule: 'the repeat',
  end: 'the end of the repeat',
  name: 'the name',
  color: 'the colour',
  icon: 'the icon',
  archived: 'the archive',
  query: 'what it looks for',
};
