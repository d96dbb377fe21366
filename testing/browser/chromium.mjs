// A real Chromium, of the system: nothing is downloaded.

import { existsSync } from 'node:fs';
import { chromium } from 'playwright-core';

const PROGRAMS = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** Starts it, without a window. */
export async function startChromium() {
  const executablePath = PROGRAMS.find((program) => existsSync(program));
  if (executablePath === undefined) throw new Error('no Chromium: apt-get install chromium');
  // Its sandbox refuses to work for root.
  const args = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  return chromium.launch({ executablePath, args });
}

/**
 * A new person: an empty browser of a width, that notes every fault of its pages and every host they reach for.
 * @returns the context; `faults` are the errors of pages, `hosts` who was asked.
 */
export async function newPerson(browser, { width = 1280, javaScriptEnabled = true } = {}) {
  const context = await browser.newContext({ viewport: { width, height: 900 }, javaScriptEnabled });
  const faults = [];
  const hosts = new Set();
  context.on('weberror', (fault) => faults.push(String(fault.error())));
  context.on('console', (message) => {
    if (message.type() === 'error') faults.push(message.text());
  });
  context.on('request', (request) => hosts.add(new URL(request.url()).hostname));
  return { context, faults, hosts };
}

/** Whether the page is wider than its window: then a person has to scroll sideways. */
export const isTooWide = (page) =>
  page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);
