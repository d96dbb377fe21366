// A real OpenID Connect provider on loopback, driven by JSON lines on standard input. README.md has the protocol.

import { Console } from 'node:console';
import { once } from 'node:events';
import http from 'node:http';
import readline from 'node:readline';
import { createProvider } from './provider.mjs';
import { CLIENTS, readOptions } from './options.mjs';
import { signIn } from './sign-in-page.mjs';
import { SigningKeys } from './signing-keys.mjs';
import { Storage } from './storage.mjs';

// Standard output belongs to the protocol.
globalThis.console = new Console(process.stderr, process.stderr);

const say = (message) => process.stdout.write(`${JSON.stringify(message)}\n`);

class TestServer {
  #options;
  #keys;
  #storage = new Storage();
  #provider;
  #handle;
  #server = http.createServer((request, response) => this.#answer(request, response));
  #counters = {};
  #port;

  constructor(options) {
    this.#options = options;
    this.#keys = new SigningKeys(options.alg);
  }

  async start() {
    await this.#listen(this.#options.port);
    this.#port = this.#server.address().port;
    this.#useKeys();
    const { redirectUris: redirect_uris, postLogoutRedirectUris: post_logout_redirect_uris } = this.#options;
    const { resources, organizations, users } = this.#options;
    return {
      issuer: `${this.#url}/oidc`,
      logto_url: this.#url,
      port: this.#port,
      clients: {
        web: { ...CLIENTS.web, redirect_uris, post_logout_redirect_uris },
        spa: { ...CLIENTS.spa, redirect_uris, post_logout_redirect_uris },
        machine: CLIENTS.machine,
      },
      resource: Object.keys(resources)[0],
      resources,
      organizations,
      users: Object.fromEntries(
        Object.entries(users).map(([username, { sub, password }]) => [username, { sub, password }]),
      ),
      ...this.#published(),
    };
  }

  commands = {
    rotate: async ({ alg, keepPrevious }) => {
      this.#keys.rotate({ alg, keepPrevious });
      this.#useKeys();
      return this.#published();
    },
    down: async () => {
      if (!this.#server.listening) return {};
      this.#server.close();
      this.#server.closeAllConnections();
      await once(this.#server, 'close');
      return {};
    },
    up: async () => {
      if (!this.#server.listening) await this.#listen(this.#port);
      return {};
    },
    counters: async () => ({ counters: this.#counters }),
    stop: async () => ({}),
  };

  get #url() {
    return `http://127.0.0.1:${this.#port}`;
  }

  async #listen(port) {
    this.#server.listen(port, '127.0.0.1');
    await once(this.#server, 'listening');
  }

  /** The library reads its keys once, so new keys take a new provider, which goes on with the same storage. */
  #useKeys() {
    this.#provider = createProvider(`${this.#url}/oidc`, this.#options, this.#keys, this.#storage);
    this.#handle = this.#provider.callback();
  }

  #published() {
    const { alg, kids } = this.#keys;
    return { alg, kid: kids[0], kids };
  }

  #answer(request, response) {
    const { pathname } = new URL(request.url, this.#url);
    const route = pathname.replace(/^(\/sign-in|\/oidc\/auth)\/.*/, '$1/*');
    this.#counters[route] = (this.#counters[route] ?? 0) + 1;
    if (pathname.startsWith('/oidc/')) {
      request.originalUrl = request.url;
      request.url = request.url.slice('/oidc'.length);
      this.#handle(request, response);
    } else if (pathname.startsWith('/sign-in/')) {
      signIn(request, response, this.#provider, this.#options).catch((error) => {
        response.writeHead(400, { 'Content-Type': 'text/plain; charset=utf-8' });
        response.end(error.message);
      });
    } else {
      response.writeHead(404).end();
    }
  }
}

async function obey(server, line) {
  try {
    const { cmd, ...details } = JSON.parse(line);
    if (!Object.hasOwn(server.commands, cmd))
      throw new Error(`cmd is one of ${Object.keys(server.commands).join(', ')}`);
    say({ ok: true, cmd, ...(await server.commands[cmd](details)) });
    return cmd !== 'stop';
  } catch (error) {
    say({ ok: false, error: error.message });
    return true;
  }
}

const server = new TestServer(readOptions(process.argv[2]));
say(await server.start());
for await (const line of readline.createInterface({ input: process.stdin })) {
  if (!(await obey(server, line))) break;
}
process.exit();
