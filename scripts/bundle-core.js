// Bundles what the archive's functions use of core into one file, so that they can be deployed from their folder alone.
// With --check it only says whether that file is of today's core.
import { readFileSync, writeFileSync } from 'node:fs'
import process from 'node:process'
import { build } from 'vite'

const BUNDLE = 'supabase/functions/_shared/core.js'
const HEAD = '// Made by `npm run bundle:core` of core: change that, not this.\n'

const result = await build({
  configFile: false,
  logLevel: 'error',
  build: {
    lib: { entry: 'supabase/core.ts', formats: ['es'] },
    target: 'es2022',
    minify: false,
    write: false,
    rollupOptions: { external: /^@noble\// },
  },
})
const code = HEAD + [result].flat()[0].output[0].code

if (!process.argv.includes('--check')) writeFileSync(BUNDLE, code)
else if (readFileSync(BUNDLE, 'utf8') !== code) {
  process.stderr.write(`${BUNDLE} is older than core; run "npm run bundle:core".\n`)
  process.exitCode = 1
}
