// `npm run bench`: measures the package against its peers, in one run, and prints the ratios.
//
// `--write` puts the table into the README between its marks. Exits with 1 when a target is missed.

import { readFileSync, writeFileSync } from 'node:fs'
import { expressRows } from './express.mjs'
import { signInRows } from './sign_in.mjs'
import { verificationRows } from './verification.mjs'

const BEGIN = '<!-- bench: begin -->'
const END = '<!-- bench: end -->'

const rows = [...(await verificationRows()), ...(await expressRows()), ...(await signInRows())]
const lines = rows.map(({ path, figure, target, met }) => `| ${path} | ${figure} | ${target} | ${met ? 'yes' : '**no**'} |`)
const table = ['| path | measured | must be | met |', '|---|---|---|---|', ...lines, ''].join('\n')
console.log(table)

if (process.argv.includes('--write')) {
  const readme = new URL('../README.md', import.meta.url)
  const text = readFileSync(readme, 'utf8')
  const [before, after] = [text.indexOf(BEGIN), text.indexOf(END)]
  if (before < 0 || after < 0) throw new Error(`README.md lacks the marks ${BEGIN} and ${END}`)
  writeFileSync(readme, `${text.slice(0, before + BEGIN.length)}\n${table}${text.slice(after)}`)
}
process.exitCode = rows.every(({ met }) => met) ? 0 : 1
