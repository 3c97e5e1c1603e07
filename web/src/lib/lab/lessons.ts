/**
 * The guided steps of the airplane lab: what can happen to two devices that do not hear of each other, one lesson for each.
 *
 * Promise: every lesson begins with a fresh lab and does what its sentences say; `ends` says what is then to be seen on both
 * devices, which tests/app/lab.test.ts checks.
 */

import type { Lab } from './lab.ts';
import { taskCalled } from './lab.ts';
import type { LabDevice } from './lab-device.ts';

export interface LessonStep {
  /** What is done, before it is done. */
  readonly says: string;
  readonly run: (lab: Lab) => void;
}

export interface Lesson {
  readonly id: string;
  readonly name: string;
  readonly steps: readonly LessonStep[];
  /** What has happened, and why it is right. */
  readonly ends: string;
}

const HOUR_MS = 60 * 60_000;

const cutBoth: LessonStep = {
  says: 'Cut both wires: neither device reaches the server.',
  run: ({ devices }) => {
    for (const device of devices) device.cut();
  },
};
const joinBoth: LessonStep = {
  says: 'Join both wires.',
  run: ({ devices }) => {
    for (const device of devices) device.join();
  },
};

function rename(device: LabDevice, from: string, to: string): void {
  const task = taskCalled(device, from);
  if (task) device.document.editTask(task.id, { title: to });
}

export const LESSONS: readonly Lesson[] = [
  {
    id: 'offline',
    name: 'With no network',
    steps: [
      cutBoth,
      {
        says: 'On the phone, add “Buy bread”. On the laptop, complete “Call Tom”. Each counts what it has not sent.',
        run: ({ phone, laptop }) => {
          phone.document.createTask({ title: 'Buy bread' });
          const task = taskCalled(laptop, 'Call Tom');
          if (task) laptop.document.completeTask(task.id);
        },
      },
      joinBoth,
    ],
    ends: 'Both devices have both edits. What is done with no network is as good as any other edit, and nobody had to choose.',
  },
  {
    id: 'title',
    name: 'One title, two edits',
    steps: [
      cutBoth,
      {
        says: 'On the phone, “Buy milk” becomes “Buy oat milk”.',
        run: ({ phone }) => {
          rename(phone, 'Buy milk', 'Buy oat milk');
        },
      },
      {
        says: 'A little later, on the laptop, it becomes “Buy soy milk”.',
        run: ({ laptop }) => {
          rename(laptop, 'Buy milk', 'Buy soy milk');
        },
      },
      joinBoth,
    ],
    ends: 'The later title stands on both devices, and the other one is kept. Take it with “Use this instead”, or let it go.',
  },
  {
    id: 'order',
    name: 'Two reorderings',
    steps: [
      cutBoth,
      {
        says: 'On the phone, “Water the plants” moves to the top.',
        run: ({ phone }) => {
          const task = taskCalled(phone, 'Water the plants');
          const first = phone.document.tasksIn(null)[0];
          if (task && first) phone.document.moveTask(task.id, { before: first.id });
        },
      },
      {
        says: 'On the laptop, “Buy milk” moves to the end.',
        run: ({ laptop }) => {
          const task = taskCalled(laptop, 'Buy milk');
          const last = laptop.document.tasksIn(null).at(-1);
          if (task && last) laptop.document.moveTask(task.id, { after: last.id });
        },
      },
      joinBoth,
    ],
    ends: 'Both moves hold, and the order is the same on both devices. A move writes the place of one task alone, so two of them do not collide.',
  },
  {
    id: 'delete',
    name: 'Delete against edit',
    steps: [
      cutBoth,
      {
        says: 'On the phone, “Book the ferry” goes to the trash.',
        run: ({ phone }) => {
          const task = taskCalled(phone, 'Book the ferry');
          if (task) phone.document.trashTask(task.id);
        },
      },
      {
        says: 'On the laptop, the same task becomes “Book the early ferry”.',
        run: ({ laptop }) => {
          rename(laptop, 'Book the ferry', 'Book the early ferry');
        },
      },
      joinBoth,
    ],
    ends: 'The task is in the trash on both devices, and under its new title. Restore it on either: the edit was not lost.',
  },
  {
    id: 'clock',
    name: 'A wrong clock',
    steps: [
      {
        says: 'The clock of the phone goes an hour behind. Then cut both wires.',
        run: (lab) => {
          lab.phone.clockOffsetMs = -HOUR_MS;
          cutBoth.run(lab);
        },
      },
      {
        says: 'On the laptop, “Buy milk” becomes “Buy rice milk”.',
        run: ({ laptop }) => {
          rename(laptop, 'Buy milk', 'Buy rice milk');
        },
      },
      {
        says: 'After that, on the phone, it becomes “Buy goat milk”. By its clock, that is an hour earlier.',
        run: ({ phone }) => {
          rename(phone, 'Buy milk', 'Buy goat milk');
        },
      },
      {
        says: 'Join both wires. By the clocks the title of the laptop is the later one; the other is kept.',
        run: joinBoth.run,
      },
      {
        says: 'On the phone, take the kept title instead.',
        run: ({ phone }) => {
          const [conflict] = phone.document.conflicts();
          const [kept] = conflict?.others ?? [];
          if (conflict && kept) phone.document.resolveConflict(conflict, { take: kept.writer });
        },
      },
    ],
    ends: 'It stands on both devices, although the clock of the phone is still wrong. Clocks only decide between edits made apart; an edit that knows of another comes after it, and nothing is lost either way.',
  },
];
