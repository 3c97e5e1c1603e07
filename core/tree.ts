/**
 * Where tasks are: below which parent, in which list, in which order.
 *
 * Promise: no task vanishes. Whatever concurrent edits make of parents and lists, each task that is not in the trash has
 * exactly one place: a parent that is gone, in the trash or part of a ring counts as none; a list that is gone or in the
 * trash counts as the Inbox. A ring (A moved below B here, B below A there) is opened at its latest move, so that no older
 * arrangement is torn. All of it is decided on reading, alike on every replica, and nothing is written for it.
 *
 * Kept incrementally: a change costs what it moves, not what there is.
 */
import type { ListId } from './ids.ts';
import { compareOrdered, type Ordered } from './order.ts';
import type { Section, Task } from './task.ts';

/** What one task says of its own place. */
export interface Placing {
  readonly alive: boolean;
  /** Alive and not in the trash. */
  readonly visible: boolean;
  readonly parent: string | null;
  /** Of the register `parent`: decides where a ring opens. */
  readonly parentT: number;
  readonly parentAuthor: string;
  readonly list: string | null;
  readonly order: string | null;
  readonly bornT: number;
}

/** Where it therefore is. */
export interface Place {
  readonly parent: string | null;
  readonly list: string | null;
}

export interface Tree {
  /** Take over what tasks now say (undefined: gone). Returns every task whose place is another than before. */
  update(changes: ReadonlyMap<string, Placing | undefined>, changedLists: ReadonlySet<string>): Set<string>;
  place(id: string): Place;
  /** Of the tasks in one place that are not in the trash, in order. */
  row(container: string): readonly Ordered[];
  /** Where in its row it lies; -1: in another or none. */
  indexInRow(container: string, id: string): number;
  /** All that say that this is their parent, wherever they are. */
  childrenSaying(parent: string): ReadonlySet<string>;
  tasksSayingList(list: string): ReadonlySet<string>;
}

interface Node {
  placing: Placing;
  place: Place;
  /** The row it lies in, with the entry that lies there. */
  container: string | null;
  entry: Ordered | null;
}

interface Row {
  entries: Ordered[];
  isSorted: boolean;
}

const NOWHERE: Place = { parent: null, list: null };
const NONE: ReadonlySet<string> = new Set();
/** From here on a row is sorted once when it is read, instead of at each insertion. */
const BULK_CHANGES = 256;

export function listRow(list: string | null): string {
  return `list/${list ?? ''}`;
}

export function parentRow(parent: string): string {
  return `parent/${parent}`;
}

/** Where a task is shown in its list: the section that it names, if its list has that. A subtask is where its parent is. */
export function shownSection(
  { section, listId, parentId }: Pick<Task, 'section' | 'listId' | 'parentId'>,
  sectionsOf: (listId: ListId) => readonly Section[],
): Section | null {
  if (section === null || listId === null || parentId !== null) return null;
  return sectionsOf(listId).find(({ id }) => id === section) ?? null;
}

export function createTree(isListVisible: (list: string) => boolean): Tree {
  const nodes = new Map<string, Node>();
  const children = new Map<string, Set<string>>();
  const listMembers = new Map<string, Set<string>>();
  /** Tasks whose parent does not count, because it would close a ring. */
  const opened = new Set<string>();
  const rows = new Map<string, Row>();

  function effectiveParent(id: string): string | null {
    const parent = nodes.get(id)?.placing.parent ?? null;
    if (parent === null || opened.has(id)) return null;
    return nodes.get(parent)?.placing.visible === true ? parent : null;
  }

  function effectiveList(id: string): string | null {
    let top = id;
    for (let up = effectiveParent(top); up !== null; up = effectiveParent(top)) top = up;
    const list = nodes.get(top)?.placing.list ?? null;
    return list !== null && isListVisible(list) ? list : null;
  }

  /** The ring through this task, if there is one. */
  function ringThrough(id: string): string[] {
    const path: string[] = [];
    const seen = new Set<string>();
    for (let at: string | null = id; at !== null; at = nodes.get(at)?.placing.parent ?? null) {
      if (seen.has(at)) return at === id ? path : [];
      seen.add(at);
      path.push(at);
    }
    return [];
  }

  function openRing(ring: readonly string[]): void {
    let latest: { id: string; placing: Placing } | undefined;
    for (const id of ring) {
      const placing = nodes.get(id)?.placing;
      if (placing === undefined) continue;
      if (latest === undefined || isLaterMove(placing, id, latest.placing, latest.id))
        latest = { id, placing };
    }
    if (latest !== undefined) opened.add(latest.id);
  }

  function setPlacing(id: string, placing: Placing | undefined, stale: Set<string>): void {
    const node = nodes.get(id);
    const before = node?.placing;
    if (!isSameMove(before, placing)) {
      // Only rings through this task can close or open by its move: a task has one parent.
      for (const member of ringThrough(id)) {
        if (opened.delete(member)) stale.add(member);
      }
    }
    if (before?.parent !== placing?.parent) {
      if (before?.parent != null) removeFrom(children, before.parent, id);
      if (placing?.parent != null) addTo(children, placing.parent, id);
    }
    if (before?.list !== placing?.list) {
      if (before?.list != null) removeFrom(listMembers, before.list, id);
      if (placing?.list != null) addTo(listMembers, placing.list, id);
    }
    if (placing === undefined) {
      if (node !== undefined) leaveRow(node);
      nodes.delete(id);
      opened.delete(id);
    } else if (node === undefined) {
      nodes.set(id, { placing, place: NOWHERE, container: null, entry: null });
    } else {
      node.placing = placing;
    }
  }

  function leaveRow(node: Node): void {
    const { container, entry } = node;
    if (container === null || entry === null) return;
    const row = rows.get(container);
    if (row === undefined) return;
    const index = row.isSorted ? searchRow(row.entries, entry) : row.entries.indexOf(entry);
    row.entries.splice(index, 1);
    if (row.entries.length === 0) rows.delete(container);
    node.container = null;
    node.entry = null;
  }

  function enterRow(node: Node, container: string, entry: Ordered, isBulk: boolean): void {
    let row = rows.get(container);
    if (row === undefined) rows.set(container, (row = { entries: [], isSorted: true }));
    if (isBulk) {
      row.entries.push(entry);
      row.isSorted = false;
    } else {
      sortRow(row);
      row.entries.splice(searchRow(row.entries, entry), 0, entry);
    }
    node.container = container;
    node.entry = entry;
  }

  function settle(id: string, node: Node, isBulk: boolean): boolean {
    const place: Place = { parent: effectiveParent(id), list: effectiveList(id) };
    const { visible, order, bornT } = node.placing;
    const container = !visible ? null : place.parent === null ? listRow(place.list) : parentRow(place.parent);
    const entry = node.entry;
    if (node.container !== container || entry?.order !== order || entry.bornT !== bornT) {
      leaveRow(node);
      if (container !== null) enterRow(node, container, { id, order, bornT }, isBulk);
    }
    if (node.place.parent === place.parent && node.place.list === place.list) return false;
    node.place = place;
    return true;
  }

  return {
    update(changes, changedLists) {
      const stale = new Set<string>();
      for (const list of changedLists) for (const id of listMembers.get(list) ?? NONE) stale.add(id);
      for (const [id, placing] of changes) {
        const visibleBefore = nodes.get(id)?.placing.visible ?? false;
        setPlacing(id, placing, stale);
        stale.add(id);
        if (visibleBefore !== (placing?.visible ?? false)) {
          for (const child of children.get(id) ?? NONE) stale.add(child);
        }
      }
      for (const [id, placing] of changes) {
        if (placing?.parent == null) continue;
        const ring = ringThrough(id);
        if (ring.length === 0 || ring.some((member) => opened.has(member))) continue;
        openRing(ring);
        for (const member of ring) stale.add(member);
      }
      const isBulk = stale.size > BULK_CHANGES;
      const moved = new Set<string>();
      // A set is walked over what is added meanwhile too: what moved takes its children along. The order does not matter,
      // because a place is computed from what the tasks say and never from another's place.
      for (const id of stale) {
        const node = nodes.get(id);
        if (node === undefined || !settle(id, node, isBulk)) continue;
        moved.add(id);
        for (const child of children.get(id) ?? NONE) stale.add(child);
      }
      return moved;
    },
    place: (id) => nodes.get(id)?.place ?? NOWHERE,
    row(container) {
      const row = rows.get(container);
      if (row === undefined) return [];
      sortRow(row);
      return row.entries;
    },
    indexInRow(container, id) {
      const [node, row] = [nodes.get(id), rows.get(container)];
      if (node?.entry == null || node.container !== container || row === undefined) return -1;
      sortRow(row);
      return searchRow(row.entries, node.entry);
    },
    childrenSaying: (parent) => children.get(parent) ?? NONE,
    tasksSayingList: (list) => listMembers.get(list) ?? NONE,
  };
}

function isLaterMove(a: Placing, aId: string, b: Placing, bId: string): boolean {
  if (a.parentT !== b.parentT) return a.parentT > b.parentT;
  if (a.parentAuthor !== b.parentAuthor) return a.parentAuthor > b.parentAuthor;
  return aId > bId;
}

function isSameMove(a: Placing | undefined, b: Placing | undefined): boolean {
  return a?.parent === b?.parent && a?.parentT === b?.parentT && a?.parentAuthor === b?.parentAuthor;
}

function sortRow(row: Row): void {
  if (!row.isSorted) row.entries.sort(compareOrdered);
  row.isSorted = true;
}

/** The index of this entry, or where it belongs. */
function searchRow(entries: readonly Ordered[], entry: Ordered): number {
  let low = 0;
  let high = entries.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const at = entries[middle];
    if (at !== undefined && compareOrdered(at, entry) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

function addTo(sets: Map<string, Set<string>>, key: string, id: string): void {
  const set = sets.get(key);
  if (set === undefined) sets.set(key, new Set([id]));
  else set.add(id);
}

function removeFrom(sets: Map<string, Set<string>>, key: string, id: string): void {
  const set = sets.get(key);
  set?.delete(id);
  if (set?.size === 0) sets.delete(key);
}
