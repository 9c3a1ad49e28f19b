import { openBrowser } from '../api/open-browser.ts'
import { requireNode } from './client.ts'
import type { Context } from './command.ts'
import { settingsOf } from './settings.ts'

/** `vibetea open` */
export async function open(context: Context, flags: { print?: boolean }): Promise<void> {
  const { home } = await settingsOf(context)
  const client = await requireNode(home)
  const { code } = await client.act<'open', { code: string }>('open', {})
  const address = `${client.url}/#code=${code}`
  if (flags.print) return context.out(address)
  await openBrowser(address)
  context.out(`Opening ${client.url}`)
}
