// server.mjs as a child process, one JSON line at a time.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import readline from 'node:readline';

const SERVER = path.join(import.meta.dirname, '..', 'server.mjs');

export class DrivenServer {
  static async start(options = {}) {
    const server = new DrivenServer(
      spawn(process.execPath, [SERVER, JSON.stringify(options)], { stdio: ['pipe', 'pipe', 'ignore'] }),
    );
    server.info = await server.#nextLine();
    return server;
  }

  constructor(child) {
    this.child = child;
    this.exitCode = once(child, 'exit').then(([code]) => code);
    this.lines = readline.createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  }

  async reply(command) {
    this.child.stdin.write(`${JSON.stringify(command)}\n`);
    return this.#nextLine();
  }

  async command(command) {
    const reply = await this.reply(command);
    if (!reply.ok) throw new Error(reply.error);
    return reply;
  }

  closeInput() {
    this.child.stdin.end();
  }

  async stop() {
    this.closeInput();
    await this.exitCode;
  }

  async #nextLine() {
    const { value, done } = await this.lines.next();
    if (done) throw new Error('the server has ended');
    return JSON.parse(value);
  }
}
