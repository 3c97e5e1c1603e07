/**
 * A large update as a row of small ones.
 *
 * Promise: applied in order, the pieces give exactly what the whole gives; each client's structs come in
 * clock order without a gap between pieces, and nothing comes before what it was written on. A first upload
 * of thousands of tasks then passes limits that are there for frames, not for people, and a stored document can be read with
 * rests in between.
 *
 * Limits: one struct (say, a very long pasted note) is never split, so a piece can be larger than asked
 * for. Deletions come last. The format is Yjs' update format v1 (yjs, src/utils/encoding.js).
 */

import * as encoding from 'lib0/encoding';
import * as Y from 'yjs';

type Struct = ReturnType<typeof Y.decodeUpdate>['structs'][number];

interface Run {
  readonly clock: number;
  nextClock: number;
  count: number;
  readonly encoder: Y.UpdateEncoderV1;
}

const MAX_DELETIONS_PER_PIECE = 2000;

export function chunkUpdate(update: Uint8Array, maxBytes: number): Uint8Array[] {
  if (update.length <= maxBytes) return [update];
  const { structs, ds } = Y.decodeUpdate(update);
  const pieces: Uint8Array[] = [];
  let runs = new Map<number, Run>();
  let bytes = 0;

  const close = () => {
    if (runs.size > 0) pieces.push(encodePiece(runs, []));
    runs = new Map();
    bytes = 0;
  };

  for (const struct of inCausalOrder(structs)) {
    if (struct instanceof Y.Skip) continue;
    const { client, clock } = struct.id;
    // A run has no holes: behind one, a new piece begins.
    if (runs.has(client) && runs.get(client)?.nextClock !== clock) close();
    const run = runs.get(client) ?? { clock, nextClock: clock, count: 0, encoder: new Y.UpdateEncoderV1() };
    runs.set(client, run);
    const before = encoding.length(run.encoder.restEncoder);
    struct.write(run.encoder, 0);
    run.count += 1;
    run.nextClock = clock + struct.length;
    bytes += encoding.length(run.encoder.restEncoder) - before;
    if (bytes >= maxBytes) close();
  }
  close();

  const deletions = [...ds.clients].flatMap(([client, ranges]) =>
    ranges.map((range) => ({ client, clock: range.clock, length: range.len })),
  );
  for (let index = 0; index < deletions.length; index += MAX_DELETIONS_PER_PIECE) {
    pieces.push(encodePiece(new Map(), deletions.slice(index, index + MAX_DELETIONS_PER_PIECE)));
  }
  return pieces;
}

interface Deletion {
  readonly client: number;
  readonly clock: number;
  readonly length: number;
}

function encodePiece(runs: ReadonlyMap<number, Run>, deletions: readonly Deletion[]): Uint8Array {
  const encoder = encoding.createEncoder();
  encoding.writeVarUint(encoder, runs.size);
  for (const [client, run] of [...runs].sort(([a], [b]) => b - a)) {
    encoding.writeVarUint(encoder, run.count);
    encoding.writeVarUint(encoder, client);
    encoding.writeVarUint(encoder, run.clock);
    encoding.writeUint8Array(encoder, run.encoder.toUint8Array());
  }
  const byClient = Map.groupBy(deletions, (deletion) => deletion.client);
  encoding.writeVarUint(encoder, byClient.size);
  for (const [client, ranges] of byClient) {
    encoding.writeVarUint(encoder, client);
    encoding.writeVarUint(encoder, ranges.length);
    for (const { clock, length } of ranges) {
      encoding.writeVarUint(encoder, clock);
      encoding.writeVarUint(encoder, length);
    }
  }
  return encoding.toUint8Array(encoder);
}

/** Client by client in clock order, going aside first to whatever a struct was written on. */
function* inCausalOrder(structs: readonly Struct[]): Generator<Struct> {
  const byClient = Map.groupBy(structs, (struct) => struct.id.client);
  const positions = new Map<number, number>();
  const nextOf = (client: number) => byClient.get(client)?.[positions.get(client) ?? 0];

  for (const client of byClient.keys()) {
    const aims = [{ client, clock: Infinity }];
    for (let aim = aims.at(-1); aim; aim = aims.at(-1)) {
      const struct = nextOf(aim.client);
      if (!struct || struct.id.clock > aim.clock) {
        aims.pop();
        continue;
      }
      const missing = basisOf(struct).find((id) => {
        const next = nextOf(id.client);
        return id.client !== struct.id.client && next !== undefined && next.id.clock <= id.clock;
      });
      // Sound updates have no rings; in any other the order does not matter.
      if (missing && !aims.some((other) => other.client === missing.client)) {
        aims.push({ client: missing.client, clock: missing.clock });
        continue;
      }
      positions.set(aim.client, (positions.get(aim.client) ?? 0) + 1);
      yield struct;
    }
  }
}

function basisOf(struct: Struct): Y.ID[] {
  if (!(struct instanceof Y.Item)) return [];
  const parent: unknown = struct.parent;
  return [struct.origin, struct.rightOrigin, parent instanceof Y.ID ? parent : null].filter(
    (id) => id !== null,
  );
}
