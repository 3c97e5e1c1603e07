/** The walker over updates: agreement with Yjs on honest ones, refusal of the rest, and no cost on the way. */
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as Y from 'yjs';
import { INSPECTION_LIMITS, UpdateInspector, UpdateRefusedError } from './inspect.ts';

const SEED = Number(process.env['HOLDFAST_PROPERTY_SEED'] ?? 20261123);
const RUNS = Number(process.env['HOLDFAST_PROPERTY_RUNS'] ?? 300);

/** Clients and clocks as the walker reports them: from and to of each run. */
function ranges(inspector: UpdateInspector): Map<number, [number, number]> {
  const found = new Map<number, [number, number]>();
  for (let i = 0; i < inspector.segmentCount; i++) {
    const client = inspector.segmentClient[i] as number;
    const from = inspector.segmentFrom[i] as number;
    const to = inspector.segmentTo[i] as number;
    const known = found.get(client);
    found.set(client, known ? [Math.min(known[0], from), Math.max(known[1], to)] : [from, to]);
  }
  return found;
}

function agrees(update: Uint8Array): void {
  const inspector = new UpdateInspector();
  inspector.inspect(update);
  const meta = Y.parseUpdateMeta(update);
  const own = ranges(inspector);
  expect(new Map([...own].map(([client, [from]]) => [client, from]))).toEqual(meta.from);
  expect(new Map([...own].map(([client, [, to]]) => [client, to]))).toEqual(meta.to);
  const deleted = Y.decodeUpdate(update).ds.clients;
  expect(inspector.deletionCount).toBe(deleted.size);
  for (let i = 0; i < inspector.deletionCount; i++) {
    const ends = (deleted.get(inspector.deletionClient[i] as number) ?? []).map(
      (range) => range.clock + range.len,
    );
    expect(inspector.deletionEnd[i]).toBe(Math.max(...ends));
  }
}

type Step = (docs: Y.Doc[], random: () => number) => void;

/** One thing that a person or a program might do to a document, of every type that Yjs has. */
const STEPS: Step[] = [
  (docs, random) =>
    pick(docs, random)
      .getMap('tasks')
      .set(`k${Math.floor(random() * 9)}/title`, { v: value(random, 3) }),
  (docs, random) =>
    pick(docs, random)
      .getMap('tasks')
      .delete(`k${Math.floor(random() * 9)}/title`),
  (docs, random) => {
    const text = pick(docs, random).getText('text');
    text.insert(
      Math.floor(random() * (text.length + 1)),
      ['plain', 'grüße', '漢字', '😀👍🏽', 'a'][Math.floor(random() * 5)] as string,
    );
  },
  (docs, random) => {
    const text = pick(docs, random).getText('text');
    if (text.length > 2) text.delete(Math.floor(random() * (text.length - 1)), 1);
  },
  (docs, random) => {
    const text = pick(docs, random).getText('text');
    if (text.length > 2) text.format(0, text.length, { bold: random() < 0.5 ? true : null });
  },
  (docs, random) =>
    pick(docs, random)
      .getText('text')
      .insertEmbed(0, { image: 'x', depth: [[1]] }),
  (docs, random) =>
    pick(docs, random)
      .getArray('list')
      .insert(0, [{ v: value(random, 2) }, new Uint8Array([1, 2, 3])]),
  (docs, random) => {
    const list = pick(docs, random).getArray('list');
    if (list.length > 1) list.delete(Math.floor(random() * list.length), 1);
  },
  (docs, random) => {
    const map = new Y.Map();
    pick(docs, random).getArray('nested').push([map]);
    map.set('inner', new Y.Array());
    (map.get('inner') as Y.Array<unknown>).push([1, 2, new Y.Text('deep')]);
  },
  (docs, random) => {
    const element = new Y.XmlElement('paragraph');
    pick(docs, random).getXmlFragment('prose').insert(0, [element]);
    element.setAttribute('align', 'left');
    element.insert(0, [new Y.XmlText('words'), new Y.XmlHook('hook') as unknown as Y.XmlText]);
  },
  (docs, random) =>
    pick(docs, random)
      .getMap('docs')
      .set('sub', new Y.Doc({ meta: { a: 1 } })),
  (docs, random) => {
    const [from, to] = [pick(docs, random), pick(docs, random)];
    Y.applyUpdate(to, Y.encodeStateAsUpdate(from, Y.encodeStateVector(to)));
  },
];

function pick<T>(list: readonly T[], random: () => number): T {
  return list[Math.floor(random() * list.length)] as T;
}

function value(random: () => number, depth: number): unknown {
  const values = [
    1,
    -7,
    2 ** 31,
    -(2 ** 40),
    1.5,
    1e300,
    true,
    false,
    null,
    undefined,
    '',
    'text',
    12n,
    new Uint8Array(3),
  ];
  if (depth === 0 || random() < 0.6) return pick(values, random);
  return random() < 0.5
    ? [value(random, depth - 1), value(random, depth - 1)]
    : { a: value(random, depth - 1), 'b/ü': value(random, depth - 1) };
}

function mulberry(seed: number): () => number {
  let a = seed | 0;
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** Every kind of update that a history of edits gives: single, merged with holes, differences, whole states. */
function updatesOf(seed: number, steps: number): Uint8Array[] {
  const random = mulberry(seed);
  const docs = [1, 2, 3].map((n) => {
    const doc = new Y.Doc({ gc: n !== 2 });
    doc.clientID = n === 3 ? 2 ** 32 - 1 : Math.floor(random() * 2 ** 32);
    return doc;
  });
  const updates: Uint8Array[] = [];
  for (const doc of docs) doc.on('update', (update: Uint8Array) => updates.push(update));
  for (let i = 0; i < steps; i++) pick(STEPS, random)(docs, random);
  const picked = updates.filter(() => random() < 0.4);
  if (picked.length > 0) updates.push(Y.mergeUpdates(picked));
  for (const doc of docs) {
    updates.push(
      Y.encodeStateAsUpdate(doc),
      Y.encodeStateAsUpdate(doc, Y.encodeStateVector(docs[0] as Y.Doc)),
    );
  }
  return updates;
}

/** An update written by hand, number by number. */
function bytes(...parts: (number | string | number[])[]): Uint8Array {
  const out: number[] = [];
  const uint = (value: number): void => {
    while (value >= 128) {
      out.push((value % 128) | 128);
      value = Math.floor(value / 128);
    }
    out.push(value);
  };
  for (const part of parts) {
    if (typeof part === 'number') uint(part);
    else if (typeof part === 'string') {
      const text = new TextEncoder().encode(part);
      uint(text.length);
      out.push(...text);
    } else out.push(...part);
  }
  return Uint8Array.from(out);
}

function refusal(update: Uint8Array, inspector = new UpdateInspector()): string {
  try {
    inspector.inspect(update);
  } catch (error) {
    expect(error).toBeInstanceOf(UpdateRefusedError);
    return (error as Error).message;
  }
  return 'taken';
}

describe('inspection of updates', () => {
  test('[SI1] it agrees with Yjs about every update of any history', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 1, max: 60 }), (seed, steps) => {
        for (const update of updatesOf(seed, steps)) agrees(update);
      }),
      { seed: SEED, numRuns: RUNS },
    );
  });

  test('[SI2] of cut, changed and random bytes it takes nothing that Yjs cannot read', () => {
    const inspector = new UpdateInspector();
    fc.assert(
      fc.property(fc.integer(), fc.integer(), (seed, damage) => {
        const random = mulberry(damage);
        for (const update of updatesOf(seed, 12)) {
          const damaged = Uint8Array.from(update);
          for (let i = 0; i < 1 + random() * 3; i++)
            damaged[Math.floor(random() * damaged.length)] = random() * 256;
          const cut = random() < 0.3 ? damaged.subarray(0, Math.floor(random() * damaged.length)) : damaged;
          if (refusal(cut, inspector) === 'taken') Y.decodeUpdate(cut);
        }
      }),
      { seed: SEED, numRuns: RUNS },
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (random) => {
        if (refusal(random, inspector) === 'taken') Y.decodeUpdate(random);
      }),
      { seed: SEED, numRuns: RUNS * 20 },
    );
  });

  test('[SI3] no announced number costs memory: 7 bytes do not allocate 232 MB', () => {
    expect(refusal(bytes(1, 29_000_000, 1, 0))).toBe('more structs announced than sent');
    expect(refusal(bytes(1, 1, 1, 0, 8, 1, 'tasks', 29_000_000, 0))).toBe('the update ends too early');
    expect(refusal(bytes(1, 1, 1, 0, 2, 1, 'tasks', 29_000_000, 0))).toBe('the update ends too early');
    expect(refusal(bytes(0, 1, 1, 29_000_000, 0))).toBe('the update ends too early');
    expect(refusal(bytes(29_000_000, 0))).toMatch(/clients/);
    expect(refusal(bytes(1, 1, 1, 0, 3, 1, 'tasks', 2 ** 40))).toBe('the update ends too early');
  });

  test('[SI4] a clock may not jump, nor leave the safe integers', () => {
    expect(refusal(bytes(1, 1, 1, 0, 0, 2 ** 40, 0))).toMatch(/would jump/);
    expect(refusal(bytes(1, 1, 1, Number.MAX_SAFE_INTEGER, 0, 5, 0))).toMatch(/beyond all bounds/);
    expect(refusal(bytes(0, 1, 1, 1, Number.MAX_SAFE_INTEGER, 5))).toMatch(/beyond all bounds/);
    expect(refusal(bytes(1, 1, [255, 255, 255, 255, 255, 255, 255, 255, 1], 0, 0, 1, 0))).toMatch(
      /beyond all bounds/,
    );
  });

  test('[SI5] types may not nest deeper than can be read and deleted, within one update or over several', () => {
    const doc = new Y.Doc();
    const updates: Uint8Array[] = [];
    doc.on('update', (update: Uint8Array) => updates.push(update));
    let at = doc.getArray<unknown>('list');
    for (let i = 0; i < 150; i++) {
      const inner = new Y.Array<unknown>();
      at.push([inner]);
      at = inner;
    }
    expect(refusal(Y.encodeStateAsUpdate(doc))).toMatch(/nested 101 deep/);
    const nesting = new Map<string, number>();
    const inspector = new UpdateInspector();
    const taken = updates.findIndex((update) => {
      try {
        inspector.inspect(update, 0, update.length, nesting);
        inspector.nestedTypes.forEach((type, i) => nesting.set(type, inspector.nestedDepths[i] as number));
        return false;
      } catch {
        return true;
      }
    });
    expect(taken).toBe(100);
  });

  test('[SI6] values may not nest deeper than can be read', () => {
    const deep = [...new Array<number[]>(5000).fill([117, 1]), [126]].flat();
    expect(refusal(bytes(1, 1, 1, 0, 8, 1, 'tasks', 1, deep, 0))).toBe('a value nested too deep');
    expect(refusal(bytes(1, 1, 1, 0, 5, 1, 'tasks', `${'['.repeat(5000)}${']'.repeat(5000)}`, 0))).toBe(
      'a value nested too deep',
    );
  });

  test('[SI7] texts must be UTF-8 and JSON must be JSON, because Yjs throws on both', () => {
    for (const text of [
      [0xc0, 0x80],
      [0xed, 0xa0, 0x80],
      [0xf5, 0x80, 0x80, 0x80],
      [0xe2, 0x82],
      [0x80],
      [0xf0, 0x80, 0x80, 0x80],
    ]) {
      expect(refusal(bytes(1, 1, 1, 0, 4, 1, 'tasks', [text.length, ...text], 0))).toBe(
        'a text that is no UTF-8',
      );
    }
    expect(refusal(bytes(1, 1, 1, 0, 5, 1, 'tasks', '{"a":', 0))).toBe('a value that is no JSON');
    expect(refusal(bytes(1, 1, 1, 0, 5, 1, 'tasks', 'undefined', 0))).toBe('a value that is no JSON');
    expect(refusal(bytes(1, 1, 1, 0, 8, 1, 'tasks', 1, [118], 1, '__proto__', [118], 0, 0))).toBe(
      'a key __proto__',
    );
  });

  test('[SI8] many structs at one place are refused, many structs are not', () => {
    const many: number[][] = [];
    for (let client = 1; client <= 2000; client++)
      many.push([...bytes(1, 3000 - client, 0, 32 | 8, 1, 'tasks', 'key', 1, [126])]);
    expect(refusal(bytes(2000, many.flat(), 0))).toBe('too many structs at one place');
    const doc = new Y.Doc();
    for (let i = 0; i < 5000; i++) doc.getMap('tasks').set(`task${i}/title@abc`, i);
    for (let i = 0; i < 3000; i++) doc.getArray('list').unshift([i]);
    expect(refusal(Y.encodeStateAsUpdate(doc))).toBe('taken');
  });

  test('[SI9] empty structs, second blocks, references to later structs and trailing bytes are refused', () => {
    expect(refusal(bytes(1, 1, 1, 0, 0, 0, 0))).toBe('a struct of length 0');
    expect(refusal(bytes(1, 1, 1, 0, 4, 1, 'text', '', 0))).toBe('a struct of length 0');
    expect(refusal(bytes(2, 1, 1, 0, 0, 1, 1, 1, 1, 0, 1, 0))).toBe('one client occurs twice');
    expect(refusal(bytes(1, 1, 1, 0, 128 | 8, 1, 5, 1, [126], 0))).toMatch(/refers to a later one/);
    expect(refusal(bytes(0, 0, 7))).toBe('1 bytes follow the update');
    expect(refusal(bytes(1, 1, 1, 0, 7, 1, 'tasks', 9, 0))).toBe('an unknown type 9');
    expect(refusal(bytes(1, 1, 1, 0, 11, 1, 'tasks', 0))).toBe('an unknown content 11');
  });

  test('[SI10] names and their number are bounded', () => {
    expect(refusal(bytes(1, 1, 1, 0, 8, 1, 'n'.repeat(300), 1, [126], 0))).toBe('a name of 300 bytes');
    const roots: number[][] = [];
    for (let i = 0; i < 80; i++) roots.push([...bytes(8, 1, `root${i}`, 1, [126])]);
    expect(refusal(bytes(1, 80, 1, 0, roots.flat(), 0))).toBe('too many root names in one update');
    expect(INSPECTION_LIMITS.maxRoots).toBeLessThan(80);
  });
});
