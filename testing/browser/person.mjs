// What people do at a page of the development issuer.

/** Signs in as the user that every example has. */
export async function fillIn(page, { username = 'alice', password = 'alice' } = {}) {
  await page.fill('[name=username]', username);
  await page.fill('[name=password]', password);
  await page.keyboard.press('Enter');
}
