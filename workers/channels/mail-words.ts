/**
 * What mails about tasks say, in English and German, as text and as HTML.
 *
 * Promise: a person's words are shown as they are and never read as markup; both forms say the same. Without a public
 * address of the server there are no links.
 * Limits: plain HTML that every mail program shows; no images, nothing that tells that a mail was opened.
 */
import type { NotificationPreferences } from '@holdfast/core/notification-preferences.ts';
import type { When } from '@holdfast/core/task.ts';

export interface MailTask {
  readonly taskId: string;
  readonly title: string;
  readonly due: When | null;
}

export interface MailWords {
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

export interface MailContext {
  readonly preferences: NotificationPreferences;
  readonly publicUrl: string | undefined;
  readonly unsubscribeUrl: string | undefined;
}

type Locale = 'en' | 'de';

const WORDS = {
  en: {
    reminder: (title: string) => `Reminder: ${title}`,
    reminderLead: 'You wanted to be reminded of this:',
    held: (count: number) =>
      count === 1 ? '1 reminder from your quiet hours' : `${count} reminders from your quiet hours`,
    heldLead: 'These came up during your quiet hours and are still open:',
    daily: (count: number) => (count === 1 ? '1 task for today' : `${count} tasks for today`),
    dailyLead: 'Open, and due today or before:',
    test: 'A test from Holdfast',
    testLead: 'E-mail from Holdfast reaches you. Reminders will come this way too.',
    due: (when: string) => `due ${when}`,
    open: 'Open in Holdfast',
    off: 'Turn these e-mails off',
    untitled: 'A task',
  },
  de: {
    reminder: (title: string) => `Erinnerung: ${title}`,
    reminderLead: 'Daran wolltest du erinnert werden:',
    held: (count: number) =>
      count === 1 ? '1 Erinnerung aus deiner Ruhezeit' : `${count} Erinnerungen aus deiner Ruhezeit`,
    heldLead: 'Das wurde in deiner Ruhezeit fällig und ist noch offen:',
    daily: (count: number) => (count === 1 ? '1 Aufgabe für heute' : `${count} Aufgaben für heute`),
    dailyLead: 'Offen, und heute oder früher fällig:',
    test: 'Ein Test von Holdfast',
    testLead: 'E-Mails von Holdfast erreichen dich. Erinnerungen kommen dann auch auf diesem Weg.',
    due: (when: string) => `fällig ${when}`,
    open: 'In Holdfast öffnen',
    off: 'Diese E-Mails abschalten',
    untitled: 'Eine Aufgabe',
  },
} as const;

export function reminderMail(task: MailTask, context: MailContext): MailWords {
  const words = WORDS[localeOf(context)];
  return compose(words.reminder(oneLine(task.title) || words.untitled), words.reminderLead, [task], context);
}

export function digestMail(
  kind: 'held' | 'daily',
  tasks: readonly MailTask[],
  context: MailContext,
): MailWords {
  const words = WORDS[localeOf(context)];
  const [subject, lead] =
    kind === 'held'
      ? [words.held(tasks.length), words.heldLead]
      : [words.daily(tasks.length), words.dailyLead];
  return compose(subject, lead, tasks, context);
}

export function testMail(context: MailContext): MailWords {
  const words = WORDS[localeOf(context)];
  return compose(words.test, words.testLead, [], context);
}

function compose(subject: string, lead: string, tasks: readonly MailTask[], context: MailContext): MailWords {
  const locale = localeOf(context);
  const words = WORDS[locale];
  const lines: string[] = [lead, ''];
  const items: string[] = [];
  for (const task of tasks) {
    const title = oneLine(task.title) || words.untitled;
    const due = task.due === null ? null : words.due(whenInWords(task.due, context.preferences, locale));
    const link = linkTo(context.publicUrl, task.taskId);
    lines.push(`- ${title}${due === null ? '' : ` (${due})`}`, ...(link === null ? [] : [`  ${link}`]));
    const shown = link === null ? escape(title) : `<a href="${escape(link)}">${escape(title)}</a>`;
    items.push(`<li>${shown}${due === null ? '' : ` <small>${escape(due)}</small>`}</li>`);
  }
  const { publicUrl, unsubscribeUrl } = context;
  lines.push('');
  if (publicUrl !== undefined) lines.push(`${words.open}: ${publicUrl}`);
  if (unsubscribeUrl !== undefined) lines.push(`${words.off}: ${unsubscribeUrl}`);
  const foot = [
    ...(publicUrl === undefined ? [] : [`<a href="${escape(publicUrl)}">${words.open}</a>`]),
    ...(unsubscribeUrl === undefined ? [] : [`<a href="${escape(unsubscribeUrl)}">${words.off}</a>`]),
  ];
  const html = [
    `<!doctype html><html lang="${locale}"><head><meta charset="utf-8"><title>${escape(subject)}</title></head>`,
    '<body style="font:16px/1.5 system-ui,sans-serif">',
    `<p>${escape(lead)}</p>`,
    ...(items.length === 0 ? [] : [`<ul>${items.join('')}</ul>`]),
    ...(foot.length === 0 ? [] : [`<p><small>${foot.join(' · ')}</small></p>`]),
    '</body></html>',
  ].join('\n');
  return { subject, text: `${lines.join('\n').trimEnd()}\n`, html };
}

function localeOf({ preferences }: MailContext): Locale {
  return preferences.locale ?? 'en';
}

/** The address of a task in the app: its panel opens beside whatever is shown. */
function linkTo(publicUrl: string | undefined, taskId: string): string | null {
  if (publicUrl === undefined || taskId === '') return null;
  const url = new URL(publicUrl);
  url.searchParams.set('task', taskId);
  return url.href;
}

function whenInWords(
  { date, time, timeZone }: When,
  preferences: NotificationPreferences,
  locale: Locale,
): string {
  const day = new Intl.DateTimeFormat(locale === 'de' ? 'de-DE' : 'en-GB', {
    weekday: 'long',
    day: 'numeric',
    month: 'long',
    year: 'numeric',
    timeZone: 'UTC',
  }).format(new Date(`${date}T00:00:00Z`));
  if (time === undefined) return day;
  const elsewhere = timeZone !== undefined && timeZone !== preferences.timeZone ? ` (${timeZone})` : '';
  return `${day}, ${time}${elsewhere}`;
}

/** A subject is one line; a title may hold anything. */
function oneLine(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ').trim();
  return line.length > 150 ? `${line.slice(0, 149)}…` : line;
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

function escape(text: string): string {
  return text.replaceAll(/[&<>"]/g, (character) => ENTITIES[character] ?? character);
}
