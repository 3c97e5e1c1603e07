import { expect, test } from 'vitest';
import { startApp } from '../support/app.ts';
import { launchChromium } from '../support/chromium.ts';
import { testDatabase } from '../support/postgres.ts';
import { startSmtpSink } from '../support/smtp-sink.ts';
import { PHONE, newAccount, newPerson } from './person.ts';

test('[P90] a forgotten password is set anew by a link in a mail, and the tasks on the device stay', async () => {
  const [browser, database, sink] = await Promise.all([launchChromium(), testDatabase(), startSmtpSink()]);
  const app = await startApp({
    databaseUrl: database.url,
    env: {
      RATE_LIMITS: 'off',
      SMTP_URL: sink.url,
      MAIL_FROM: 'Holdfast <tasks@example.org>',
      PUBLIC_URL: 'https://tasks.example.org',
    },
  });
  const account = newAccount();
  const anna = await newPerson(browser, app.url, { isNotInstalled: true });
  await anna.add('Call Tom');
  await anna.createAccount(account);
  await anna.untilSync(/^\s*All saved/);

  const phone = await newPerson(browser, app.url, { viewport: PHONE, isNotInstalled: true });
  const { page } = phone;
  await phone.go('Settings');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('link', { name: 'Forgot your password?' }).click();
  // The page that is left has a field of the same name.
  await page.getByRole('heading', { level: 1, name: 'Forgotten password' }).waitFor();
  await page.getByLabel('Email').fill(account.email);
  await page.getByRole('button', { name: 'Send link' }).click();
  await page.getByRole('status').filter({ hasText: 'a mail with a link is on its way' }).waitFor();

  const [mail] = await sink.received(1);
  const link = /^https:\/\/tasks\.example\.org(\/reset\?token=\S+)$/m.exec(mail?.text ?? '')?.[1] ?? '';
  expect(mail?.to).toEqual([account.email]);
  await page.goto(link);
  // Its token does not stay in the address.
  await page.waitForURL((url) => url.search === '');
  await page.getByLabel('New password').fill('a wholly new battery');
  await page.getByRole('button', { name: 'Set password' }).click();
  await page.getByText('Your new password is set').waitFor();

  // The laptop is signed out and keeps what it has; with the new password it goes on.
  await anna.untilSync(/^\s*Signed out/);
  await anna.untilTitles('Call Tom');
  await phone.signIn({ ...account, password: 'a wholly new battery' });
  await phone.untilTitles('Call Tom');

  // The link was for once.
  const other = await newPerson(browser, app.url, { isNotInstalled: true });
  await other.page.goto(link);
  await other.page.getByLabel('New password').fill('yet another battery');
  await other.page.getByRole('button', { name: 'Set password' }).click();
  await other.page.getByText('This link is unknown, used or too old.').waitFor();
  await other.page.getByRole('button', { name: 'Send link' }).waitFor();
  expect([...anna.errors, ...phone.errors, ...other.errors]).toEqual([]);
  await browser.close();
  await app.stop();
  await sink.close();
  await database.drop();
});

test('[P91] where the server sends no mail, the app says who can help', async () => {
  const [browser, database] = await Promise.all([launchChromium(), testDatabase()]);
  const app = await startApp({ databaseUrl: database.url });
  const anna = await newPerson(browser, app.url, { isNotInstalled: true });
  await anna.page.goto('/reset');
  await anna.page.getByText('This server sends no mail. Ask the person who runs it').waitFor();
  expect(anna.errors).toEqual([]);
  await browser.close();
  await app.stop();
  await database.drop();
});
