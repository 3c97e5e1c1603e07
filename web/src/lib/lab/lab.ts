/**
 * The airplane lab: a phone, a laptop, a server between them and a wire from each to it. Everything lives in memory.
 *
 * Promise: nothing of it is stored, sent anywhere, or taken from the tasks of the person who looks; it needs no account and no
 * network. Time and chance are passed in, and no two edits of one lab are made in the same millisecond, so that "later" is
 * what the person saw happen later.
 */

import { canonicalForm } from '@holdfast/core/canonical.ts';
import { openDocument, type EpochMs, type Task } from '@holdfast/core/document.ts';
import * as Y from 'yjs';
import { t } from '../words/language.ts';
import { createLabDevice, type LabDevice } from './lab-device.ts';
import { createRelay, type Relay } from './relay.ts';

export interface Lab {
  readonly relay: Relay;
  readonly phone: LabDevice;
  readonly laptop: LabDevice;
  readonly devices: readonly [LabDevice, LabDevice];
  /** Both hold the same, to the last byte of content: trash and kept values too. */
  areAlike(): boolean;
  subscribe(listener: () => void): () => void;
  close(): void;
}

export interface LabOptions {
  /** The right time, in milliseconds since 1970. */
  readonly now: () => number;
  readonly random: () => number;
  /** How a frame travels: runs what it is given later, in order. */
  readonly post: (run: () => void) => void;
}

/** What is there to begin with. */
export const TITLES = {
  milk: t('Buy milk'),
  tom: t('Call Tom'),
  plants: t('Water the plants'),
  ferry: t('Book the ferry'),
} as const;
export const FIRST_TASKS: readonly string[] = Object.values(TITLES);
const AGE_OF_FIRST_TASKS_MS = 7 * 24 * 60 * 60_000;

export function createLab({ now, random, post }: LabOptions): Lab {
  let last = 0;
  const time = (): number => (last = Math.max(now(), last + 1));
  const relay = createRelay({ now: time, post });
  const from = firstTasks(now() - AGE_OF_FIRST_TASKS_MS, random);
  relay.begin(from);
  const make = (id: string, name: string): LabDevice =>
    createLabDevice({ id, name, relay, now: time, random, from });
  const phone = make('lab-phone', t('Phone'));
  const laptop = make('lab-laptop', t('Laptop'));
  const devices = [phone, laptop] as const;
  for (const device of devices) device.join();

  return {
    relay,
    phone,
    laptop,
    devices,
    areAlike: () => canonicalForm(phone.document.doc) === canonicalForm(laptop.document.doc),
    subscribe(listener) {
      const stops = devices.map((device) => device.subscribe(listener));
      return () => {
        for (const stop of stops) stop();
      };
    },
    close() {
      for (const device of devices) device.close();
    },
  };
}

/** The task of a lab device by its title, not in the trash. */
export function taskCalled(device: LabDevice, title: string): Task | undefined {
  return device.document.tasksIn(null).find((task) => task.title === title);
}

function firstTasks(atMs: number, random: () => number): Uint8Array {
  const doc = new Y.Doc();
  doc.clientID = Math.floor(random() * 2 ** 32);
  const document = openDocument({ doc, now: () => atMs as EpochMs, random });
  for (const title of FIRST_TASKS) document.createTask({ title });
  const update = Y.encodeStateAsUpdate(doc);
  document.close();
  doc.destroy();
  return update;
}
