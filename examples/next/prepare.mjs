// Builds the package where that has not been done, and puts a copy of it into node_modules, where npm has a link to its folder:
// a bundler leaves a package in node_modules alone, and would follow the link out of it. Packages from a registry need none of this.

import { execSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import '../../node/scripts/ensure-built.mjs'

rmSync(new URL('node_modules/logto-authkit', import.meta.url), { recursive: true, force: true })
execSync('npm install --no-save --install-links --ignore-scripts', { cwd: import.meta.dirname, stdio: 'inherit' })
