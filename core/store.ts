/**
 * The index over one flat Y.Map: from keys to entities and their fields.
 *
 * Promise: kept up to date key by key, so that one edit costs what its own keys cost, whatever else the map holds. It keeps
 * references to the values in the document and copies none. Keys it does not understand are left out and left alone.
 */
import * as Y from 'yjs';
import { compareRegisters, parseKey, readRegister, type Register } from './register.ts';
import { isStamp } from './stamp.ts';

export interface Entity {
  readonly id: string;
  /** By field, the standing one first. Never an empty array. */
  readonly registers: Map<string, readonly Register[]>;
  /** Keys without a writer, by what follows the id: `born`, `purged`, `notes`. */
  readonly plain: Map<string, unknown>;
  /** Registers that cannot be believed: key to field. */
  readonly broken: Map<string, string>;
}

export interface Table {
  readonly map: Y.Map<unknown>;
  readonly entities: ReadonlyMap<string, Entity>;
  /** Take over what now stands at this key. Returns the entity's id if anything changed. */
  apply(key: string): string | null;
  applyAll(): void;
  keysOf(entity: Entity): string[];
}

export function createTable(map: Y.Map<unknown>, observeStamp: (t: number) => void): Table {
  const entities = new Map<string, Entity>();

  function entityOf(id: string): Entity {
    let entity = entities.get(id);
    if (entity === undefined) {
      entity = { id, registers: new Map(), plain: new Map(), broken: new Map() };
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
      const before = entity.registers.get(field) ?? [];
      const known = before.find((register) => register.key === key);
      if (known?.raw === raw && (raw !== undefined || !entity.broken.has(key))) return null;
      const register = raw === undefined ? null : readRegister(key, suffix, raw);
      if (raw === undefined || register !== null) entity.broken.delete(key);
      else entity.broken.set(key, field);
      const after = known === undefined ? [...before] : before.filter((other) => other !== known);
      if (register !== null) {
        after.push(register);
        if (after.length > 1) after.sort(compareRegisters);
        observeStamp(register.t);
      }
      if (after.length === 0) entity.registers.delete(field);
      else entity.registers.set(field, after);
    }
    dropIfEmpty(entity);
    return id;
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
    applyAll() {
      map.forEach((raw, key) => put(key, raw));
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
