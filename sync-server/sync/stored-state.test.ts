import { expect, test } from 'vitest';
import type { RoomMember, SyncHub } from './hub.ts';
import { StoredState } from './stored-state.ts';
import { updateFrame } from './wire.ts';

function received(state: StoredState): string {
  const pieces: Buffer[] = [];
  state.sendAll({ sendState: (frames: Buffer) => pieces.push(Buffer.from(frames)) } as unknown as RoomMember);
  return Buffer.concat(pieces).toString('hex');
}

const bodyOf = (seq: number): Buffer => Buffer.from(`the update number ${seq}, ${'x'.repeat(seq % 200)}`);
const framesOf = (from: number, to: number): string => {
  let frames = '';
  for (let seq = from; seq <= to; seq++) frames += updateFrame(bodyOf(seq)).frame.toString('hex');
  return frames;
};

test('[SW6] whoever comes gets every row as it lies, however many came before and whatever a snapshot covers', () => {
  const state = new StoredState({} as SyncHub);
  for (let seq = 1; seq <= 500; seq++) {
    state.append(seq, updateFrame(bodyOf(seq)));
    if (seq % 37 === 0) expect(received(state)).toBe(framesOf(1, seq));
  }
  expect(state.updates().map((body) => Buffer.from(body).toString())).toEqual(
    Array.from({ length: 500 }, (_, n) => bodyOf(n + 1).toString()),
  );

  const body = Buffer.from('a snapshot');
  state.takeSnapshot({ seq: 490, body, stateVector: Buffer.from([0]) });
  const snapshot = updateFrame(body).frame.toString('hex');
  expect(received(state)).toBe(snapshot + framesOf(491, 500));
  for (let seq = 501; seq <= 700; seq++) state.append(seq, updateFrame(bodyOf(seq)));
  expect(received(state)).toBe(snapshot + framesOf(491, 700));
  state.takeSnapshot({ seq: 700, body, stateVector: Buffer.from([0]) });
  expect(received(state)).toBe(snapshot);
});
