// The demo, as a person uses it.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { isTooWide, newPerson, startChromium } from './chromium.mjs';
import { fillIn } from './person.mjs';
import { freePort, startDemo, startRedis } from './program.mjs';

let browser;
let demo;
before(async () => {
  [browser, demo] = await Promise.all([startChromium(), startDemo(['--port', '0', '--issuer-port', '0'])]);
});
after(async () => {
  await browser?.close();
  await demo?.program.end();
});

const account = () => `${demo.app}/account`;
/** Signed in, or not. */
const heading = (page) => page.textContent('h2');
const SIGNED_IN = 'Signed in';

/** From the button to the page one came from. */
async function signIn(page, from = account()) {
  await page.goto(from);
  await page.getByText('Sign in', { exact: true }).click();
  await fillIn(page, demo);
  await page.waitForURL(from);
}

for (const width of [1280, 390]) {
  describe(`at ${width} pixels`, () => {
    test('sign in, call the API inside an organization, reload, sign out, go back', async () => {
      const { context, faults, hosts } = await newPerson(browser, { width });
      const page = await context.newPage();
      await page.goto(account());
      const before = await heading(page);
      assert.equal(await isTooWide(page), false);
      await signIn(page);
      const within = await heading(page);
      assert.notEqual(before, SIGNED_IN);
      assert.equal(within, SIGNED_IN);
      assert.match(await page.textContent('body'), /alice/);
      assert.equal(await isTooWide(page), false);

      await page.getByText('GET /api/products', { exact: true }).click();
      await page.waitForFunction(() => /200/.test(document.querySelector('#result').textContent));
      await page.getByText(demo.organization_id, { exact: true }).click();
      const inside = `GET /api/organizations/${demo.organization_id}/products`;
      await page.getByText(inside, { exact: true }).click();
      await page.waitForFunction(() => /200/.test(document.querySelector('#result').textContent));

      await page.reload();
      assert.equal(await heading(page), within);

      await page.getByText('Sign out', { exact: true }).click();
      await page.waitForURL((url) => url.origin === demo.app && !url.pathname.startsWith('/auth'));
      await page.goto(account());
      assert.equal(await heading(page), before);
      // A page of the signed-in person must not come out of the browser's memory.
      await page.goBack();
      await page.goBack();
      await page.waitForLoadState();
      assert.notEqual(await heading(page), SIGNED_IN, page.url());
      assert.deepEqual(faults, []);
      assert.deepEqual([...hosts], ['127.0.0.1'], 'no assets of others');
      await context.close();
    });

    test('a callback that is nobody\'s is a page that fits, and offers a way on', async () => {
      const { context } = await newPerson(browser, { width });
      const page = await context.newPage();
      const answer = await page.goto(`${demo.app}/auth/sign-in-callback?state=nobodys&code=nothing`);
      assert.equal(answer.status(), 400);
      assert.equal(await isTooWide(page), false);
      const [wayOn] = await page.locator('a').evaluateAll((links) => links.map((link) => link.href));
      await page.goto(wayOn);
      await page.waitForSelector('[name=username]');
      await context.close();
    });
  });
}

test('by keyboard, and without JavaScript', async () => {
  const { context } = await newPerson(browser, { javaScriptEnabled: false });
  const page = await context.newPage();
  await page.goto(account());
  await tabTo(page, 'Sign in');
  await page.keyboard.press('Enter');
  await page.waitForSelector('[name=username]');
  // The field that comes first has the focus.
  await page.keyboard.type(demo.username);
  await page.keyboard.press('Tab');
  await page.keyboard.type(demo.password);
  await page.keyboard.press('Enter');
  await page.waitForURL(account());
  assert.equal(await heading(page), SIGNED_IN);
  await context.close();
});

async function tabTo(page, text) {
  for (let presses = 0; presses < 40; presses += 1) {
    await page.keyboard.press('Tab');
    if ((await page.locator(':focus').textContent())?.trim() === text) return;
  }
  assert.fail(`the keyboard does not reach ${text}`);
}

test('two tabs that sign in at once both arrive, each where it wanted to go', async () => {
  const { context } = await newPerson(browser);
  const wanted = [account(), `${demo.app}/`];
  const tabs = [await context.newPage(), await context.newPage()];
  for (const [at, tab] of tabs.entries()) {
    await tab.goto(`${demo.app}/auth/sign-in?return_to=${encodeURIComponent(new URL(wanted[at]).pathname)}`);
  }
  await fillIn(tabs[1], demo);
  await tabs[1].waitForURL(wanted[1]);
  await fillIn(tabs[0], demo);
  await tabs[0].waitForURL(wanted[0]);
  for (const tab of tabs) {
    await tab.goto(account());
    assert.equal(await heading(tab), SIGNED_IN);
  }
  await context.close();
});

test('the back button after a sign-in does not end at an error', async () => {
  const { context } = await newPerson(browser);
  const page = await context.newPage();
  await signIn(page);
  const within = await heading(page);
  // Over the issuer's page, whose form is sent a second time.
  await page.goBack();
  if (await page.locator('[name=username]').count()) {
    await fillIn(page, demo);
    await page.waitForURL(account());
  }
  await page.goto(account());
  assert.equal(await heading(page), within);
  await context.close();
});

test('who is signed in stays so when the demo is killed and started again on Redis', async () => {
  const ports = ['--port', String(await freePort()), '--issuer-port', String(await freePort())];
  const env = { ...process.env, LOGTO_AUTHKIT_SEALING_KEY: randomBytes(32).toString('hex') };
  const redis = await startRedis();
  const start = () => startDemo([...ports, '--sessions', redis.url], { env });
  let mortal;
  const { context } = await newPerson(browser);
  try {
    mortal = await start();
    const page = await context.newPage();
    await signIn(page, `${mortal.app}/account`);
    await mortal.program.end('SIGKILL');
    mortal = await start();
    await page.reload();
    assert.equal(await heading(page), SIGNED_IN);
  } finally {
    await context.close();
    await mortal?.program.end();
    await redis.program.end();
  }
});
