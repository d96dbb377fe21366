// The examples for Express and for Next.js (a production build), as a person uses them.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { isTooWide, newPerson, startChromium } from './chromium.mjs';
import { fillIn } from './person.mjs';
import { startExample } from './program.mjs';

let browser;
before(async () => {
  browser = await startChromium();
});
after(() => browser?.close());

for (const [name, example] of [['Express', 'express-sign-in'], ['Next.js', 'next']]) {
  describe(name, () => {
    let server;
    before(async () => {
      server = await startExample(example);
    });
    after(() => server?.program.end());
    const at = (path) => server.app + path;

    /** Somebody who has asked for the account and signed in on the way. */
    async function alice(options) {
      const person = await newPerson(browser, options);
      const page = await person.context.newPage();
      await page.goto(at('/account?deep=link'));
      await fillIn(page);
      await page.waitForURL(at('/account?deep=link'));
      assert.match(await page.textContent('body'), /Alice Example/);
      return { ...person, page };
    }

    for (const width of [1280, 390]) {
      test(`at ${width} pixels: a deep link, reload, sign-out, the back button`, async () => {
        const { context, page, faults, hosts } = await alice({ width });
        assert.equal(await isTooWide(page), false);
        await page.reload();
        assert.match(await page.textContent('body'), /Alice Example/);
        await page.goto(at('/auth/sign-out'));
        await page.waitForURL(at('/'));
        await page.goBack();
        await page.waitForLoadState();
        // The issuer's page for signing out, or its page for signing in; nothing of Alice.
        assert.doesNotMatch(await page.textContent('body'), /Alice Example/, page.url());
        await page.goto(at('/account'));
        await page.waitForSelector('[name=password]');
        assert.deepEqual(faults, []);
        assert.deepEqual([...hosts], ['127.0.0.1'], 'no assets of others');
        await context.close();
      });
    }

    test('two tabs sign in at once', async () => {
      const { context } = await newPerson(browser);
      const tabs = [await context.newPage(), await context.newPage()];
      for (const tab of tabs) {
        await tab.goto(at('/account'));
        await tab.waitForSelector('[name=password]');
      }
      for (const tab of tabs.reverse()) {
        await fillIn(tab);
        await tab.waitForURL(at('/account'));
        assert.match(await tab.textContent('body'), /Alice Example/);
      }
      await context.close();
    });

    test('a token is there for the API', async () => {
      const { context, page } = await alice();
      await page.goto(at(example === 'next' ? '/api/token' : '/token'));
      const { aud, scope } = JSON.parse(await page.textContent('body'));
      assert.deepEqual([aud, scope], ['https://api.example.com', 'read:products']);
      await context.close();
    });
  });
}

test('Next.js signs in and out by server actions, from the keyboard', async () => {
  const server = await startExample('next');
  try {
    const { context } = await newPerson(browser);
    const page = await context.newPage();
    await page.goto(`${server.app}/status`);
    await page.getByRole('button', { name: 'Sign in' }).focus();
    await page.keyboard.press('Enter');
    await page.waitForSelector('[name=password]');
    await fillIn(page);
    await page.waitForURL(`${server.app}/account`);
    await page.getByRole('button', { name: 'Sign out' }).focus();
    await page.keyboard.press('Enter');
    await page.waitForURL(`${server.app}/`);
    await page.goto(`${server.app}/status`);
    assert.equal(await page.textContent('h1'), 'Not signed in');
    await context.close();
  } finally {
    await server.program.end();
  }
});
