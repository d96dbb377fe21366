// Programs that a test starts, and that end with it.

import { execSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import net from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export const REPOSITORY = fileURLToPath(new URL('../../', import.meta.url));

export class Program {
  #process;
  #lines;

  constructor(command, args, options = {}) {
    this.#process = spawn(command, args, { cwd: REPOSITORY, stdio: ['ignore', 'pipe', 'inherit'], ...options });
    this.#lines = createInterface({ input: this.#process.stdout })[Symbol.asyncIterator]();
  }

  /** The next line it says. */
  async line() {
    const { value, done } = await this.#lines.next();
    if (done) throw new Error('the program ended before it said anything');
    return value;
  }

  /** Reads on until a line matches, and returns it. */
  async lineLike(pattern) {
    for (;;) {
      const line = await this.line();
      if (pattern.test(line)) return line;
    }
  }

  async end(signal = 'SIGTERM') {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    this.#process.kill(signal);
    await once(this.#process, 'exit');
  }
}

/** The demo, with what its `--json` line says. */
export async function startDemo(options, { env } = {}) {
  const command = ['run', '--quiet', '--bin', 'logto-authkit', '--', 'demo', '--json', ...options];
  const program = new Program('cargo', command, { env });
  return { program, ...JSON.parse(await program.line()) };
}

/** An example of the repository on a free port, built where that takes a build, with the address that it says. */
export async function startExample(name) {
  const folder = join(REPOSITORY, 'examples', name);
  if (!existsSync(join(folder, 'node_modules/.package-lock.json'))) {
    execSync('npm ci --ignore-scripts', { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] });
  }
  execSync('npm run prestart', { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] });
  const program = new Program(process.execPath, ['server.mjs'], { cwd: folder, env: { ...process.env, PORT: '0' } });
  const line = await program.lineLike(/^listening on /);
  return { program, app: line.slice('listening on '.length) };
}

/** A `redis-server` that keeps nothing on the disk. */
export async function startRedis() {
  const port = await freePort();
  const options = ['--bind', '127.0.0.1', '--port', String(port), '--save', ''];
  const program = new Program('redis-server', options);
  await program.lineLike(/Ready to accept connections/);
  return { program, url: `redis://127.0.0.1:${port}` };
}

export async function freePort() {
  const server = net.createServer();
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}
