/**
 * The index over one flat Y.Map: from keys to entities and their fields.
 *
 * Promise: kept up to date key by key, so that one edit costs what its own keys cost, whatever else the map holds. It keeps
 * references to the values in the document and copies none. Keys it does not understand are left out and left alone.
 */
import * as Y from 'yjs';
import { compareRegisters, parseKey, readRegister, type Register } from './register.ts';
import { isStamp } from './stamp.ts';
import type { Steps } from './steps.ts';

export interface Entity {
  readonly id: string;
  /** By field, the standing one first. Never an empty array. */
  readonly registers: Map<string, readonly Register[]>;
  /** Keys without a writer, by what follows the id: `born`, `purged`, `notes`. */
  readonly plain: Map<string, unknown>;
  /** Registers that cannot be believed: key to field. */
  readonly broken: ReadonlyMap<string, string>;
}

/** Ten thousand empty maps would cost more than the tasks' titles; hardly any entity has a broken register. */
const NONE_BROKEN: ReadonlyMap<string, string> = new Map();

/** Some milliseconds of work. */
const KEYS_A_STEP = 2_000;

interface OwnEntity extends Entity {
  broken: ReadonlyMap<string, string> | Map<string, string>;
}

export interface Table {
  readonly map: Y.Map<unknown>;
  readonly entities: ReadonlyMap<string, Entity>;
  /** Take over what now stands at this key. Returns the entity's id if anything changed. */
  apply(key: string): string | null;
  /** Take over everything that stands in the map. */
  applyAll(): Steps<void>;
  keysOf(entity: Entity): string[];
}

export function createTable(map: Y.Map<unknown>, observeStamp: (t: number) => void): Table {
  const entities = new Map<string, OwnEntity>();

  function entityOf(id: string): OwnEntity {
    let entity = entities.get(id);
    if (entity === undefined) {
      entity = { id, registers: new Map(), plain: new Map(), broken: NONE_BROKEN };
      entities.set(id, entity);
    }
    return entity;
  }

  function dropIfEmpty(entity: Entity): void {
    if (entity.registers.size + entity.plain.size + entity.broken.size === 0) entities.delete(entity.id);
  }

  function put(key: string, raw: unknown): string | null {
    const parsed = parseKey(key);
    if (parsed === null) return null;
    const { id, field, suffix } = parsed;
    if (raw === undefined && !entities.has(id)) return null;
    const entity = entityOf(id);
    if (suffix === null) {
      if (entity.plain.get(field) === raw) return null;
      if (raw === undefined) entity.plain.delete(field);
      else entity.plain.set(field, raw);
      observeBirth(raw);
    } else {
      const before = entity.registers.get(field);
      const known = before?.find((register) => register.key === key);
      if (known?.raw === raw && (raw !== undefined || !entity.broken.has(key))) return null;
      const register = raw === undefined ? null : readRegister(key, suffix, raw);
      markBroken(entity, key, raw === undefined || register !== null ? null : field);
      if (register !== null) observeStamp(register.t);
      setRegisters(entity, field, replaced(before, known, register));
    }
    dropIfEmpty(entity);
    return id;
  }

  function setRegisters(entity: OwnEntity, field: string, registers: readonly Register[]): void {
    if (registers.length === 0) entity.registers.delete(field);
    else entity.registers.set(field, registers);
  }

  function markBroken(entity: OwnEntity, key: string, field: string | null): void {
    if (field === null && !entity.broken.has(key)) return;
    const broken = entity.broken instanceof Map && entity.broken !== NONE_BROKEN ? entity.broken : new Map();
    if (field === null) broken.delete(key);
    else broken.set(key, field);
    entity.broken = broken.size === 0 ? NONE_BROKEN : broken;
  }

  function observeBirth(raw: unknown): void {
    if (typeof raw !== 'object' || raw === null || raw instanceof Y.AbstractType) return;
    const { t } = raw as { t?: unknown };
    if (isStamp(t)) observeStamp(t);
  }

  return {
    map,
    entities,
    apply: (key) => put(key, map.get(key)),
    *applyAll() {
      let sinceStep = 0;
      for (const [key, raw] of map.entries()) {
        put(key, raw);
        sinceStep += 1;
        if (sinceStep % KEYS_A_STEP === 0) yield;
      }
    },
    keysOf(entity) {
      return [
        ...[...entity.plain.keys()].map((name) => `${entity.id}/${name}`),
        ...[...entity.registers.values()].flatMap((registers) => registers.map((register) => register.key)),
        ...entity.broken.keys(),
      ];
    },
  };
}

/** The registers of a field with one of them exchanged for another, sorted. */
function replaced(
  before: readonly Register[] | undefined,
  out: Register | undefined,
  into: Register | null,
): readonly Register[] {
  if (before === undefined || (before.length === 1 && out !== undefined)) return into === null ? [] : [into];
  const after = before.filter((register) => register !== out);
  if (into === null) return after;
  // Put in its place rather than sorted: a hostile writer may make thousands of keys for one field.
  const next = after.findIndex((register) => compareRegisters(into, register) < 0);
  after.splice(next === -1 ? after.length : next, 0, into);
  return after;
}
