// Writes the conformance cases: node conformance/generate.mjs
// Fails when the files are not what it would write: node conformance/generate.mjs --check

import fs from 'node:fs';
import path from 'node:path';
import { checkCases } from './generator/check.mjs';
import { completeKeys, loadKeys } from './generator/keys.mjs';
import { SignatureBook } from './generator/signing.mjs';
import { Workbench } from './generator/workbench.mjs';

const FOLDER = import.meta.dirname;
const TOPICS = path.join(FOLDER, 'generator', 'topics');

const read = (file) =>
  fs.existsSync(path.join(FOLDER, file)) ? fs.readFileSync(path.join(FOLDER, file), 'utf8') : null;
const readJson = (file) => JSON.parse(read(file) ?? 'null');
const print = (value) => `${JSON.stringify(value, null, 2)}\n`;

async function main() {
  const topics = fs.readdirSync(TOPICS).map((file) => path.basename(file, '.mjs'));
  const keys = completeKeys(readJson('keys.json'));
  const workbench = new Workbench(loadKeys(keys), rememberedSignatures(topics));

  const files = new Map([['keys.json', print(keys)]]);
  const documents = new Map();
  for (const topic of topics) {
    const { default: describe } = await import(path.join(TOPICS, `${topic}.mjs`));
    const document = assemble(describe(workbench), workbench.keySets);
    documents.set(`${topic}.json`, document);
    files.set(`${topic}.json`, print(document));
  }

  const codes = readJson('errors.json').map(({ code }) => code);
  const problems = checkCases(documents, codes);
  if (problems.length > 0) throw new Error(`the cases contradict themselves:\n${problems.join('\n')}`);

  const changed = [...files].filter(([file, text]) => read(file) !== text);
  if (process.argv.includes('--check')) {
    for (const [file] of changed) console.error(`${file} is not what generate.mjs writes`);
    process.exitCode = changed.length > 0 ? 1 : 0;
    return;
  }
  for (const [file, text] of changed) fs.writeFileSync(path.join(FOLDER, file), text);
  for (const [file, { cases }] of documents) console.log(`${String(cases.length).padStart(4)}  ${file}`);
  const total = [...documents.values()].reduce((sum, { cases }) => sum + cases.length, 0);
  console.log(`${String(total).padStart(4)}  cases, ${changed.length} files changed`);
}

function rememberedSignatures(topics) {
  const book = new SignatureBook();
  for (const topic of topics) {
    for (const { token } of readJson(`${topic}.json`)?.cases ?? []) if (typeof token === 'string') book.remember(token);
  }
  return book;
}

/** A file as its readers will see it. It carries the key sets that its cases name, and no other. */
function assemble({ description, keySets = {}, cases }, standardKeySets) {
  const available = { ...standardKeySets, ...keySets };
  const names = [...new Set(cases.map(({ keySet }) => keySet))];
  const used = Object.fromEntries(names.map((name) => [name, available[name]]));
  return JSON.parse(print({ description, keySets: used, cases }));
}

await main();
