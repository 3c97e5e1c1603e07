/**
 * The guided steps of the airplane lab: what can happen to two devices that do not hear of each other, one lesson for each.
 *
 * Promise: every lesson begins with a fresh lab and does what its sentences say; `ends` says what is then to be seen on both
 * devices, which tests/app/lab.test.ts checks.
 */

import type { Lab } from './lab.ts';
import { taskCalled, TITLES } from './lab.ts';
import type { LabDevice } from './lab-device.ts';
import { t } from '../words/language.ts';

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
const BREAD = t('Buy bread');
const OAT = t('Buy oat milk');
const SOY = t('Buy soy milk');
const RICE = t('Buy rice milk');
const GOAT = t('Buy goat milk');
const EARLY = t('Book the early ferry');

const cutBoth: LessonStep = {
  says: t('Cut both wires: neither device reaches the server.'),
  run: ({ devices }) => {
    for (const device of devices) device.cut();
  },
};
const joinBoth: LessonStep = {
  says: t('Join both wires.'),
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
    name: t('With no network'),
    steps: [
      cutBoth,
      {
        says: t(
          'On the phone, add “{added}”. On the laptop, complete “{completed}”. Each counts what it has not sent.',
          { added: BREAD, completed: TITLES.tom },
        ),
        run: ({ phone, laptop }) => {
          phone.document.createTask({ title: BREAD });
          const task = taskCalled(laptop, TITLES.tom);
          if (task) laptop.document.completeTask(task.id);
        },
      },
      joinBoth,
    ],
    ends: t(
      'Both devices have both edits. What is done with no network is as good as any other edit, and nobody had to choose.',
    ),
  },
  {
    id: 'title',
    name: t('One title, two edits'),
    steps: [
      cutBoth,
      {
        says: t('On the phone, “{from}” becomes “{to}”.', { from: TITLES.milk, to: OAT }),
        run: ({ phone }) => {
          rename(phone, TITLES.milk, OAT);
        },
      },
      {
        says: t('A little later, on the laptop, it becomes “{to}”.', { to: SOY }),
        run: ({ laptop }) => {
          rename(laptop, TITLES.milk, SOY);
        },
      },
      joinBoth,
    ],
    ends: t(
      'The later title stands on both devices, and the other one is kept. Take it with “Use this instead”, or let it go.',
    ),
  },
  {
    id: 'order',
    name: t('Two reorderings'),
    steps: [
      cutBoth,
      {
        says: t('On the phone, “{title}” moves to the top.', { title: TITLES.plants }),
        run: ({ phone }) => {
          const task = taskCalled(phone, TITLES.plants);
          const first = phone.document.tasksIn(null)[0];
          if (task && first) phone.document.moveTask(task.id, { before: first.id });
        },
      },
      {
        says: t('On the laptop, “{title}” moves to the end.', { title: TITLES.milk }),
        run: ({ laptop }) => {
          const task = taskCalled(laptop, TITLES.milk);
          const last = laptop.document.tasksIn(null).at(-1);
          if (task && last) laptop.document.moveTask(task.id, { after: last.id });
        },
      },
      joinBoth,
    ],
    ends: t(
      'Both moves hold, and the order is the same on both devices. A move writes the place of one task alone, so two of them do not collide.',
    ),
  },
  {
    id: 'delete',
    name: t('Delete against edit'),
    steps: [
      cutBoth,
      {
        says: t('On the phone, “{title}” goes to the trash.', { title: TITLES.ferry }),
        run: ({ phone }) => {
          const task = taskCalled(phone, TITLES.ferry);
          if (task) phone.document.trashTask(task.id);
        },
      },
      {
        says: t('On the laptop, the same task becomes “{to}”.', { to: EARLY }),
        run: ({ laptop }) => {
          rename(laptop, TITLES.ferry, EARLY);
        },
      },
      joinBoth,
    ],
    ends: t(
      'The task is in the trash on both devices, and under its new title. Restore it on either: the edit was not lost.',
    ),
  },
  {
    id: 'clock',
    name: t('A wrong clock'),
    steps: [
      {
        says: t('The clock of the phone goes an hour behind. Then cut both wires.'),
        run: (lab) => {
          lab.phone.clockOffsetMs = -HOUR_MS;
          cutBoth.run(lab);
        },
      },
      {
        says: t('On the laptop, “{from}” becomes “{to}”.', { from: TITLES.milk, to: RICE }),
        run: ({ laptop }) => {
          rename(laptop, TITLES.milk, RICE);
        },
      },
      {
        says: t('After that, on the phone, it becomes “{to}”. By its clock, that is an hour earlier.', {
          to: GOAT,
        }),
        run: ({ phone }) => {
          rename(phone, TITLES.milk, GOAT);
        },
      },
      {
        says: t(
          'Join both wires. By the clocks the title of the laptop is the later one; the other is kept.',
        ),
        run: joinBoth.run,
      },
      {
        says: t('On the phone, take the kept title instead.'),
        run: ({ phone }) => {
          const [conflict] = phone.document.conflicts();
          const [kept] = conflict?.others ?? [];
          if (conflict && kept) phone.document.resolveConflict(conflict, { take: kept.writer });
        },
      },
    ],
    ends: t(
      'It stands on both devices, although the clock of the phone is still wrong. Clocks only decide between edits made apart; an edit that knows of another comes after it, and nothing is lost either way.',
    ),
  },
];
