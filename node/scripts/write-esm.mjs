// Writes an ES module beside every entry point: the names of the CommonJS module, which stays the only copy of the code. Two
// copies would have two classes `AuthError`.
import { createRequire } from 'node:module'
import { readFileSync, writeFileSync } from 'node:fs'

const require = createRequire(import.meta.url)
const { exports: entryPoints } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))

for (const entryPoint of Object.values(entryPoints)) {
  if (typeof entryPoint === 'string') continue
  const name = entryPoint.require.default.replace('./dist/', '')
  const names = Object.keys(require(`../dist/${name}`)).sort()
  const base = new URL(`../dist/${name.replace(/\.js$/, '')}`, import.meta.url)
  writeFileSync(`${base.pathname}.mjs`, `export { ${names.join(', ')} } from './${name}'\n`)
  writeFileSync(`${base.pathname}.d.mts`, `export * from './${name}'\n`)
}
