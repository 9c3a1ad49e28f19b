import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

const directory = new URL('../../core/', import.meta.url)
const files = readdirSync(directory, { recursive: true, encoding: 'utf8' }).filter((name) =>
  name.endsWith('.ts'),
)

/** What core may import beside itself: small, and the same in Node, browser and Deno. */
const PORTABLE = ['@noble/ed25519', '@noble/hashes/blake2.js', '@noble/hashes/sha2.js']

/** Names of one runtime, and clocks and dice. `Date.parse`, `Date.UTC` and `new Date(ms)` are pure. */
const IMPURE =
  /\b(?:process|Buffer|Deno|window|document|localStorage|fetch|setTimeout|setInterval|setImmediate)\b[.(]|\bDate\.now\(|new Date\(\)|Math\.random\(|crypto\.|performance\./

test('core has files', () => expect(files.length).toBeGreaterThan(10))

test.each(files)('core/%s runs in Node, browser and Deno, without I/O, clock or randomness', (name) => {
  const text = readFileSync(new URL(name, directory), 'utf8')
  const imported = [...text.matchAll(/(?:from|import)\s*\(?\s*['"]([^'"]+)['"]/g)].map(([, from]) => from!)
  for (const from of imported) {
    if (from.startsWith('.')) expect(from).toMatch(/^\.\/[a-z0-9-]+\.ts$/)
    else expect(PORTABLE).toContain(from)
  }
  const code = text.replace(/\/\*[\s\S]*?\*\/|\/\/.*|'(?:[^'\\\n]|\\.)*'/g, '')
  expect(IMPURE.exec(code)?.[0]).toBeUndefined()
})
