// The page to which the provider sends whoever is not signed in: a form for the login prompt, nothing to see for consent.

import { text } from 'node:stream/consumers';

export async function signIn(request, response, provider, options) {
  const interaction = await provider.interactionDetails(request, response);
  if (interaction.prompt.name === 'consent') {
    return provider.interactionFinished(request, response, {
      consent: { grantId: await grantEverything(provider, interaction, options) },
    });
  }
  if (request.method !== 'POST') return showForm(response, 200);
  const form = new URLSearchParams(await text(request));
  const user = options.users[form.get('username')];
  if (user === undefined || user.password !== form.get('password'))
    return showForm(response, 401, 'Wrong username or password.');
  return provider.interactionFinished(request, response, { login: { accountId: user.sub } });
}

/** All that was asked for and that the user may have. What they may not have is refused once, so that nobody asks again. */
async function grantEverything(provider, { grantId, params, prompt, session }, options) {
  const { accountId } = session;
  const grant = (await provider.Grant.find(grantId)) ?? new provider.Grant({ accountId, clientId: params.client_id });
  const user = Object.values(options.users).find(({ sub }) => sub === accountId);
  const { missingOIDCScope, missingOIDCClaims, missingResourceScopes } = prompt.details;
  if (missingOIDCScope) grant.addOIDCScope(missingOIDCScope.join(' '));
  if (missingOIDCClaims) grant.addOIDCClaims(missingOIDCClaims);
  for (const [resource, scopes] of Object.entries(missingResourceScopes ?? {})) {
    const [held, lacking] = [true, false].map((holds) =>
      scopes.filter((scope) => user.scopes.includes(scope) === holds),
    );
    if (held.length > 0) grant.addResourceScope(resource, held.join(' '));
    if (lacking.length > 0) grant.rejectResourceScope(resource, lacking.join(' '));
  }
  return grant.save();
}

function showForm(response, status, problem = '') {
  response.writeHead(status, { 'Content-Type': 'text/html; charset=utf-8', 'Cache-Control': 'no-store' });
  response.end(`<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><title>Sign in</title></head>
<body>
<h1>Sign in</h1>
<p role="alert">${problem}</p>
<form method="post">
<label>Username <input name="username" autocomplete="username"></label>
<label>Password <input name="password" type="password" autocomplete="current-password"></label>
<button>Sign in</button>
</form>
</body>
</html>`);
}
