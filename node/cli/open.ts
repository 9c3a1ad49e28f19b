import { OPEN_CODE_MS } from '../api/tokens.ts'
import { openBrowser } from '../api/open-browser.ts'
import { requireNode } from './client.ts'
import type { Context } from './command.ts'
import { launchDirectory, settingsOf } from './settings.ts'

/** `vibetea open` */
export async function open(context: Context, flags: { print?: boolean }): Promise<void> {
  const { home } = await settingsOf(context)
  const client = await requireNode(home)
  const { url } = await client.act<'open', { url: string }>('open', {})
  if (flags.print) return context.out(url)
  const { isOpened } = await openBrowser(url, { directory: launchDirectory(home), lifetimeMs: OPEN_CODE_MS })
  if (isOpened) return context.out(`Opening ${client.url}`)
  context.out(`No browser could be started here. Within 60 seconds, open ${url}`)
}
