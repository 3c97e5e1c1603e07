/**
 * What the system's notifications say, for the worker that shows them while no window is open.
 *
 * Promise: few words, so that the worker stays small; the app's own catalog holds them too. Until a window
 * has left its language (worker-choices.ts) it is that of the browser.
 */

import { type Catalog, speak } from './language.ts';

export const GERMAN_NOTICES: Catalog = {
  Done: 'Fertig',
  'Open Holdfast to see what is new.': 'Öffne Holdfast, um zu sehen, was es Neues gibt.',
  'Your reminders': 'Deine Erinnerungen',
  'These were held during your quiet hours. Open Holdfast to see them.':
    'Während deiner Ruhezeit zurückgehalten. Öffne Holdfast, um sie zu sehen.',
  'Notifications work': 'Mitteilungen funktionieren',
  'This is the test that you asked for.': 'Das ist der Test, den du angefordert hast.',
  'A task is due': 'Eine Aufgabe ist fällig',
  'Open Holdfast to see it.': 'Öffne Holdfast, um sie zu sehen.',
  Complete: 'Erledigen',
  'Snooze 1 hour': 'In 1 Stunde',
  'Not completed: {why}': 'Nicht erledigt: {why}',
  'Not snoozed: {why}': 'Nicht zurückgestellt: {why}',
  'it could not be stored.': 'es konnte nicht gespeichert werden.',
  'Due {due}': 'Fällig {due}',
  'This browser could not store it.': 'Dieser Browser konnte es nicht speichern.',
};

export function speakNotices(language: string): void {
  if (language === 'de') speak('de', GERMAN_NOTICES);
  else speak('en', {});
}
