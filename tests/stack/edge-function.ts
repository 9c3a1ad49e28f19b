import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Gateway } from './gateway.ts'
import { DENO, DENO_CACHE, STACK, SUPABASE } from './packages.ts'
import { Program } from './program.ts'

/**
 * Starts a function of `functions` in Deno, behind the gateway, with these secrets alone. It can read nothing beside
 * `supabase`.
 */
export async function startFunction(
  name: string,
  secrets: Record<string, string>,
  gateway: Gateway,
  supabase = SUPABASE,
): Promise<Program> {
  const folder = join(supabase, 'functions', name)
  const args = [
    'run',
    '--quiet',
    '--no-prompt',
    '--allow-net',
    '--allow-env',
    `--allow-read=${supabase}`,
    '--node-modules-dir=none',
  ]
  const index = pathToFileURL(join(folder, 'index.ts')).href
  const registry = process.env.NPM_CONFIG_REGISTRY ?? process.env.npm_config_registry
  const env = {
    ...secrets,
    PATH: process.env.PATH,
    HOME: process.env.HOME,
    DENO_DIR: DENO_CACHE,
    DENO_NO_PACKAGE_JSON: '1',
    DENO_NO_UPDATE_CHECK: '1',
    // The registry may be behind a certificate that only this machine knows.
    DENO_TLS_CA_STORE: 'system,mozilla',
    ...(registry && { NPM_CONFIG_REGISTRY: registry }),
  }
  const config = ['--config', join(folder, 'deno.json')]
  const program = new Program(name, DENO, [...args, ...config, join(STACK, 'serve.js'), index], { env })
  const port = await program.until(() => /listening on (\d+)/.exec(program.said)?.[1])
  gateway.route(`/functions/v1/${name}`, `http://127.0.0.1:${port}`)
  return program
}
